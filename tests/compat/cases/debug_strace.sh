# needs: strace
strace -f -e trace=execve -o log sh -c 'true; /bin/true'
echo "exit $?"
grep -c 'execve("/bin/true"' log
grep -c exited log
sed 's/^/~/' log
strace -c -o summary ls > /dev/null
grep -c total summary
