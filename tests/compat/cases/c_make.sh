# needs: gcc make
# A small C project, in parallel, with a test and a cleaning.
cat > Makefile <<'END'
all: prog
prog: a.o b.o main.o ; $(CC) -o $@ $^
%.o: %.c ; $(CC) -O2 -c -o $@ $<
test: prog ; ./prog
clean: ; rm -f *.o prog
END
echo 'int a(void) { return 1; }' > a.c
echo 'int b(void) { return 2; }' > b.c
printf '#include <stdio.h>\nint a(void), b(void);\nint main(void) { printf("%%d\\n", a() + b()); }\n' > main.c
make -j2 2>&1 | sort
make test
make clean
ls
echo 'int main(void) { return 0; }' | gcc -x c -pipe -o out - && ./out && echo fine
