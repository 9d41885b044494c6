workspace /tmp/work
dir /tmp/work/.git
file /tmp/other
