# needs: meson ninja gcc
printf "project('small', 'c')\ntest('t', executable('small', 'main.c'))\n" > meson.build
echo 'int main(void) { return 0; }' > main.c
meson setup build > log 2>&1
echo "setup $?"
ninja -C build >> log 2>&1
echo "build $?"
meson test -C build >> log 2>&1
echo "test $?"
sed 's/^/~/' log
