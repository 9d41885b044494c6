# needs: gdb gcc
# A breakpoint in one's own child.
printf 'int twice(int n) { return n * 2; }\nint main(void) { return twice(21) == 42 ? 0 : 1; }\n' > a.c
gcc -g -O0 -o a a.c
gdb -q -batch -nx -ex 'set confirm off' -ex 'break twice' -ex run -ex 'print n' -ex backtrace -ex continue ./a > log 2>&1
echo "exit $?"
grep -E '^(\$1|#0|#1|Breakpoint 1, )' log | sed 's/0x[0-9a-f]*/ADDRESS/'
grep -o 'exited normally' log
./a & wait $!
sleep 100 & gdb -q -batch -nx -p $! -ex detach 2>&1 | grep -ciE 'not permitted|cannot attach'
kill %2 2> /dev/null || kill %1
sed 's/^/~/' log
