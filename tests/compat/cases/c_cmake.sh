# needs: cmake gcc make
cat > CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.10)
project(small C)
add_executable(small main.c)
enable_testing()
add_test(NAME runs COMMAND small)
END
echo 'int main(void) { return 0; }' > main.c
cmake -S . -B build > log 2>&1 && cmake --build build >> log 2>&1 && cd build && ctest -Q
echo "exit $?"
sed 's/^/~/' ../log
