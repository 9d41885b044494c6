dir /home/u/w/gen/out/keep
