socket /run/user/1000/bus
