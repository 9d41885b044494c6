# needs: go git
# setup: git init -q . && printf 'module example.org/small\n\ngo 1.16\n' > go.mod && printf 'package main\n\nfunc main() { println("built") }\n' > main.go && git add . && git commit -qm first
# In a repository, which `go build` asks for its state.
go build -o prog . 2> log && ./prog 2>&1
go version -m prog | grep -c vcs.revision
sed 's/^/~/' log
