# carrel explain: the decision, the rule, and what enforces it; the exit code says it as well.

load helper

@test "allow is 0, deny is 1, ask is 3" {
	run carrel explain read /usr/bin
	ends_with 0
	contains "allow: read '/usr/bin'"
	run carrel explain write /etc/passwd
	ends_with 1
	contains "deny: write '/etc/passwd'"
	echo 'ask connect *:443' > p
	own p
	run carrel explain --policy p connect example.com:443
	ends_with 3
	contains "ask: connect 'example.com:443'"
}

@test "the rule is named with its place and its layer" {
	run carrel explain write .git/hooks/x
	ends_with 1
	contains "rule: deny write .git"
	contains "from: default-common.policy:"
	contains "(built-in)"
	run carrel explain --write "$outside" write "$outside/x"
	ends_with 0
	contains "from: --write:1 (command line)"
}

@test "what enforces it is named" {
	need_full
	run carrel explain write "$ws/file"
	contains "enforced by: writable $ws"
	run carrel explain connect example.com:443
	ends_with 1
	contains "enforced by: namespaces"
}

@test "objects are relative to the current directory, to home, and symlinks are followed" {
	mkdir "$home/.ssh"
	ln -s "$home/.ssh" innocent
	own "$home/.ssh" innocent
	run carrel explain read innocent/key
	ends_with 1
	contains "object: $home/.ssh/key"
	run carrel explain read '~/.ssh/key'
	ends_with 1
	contains "object: $home/.ssh/key"
}

@test "it works for another system" {
	run carrel explain --os windows write 'C:\Windows\System32\x'
	ends_with 1
	run carrel explain --os windows write 'C:\Users\me\project\x'
	ends_with 0
	run carrel explain --os windows write 'sub\x'
	ends_with 0
}

@test "for Windows the locks that hold are named, and those that do not" {
	run carrel explain --os windows --tier unelevated write 'C:\Windows\System32\x'
	contains "by a model"
	contains "write: refused by height, identity, place"
	contains "delete: refused by height"
	run carrel explain --os windows --tier unelevated write 'C:\Users\me\project\x'
	contains "write: granted"
	run carrel explain --os windows --tier unelevated write 'C:\Users\me\project\.git\hooks'
	contains "write: refused by height, place"
	contains "rename: refused by"
	# what stands below the box: the gap delete-low
	run carrel explain --os windows --tier unelevated write 'C:\Users\me\AppData\LocalLow\x'
	contains "write: refused by place"
	contains "delete: granted"
	run carrel explain --os windows --tier elevated read 'C:\Users\me\.ssh\id'
	contains "read: refused by identity"
	run carrel explain --os linux write /etc/passwd
	lacks "by a model"
}

@test "nonsense is refused" {
	run carrel explain
	ends_with 125
	run carrel explain eat /etc
	ends_with 125
	contains "unknown capability 'eat'"
	run carrel explain read
	ends_with 125
	run carrel explain connect '*.example.com:443'
	ends_with 125
	contains "is a pattern"
	run carrel explain connect 0x7f.1:80
	ends_with 125
	run carrel explain read ''
	ends_with 125
}

@test "explain and run agree" {
	need_full
	mkdir -p .vscode sub "$home/.aws"
	own .vscode sub "$home/.aws"
	for path in "$ws/f" "$ws/sub/f" "$ws/.vscode/f" "$outside/f" "$home/f" "$home/.aws/f"; do
		said=0 did=0
		carrel explain write "$path" >/dev/null || said=1
		carrel run --quiet -- sh -c "true > '$path'" 2>/dev/null || did=1
		echo "$path: said $said, did $did"
		[ "$said" -eq "$did" ]
	done
}
