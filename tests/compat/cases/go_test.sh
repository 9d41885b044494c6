# needs: go
# Build and test without modules from elsewhere; the build cache is the user's.
mkdir small && cd small || exit 1
go mod init example.org/small 2> log
printf 'package main\n\nimport "fmt"\n\nfunc Add(a, b int) int { return a + b }\n\nfunc main() { fmt.Println(Add(1, 2)) }\n' > main.go
printf 'package main\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Fail()\n\t}\n}\n' > main_test.go
go build -o prog . 2>> log && ./prog
go vet ./... 2>> log
echo "vet $?"
go test ./... 2>> log | sed 's/\t[0-9.]*s//; s/\t(cached)//'
echo "test ${PIPESTATUS[0]}"
sed 's/^/~/' log
