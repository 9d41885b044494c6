dir /home/u/.cache/build
dir /home/u/w/docs
