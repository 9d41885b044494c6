# Surroundings that are not as they should be: it works, or it says what is wrong and runs nothing.

load helper

@test "closed standard descriptors: it works, and no file takes their place" {
	need_full
	as bash -c "'$top/carrel' run -- sh -c 'ls -l /proc/self/fd > $ws/fds' <&- >&- 2>&-"
	[ "$(grep -c '/dev/null' "$ws/fds")" -ge 2 ]
	as bash -c "exec <&- >&- 2>&-; '$top/carrel' doctor" || [ $? -le 1 ]
}

@test "inherited descriptors do not reach the command" {
	need_full
	run as bash -c "
		for fd in \$(seq 3 200); do eval \"exec \$fd</dev/zero\"; done
		'$top/carrel' run -- sh -c 'ls /proc/self/fd | wc -l'"
	ends_with 0
	[ "$output" -le 4 ]
}

@test "a deleted current directory is told, and nothing runs" {
	mkdir gone
	cd gone
	rmdir "$ws/gone"
	run carrel run -- true
	ends_with 125
	contains "cannot tell the current directory"
	contains "it was deleted"
}

@test "a deleted current directory does not matter when a workspace is named" {
	need_full
	mkdir gone
	cd gone
	rmdir "$ws/gone"
	run carrel run --workspace "$ws" -- pwd
	ends_with 0
	[ "$output" = "$ws" ]
}

@test "the root directory is refused as a workspace" {
	run carrel run --workspace / -- true
	ends_with 125
	contains "the workspace is '/'"
	cd /
	run carrel run -- true
	ends_with 125
}

@test "a workspace that is no directory is refused" {
	mkfifo pipe
	touch file
	own pipe file
	for name in pipe file missing /dev/null; do
		run carrel run --workspace "$name" -- true
		ends_with 125
		contains "'$name'"
	done
}

@test "a workspace that may not be entered: a clear error, or it works for root" {
	mkdir locked
	own locked
	chmod 000 locked
	run carrel run --workspace locked -- true
	chmod 755 locked
	if [ "$(account)" -ne 0 ]; then
		ends_with 125
		lacks internal
	fi
}

@test "the home directory as the workspace: start-up files stay protected" {
	need_full
	echo old > "$home/.bashrc"
	own "$home"
	cd "$home"
	run carrel run -- sh -c 'echo x > file; echo x > .bashrc; mkdir .ssh'
	[ -e "$home/file" ]
	[ "$(cat "$home/.bashrc")" = old ]
	[ ! -e "$home/.ssh" ]
}

@test "no home, a relative home, a missing home: a clear error" {
	for value in relative /no/such/home; do
		run as env HOME="$value" "$top/carrel" run -- true
		ends_with 125
		contains "home directory"
		contains "hint: set HOME"
	done
	run as env -u HOME "$top/carrel" plan
	if [ "$status" -ne 0 ]; then contains "hint: set HOME"; fi
}

@test "a workspace in /tmp and in /dev/shm works" {
	need_full
	for base in /tmp /dev/shm; do
		[ -w "$base" ] || continue
		dir=$(mktemp -d "$base/carrel-cli.XXXXXX")
		own "$dir"
		cd "$dir"
		run carrel run -- sh -c 'echo x > file && pwd'
		cd /
		ls -A "$dir"
		rm -r "$dir"
		ends_with 0
		[ "$output" = "$dir" ]
	done
}

@test "a huge argument list and a huge environment pass" {
	need_full
	run as env BIG="$(head -c 60000 /dev/zero | tr '\0' x)" "$top/carrel" run -- \
		sh -c 'echo ${#BIG} $#' sh $(seq 5000)
	ends_with 0
	[ "$output" = "60000 5000" ]
}

@test "thousands of options end in an answer" {
	run carrel policy check $(seq 300 | sed 's/.*/missing/')
	[ "$status" -ne 0 ]
	options=$(for i in $(seq 3000); do echo "--read=/usr/$i"; done)
	# shellcheck disable=SC2086 # words
	run carrel plan --os linux $options
	[ "$status" -eq 0 ] || [ "$status" -eq 125 ]
}

@test "state that others may write is refused where it would be believed" {
	mkdir -p .carrel "$home/.local/state/carrel/trust"
	echo 'allow write ~/elsewhere' > .carrel/policy
	own .carrel "$home/.local"
	carrel trust --yes
	chmod 777 "$home/.local/state/carrel/trust"
	run carrel explain write "$home/elsewhere/x"
	[ "$status" -ne 0 ]
}
