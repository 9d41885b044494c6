# carrel run: what the default box allows and refuses, exit codes, options.

load helper

bats_require_minimum_version 1.5.0

setup() {
	rm -rf "$top"/{ws,home,outside}
	ws=$top/ws home=$top/home outside=$top/outside
	mkdir "$ws" "$home" "$outside"
	if dropped; then chown "$ordinary_id:$ordinary_id" "$ws" "$home" "$outside"; fi
	cd "$ws" || return 1
	need_full
}

@test "a command that succeeds says nothing of carrel" {
	run carrel run -- true
	ends_with 0
	[ -z "$output" ]
}

@test "the exit code is the command's own" {
	for code in 0 1 7 42 200 255; do
		run carrel run -- sh -c "exit $code"
		ends_with "$code"
	done
}

@test "a signal that ends the command is 128 + its number" {
	run carrel run -- sh -c 'kill -TERM $$'
	ends_with 143
	run carrel run -- sh -c 'kill -KILL $$'
	ends_with 137
}

@test "a command that is not there is 127, one that cannot be executed 126" {
	run -127 carrel run -- no-such-command
	contains "'no-such-command': command not found"
	touch plain
	own plain
	run carrel run -- ./plain
	ends_with 126
}

@test "--timeout ends the box with 124, and its children with it" {
	run carrel run --timeout 1s -- sh -c 'sleep 60 & sleep 60'
	ends_with 124
	contains "time limit"
}

@test "a command that ends in time is not troubled by --timeout" {
	run carrel run --timeout 60s -- sh -c 'exit 3'
	ends_with 3
}

@test "standard input, output and error pass through" {
	run as bash -c "echo hello | $top/carrel run -- cat"
	ends_with 0
	[ "$output" = hello ]
	run carrel run -- sh -c 'echo out; echo err >&2'
	contains out
	contains err
}

@test "the workspace can be written, and stays written" {
	run carrel run -- sh -c 'echo hi > file; mkdir dir; mv file dir/'
	ends_with 0
	[ "$(cat dir/file)" = hi ]
	[ "$(stat -c %u dir/file)" -eq "$(account)" ]
}

@test "outside nothing can be written, and the report says how to allow it" {
	run carrel run -- sh -c "echo x > $outside/file"
	[ "$status" -ne 0 ]
	[ ! -e "$outside/file" ]
	contains "carrel: refused: create '$outside/file'"
	contains "boundary: "
	contains "rule: no rule allows it"
	contains "to allow: --write "
}

@test "what the report proposes works" {
	run carrel run -- sh -c "echo x > $outside/file"
	flag=$(printf '%s\n' "$output" | sed -n 's/.*to allow: \(--write [^ ]*\) .*/\1/p')
	[ -n "$flag" ]
	# shellcheck disable=SC2086 # two words
	run carrel run $flag -- sh -c "echo x > $outside/file"
	ends_with 0
	[ "$(cat "$outside/file")" = x ]
}

@test "an object is reported once, with how often" {
	run carrel run -- sh -c "for i in 1 2 3; do echo x 2>/dev/null > $outside/file; done; false"
	[ "$(printf '%s\n' "$output" | grep -c 'carrel: refused')" -eq 1 ]
	contains "3 times"
}

@test "at most twenty objects are printed, the others counted" {
	run carrel run -- sh -c "for i in \$(seq 30); do true 2>/dev/null > $outside/f\$i; done; false"
	[ "$(printf '%s\n' "$output" | grep -c 'carrel: refused')" -eq 20 ]
	contains "and 10 more; --events has all"
}

@test "--quiet and --no-explain print no report, and the box still holds" {
	for option in --quiet --no-explain; do
		run carrel run "$option" -- sh -c "echo x 2>/dev/null > $outside/file; exit 4"
		ends_with 4
		lacks refused
		[ ! -e "$outside/file" ]
	done
}

@test "a command that succeeds is not troubled by what it was refused on the way" {
	run carrel run -- sh -c "echo x 2>/dev/null > $outside/file; true"
	ends_with 0
	lacks refused
	[ ! -e "$outside/file" ]
}

@test "an ordinary failure is not blamed on the box" {
	run carrel run -- sh -c 'cat no-such-file; mkdir a a; true > /dev/null/x; false'
	ends_with 1
	lacks refused
}

@test "protected names are readable and never written" {
	mkdir .git .vscode
	echo old > .git/config
	own .git .vscode
	run carrel run -- sh -c 'cat .git/config; echo new > .git/config'
	contains old
	[ "$(cat .git/config)" = old ]
	run carrel run -- sh -c 'echo x > .vscode/tasks.json'
	[ ! -e .vscode/tasks.json ]
	run carrel run -- sh -c 'mv .git gone'
	[ -d .git ]
}

@test "protected names that are absent cannot be made, and leave no trace" {
	run carrel run -- sh -c 'mkdir .claude; echo x > .mcp.json; true'
	[ ! -e .claude ]
	[ ! -e .mcp.json ]
	[ -z "$(ls -A)" ]
}

@test "credentials are hidden" {
	mkdir "$home/.ssh"
	echo secret > "$home/.ssh/id"
	own "$home/.ssh"
	run carrel run -- sh -c "cat $home/.ssh/id; ls $home/.ssh"
	lacks secret
	lacks "$(printf '\nid\n')"
}

@test "there is no network, and loopback works" {
	run carrel run -- ls /sys/class/net
	run carrel run -- python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname()); s.accept()[0].send(b"yes"); print(c.recv(9))'
	ends_with 0
	contains yes
	run carrel run -- python3 -c '
import socket
s = socket.socket(); s.settimeout(2); s.connect(("192.0.2.1", 80))'
	[ "$status" -ne 0 ]
	contains "refused: connect '192.0.2.1:80'"
}

@test "/tmp is private, writable, and gone afterwards" {
	name=carrel-cli-$$-$RANDOM
	run carrel run -- sh -c "echo x > /tmp/$name && cat /tmp/$name"
	ends_with 0
	[ ! -e "/tmp/$name" ]
}

@test "variables that look like secrets are dropped; --keep-env and --env put them in" {
	run as env MY_TOKEN=abc PLAIN=1 "$top/carrel" run -- env
	lacks MY_TOKEN
	contains PLAIN=1
	run as env MY_TOKEN=abc "$top/carrel" run --keep-env MY_TOKEN --env 'GREETING=a "b" \c' -- env
	contains MY_TOKEN=abc
	contains 'GREETING=a "b" \c'
}

@test "--read --write --hide --protect mean what they say" {
	echo data > "$outside/data"
	mkdir hidden kept
	echo secret > hidden/file
	own "$outside" hidden kept
	run carrel run --write "$outside" --hide hidden --protect kept -- \
		sh -c "echo new > $outside/data; cat hidden/file; echo x > kept/x; true"
	lacks secret
	[ "$(cat "$outside/data")" = new ]
	[ ! -e kept/x ]
	run carrel run --hide "$outside" --read "$outside/data" -- cat "$outside/data"
	contains new
}

@test "paths with blanks, quotes and backslashes are taken as they are" {
	mkdir "$outside/a b \"c\" \\d"
	own "$outside"
	run carrel run --write "$outside/a b \"c\" \\d" -- sh -c "echo x > \"$outside/a b \\\"c\\\" \\\\d/f\""
	ends_with 0
	[ -e "$outside/a b \"c\" \\d/f" ]
}

@test "an option cannot smuggle in a second policy line" {
	run carrel run --read $'/usr"\nallow write /\n#' -- sh -c "echo x > $outside/file"
	ends_with 125
	contains "control character"
	run carrel run --limit $'time=5m\nallow write /' -- true
	ends_with 125
	[ ! -e "$outside/file" ]
}

@test "a relative path on the command line starts at the current directory" {
	mkdir sub
	own sub
	cd sub
	run carrel run --workspace .. --write ../../outside -- sh -c "echo x > $outside/file"
	ends_with 0
	[ -e "$outside/file" ]
}

@test "with --workspace the report proposes a policy line, which a relative option would not be" {
	mkdir -p sub/.vscode
	own sub
	run carrel run --workspace sub -- sh -c 'echo x > .vscode/f'
	contains "to allow, in a policy: allow write "
	lacks "to allow: --write"
}

@test "--workspace and --chdir say where" {
	mkdir -p sub/deeper
	own sub
	run carrel run --workspace sub -- pwd
	[ "$output" = "$ws/sub" ]
	run carrel run --chdir sub/deeper -- pwd
	[ "$output" = "$ws/sub/deeper" ]
	cd sub/deeper
	run carrel run --workspace .. -- pwd
	[ "$output" = "$ws/sub/deeper" ]
	run carrel run --chdir nowhere -- pwd
	ends_with 125
}

@test "a workspace that is a symlink is its target" {
	mkdir real
	ln -s real link
	own real link
	cd link
	run carrel run -- sh -c 'pwd -P; echo x > file'
	ends_with 0
	[ "$output" = "$ws/real" ]
	[ -e "$ws/real/file" ]
}

@test "--policy FILE adds a policy, also from a pipe; an error in it stops everything" {
	echo "deny read $outside" > p
	echo secret > "$outside/file"
	own p "$outside"
	run carrel run --policy p -- cat "$outside/file"
	lacks secret
	printf 'allow read /\nalow write .\ndeny nothing x\n' > bad
	own bad
	run carrel run --policy bad -- touch ran
	ends_with 125
	contains "bad:2:1: "
	contains "bad:3:6: "
	[ ! -e ran ]
	run carrel run --policy missing -- true
	ends_with 125
	contains "'missing'"
}

@test "a gap refuses until it is accepted by name" {
	printf 'allow read /\nallow write .\nask write asked\n' > p
	run carrel run --policy p -- touch ran
	ends_with 125
	contains "--accept-gap=ask-files"
	[ ! -e ran ]
	run carrel run --policy p --accept-gap ask-files -- true
	ends_with 0
}

@test "an unknown name of a gap is refused, and the names there are said" {
	for command in "run -- touch ran" plan "explain read x" "policy show" "verify --only no-such"; do
		# shellcheck disable=SC2086 # words
		run carrel ${command%% *} --accept-gap meta-data ${command#"${command%% *}"}
		ends_with 125
		contains "no gap is called 'meta-data'"
		contains "absent-protected, ask-files, "
		contains ", world-writable"
	done
	[ ! -e ran ]
	# one that this box does not have, or no box of this system: scripts run on several
	run carrel run --accept-gap metadata --accept-gap delete-low -- true
	ends_with 0
}

@test "--limit and --timeout refuse what is no limit" {
	for option in --limit=memory --limit=speed=4 --limit=memory=lots --timeout=soon --timeout=; do
		run carrel run "$option" -- touch ran
		ends_with 125
		[ ! -e ran ]
	done
}

@test "--limit files holds" {
	run carrel run --limit files=64 -- sh -c 'ulimit -n'
	ends_with 0
	[ "$output" = 64 ]
}

@test "an unknown tier is refused with the names there are" {
	run carrel run --tier best -- true
	ends_with 125
	contains "full or landlock"
}

@test "the landlock tier holds too, with its gaps accepted, and its TMPDIR is removed" {
	gaps=$(carrel plan --tier landlock --json | python3 -c '
import json, sys
print(" ".join("--accept-gap=" + gap["name"] for gap in json.load(sys.stdin)["gaps"]))')
	# shellcheck disable=SC2086 # words
	run carrel run --tier landlock $gaps -- \
		sh -c "echo x > \$TMPDIR/file && echo \$TMPDIR; echo x > $outside/file"
	[ ! -e "$outside/file" ]
	dir=$(printf '%s\n' "$output" | grep '^/tmp/carrel-')
	[ -n "$dir" ]
	[ ! -e "$dir" ]
}

@test "a box inside a box runs, or says which gap it has" {
	run carrel run -- "$top/carrel" run -- true
	if [ "$status" -ne 0 ]; then
		ends_with 125
		contains "not accepted: "
	fi
}

@test "nothing is left in the workspace, whatever happened" {
	run carrel run -- true
	run -127 carrel run -- no-such-command
	run carrel run --timeout 1s -- sleep 9
	[ -z "$(ls -A)" ]
}

@test "--write of what does not exist is refused, unless the workspace would hold it" {
	run -125 carrel run --write "$outside/absent" -- touch ran
	contains "--write: '$outside/absent' does not exist"
	[ ! -e ran ]
	run -0 carrel run --write new-directory -- true
}

@test "a workspace in which nothing can be made is said to be the reason" {
	[ "$(account)" -ne 0 ] || skip "root can"
	cd /etc
	run carrel run -- true
	ends_with 125
	contains "cannot hold the protected name '/etc/."
	contains "hint: "
}

@test "a protected name that is removed outside ends the box, which says so" {
	need_full
	echo x > kept
	own kept
	carrel run --protect kept -- sh -c 'touch up; exec sleep 60' 2> "$top/said" &
	until [ -e up ]; do sleep 0.02; done
	rm kept
	status=0
	wait $! || status=$?
	ends_with 125
	output=$(cat "$top/said")
	contains "the box was ended: '$ws/kept' was removed"
}
