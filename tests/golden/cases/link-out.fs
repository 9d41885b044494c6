link /home/u/w/out /opt/data
