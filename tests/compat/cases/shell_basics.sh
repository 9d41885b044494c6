# Here-documents, background jobs, FIFOs, process substitution, traps, redirections, limits.
cat <<END
here $((1 + 2))
END
sleep 0.05 & wait $!
echo "waited $?"
mkfifo pipe
(echo through the pipe > pipe) &
cat pipe
diff <(echo a) <(echo a) && echo same
trap 'echo trapped' USR1
kill -USR1 $$
(exit 7); echo "status $?"
echo to stderr > /dev/stderr
echo to stdout > /dev/stdout
exec 9> nine; echo nine >&9; cat nine
set -o pipefail; false | true; echo "pipefail $?"
ulimit -n > /dev/null && ulimit -c
ulimit -a | wc -l
printf '%s\n' *.absent
coproc { cat; }; echo to coproc >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
time true 2> /dev/null
timeout 1 sleep 5; echo "timeout $?"
flock lockfile echo locked
echo "$(umask)" "$PWD" "$HOME"
seq 100000 | head -1
yes | head -3
nice echo nice
nohup echo nohup 2> /dev/null
setsid -w echo new session
xargs -n1 echo < <(echo a b)
find . -name nine
stat -c '%U %a %n' nine | cut -d' ' -f2-
touch -d 2020-01-02 old; stat -c %y old
chmod 600 old; stat -c %a old
ln nine hard; ln -s nine soft; stat -c %h nine
cp -a nine copy; mv copy moved; rm moved
dd if=/dev/zero of=zeros bs=1k count=4 2> /dev/null; wc -c < zeros
tar cf - nine | tar tf -
gzip -c nine | zcat
sort -R nine
mktemp -d > /dev/null && echo temporary
