# needs: ps
# Who and where am I: every question has an answer, and mostly the one it has outside.
id -u; id -g; whoami > /dev/null; echo "whoami $?"
hostname > /dev/null; echo "hostname $?"
date +%Y > /dev/null && date -d 2020-01-01 +%A
tty
df . > /dev/null; echo "df $?"
df -h > /dev/null 2>&1; echo "df all $?"
du -s . > /dev/null; echo "du $?"
free > /dev/null; echo "free $?"
uname -sr
nproc
ps -o comm= -p $$
ps aux | wc -l | grep -q . && echo ps
top -b -n1 > /dev/null; echo "top $?"
uptime > /dev/null; echo "uptime $?"
locale 2> /dev/null | head -1
getconf PAGESIZE
getent passwd root | cut -d: -f1
cat /proc/self/comm
cat /proc/cpuinfo | grep -c processor
cat /etc/hostname > /dev/null; echo "$?"
cat /proc/loadavg > /dev/null; echo "$?"
ls /proc/self/fd > /dev/null; echo "$?"
ls / > /dev/null; echo "$?"
test -r /etc/ssl/certs; echo "$?"
lsof -v > /dev/null 2>&1; echo ok
perl -e 'print "perl ", 1 + 1, "\n"; my $p = fork; if (!$p) { exit 3 } waitpid $p, 0; print $? >> 8, "\n"'
/usr/bin/python3 -c 'import tempfile, getpass, platform, ssl, uuid; print(tempfile.gettempdir(), platform.system(), len(str(uuid.uuid4())))'
awk 'BEGIN { srand(); print "awk" }'
bc <<< 1+1 2> /dev/null || echo 2
openssl rand -hex 4 2> /dev/null | wc -c
# Becoming root is refused, and at once.
if command -v sudo > /dev/null; then timeout 20 sudo -n true 2> /dev/null; test $? -ne 0 && test $? -ne 124; echo "sudo $?"; fi
timeout 20 su -c true < /dev/null > /dev/null 2>&1; test $? -ne 0; echo "su $?"
