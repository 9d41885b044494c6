# carrel run --events: refusals as JSON lines.

load helper

@test "--events FILE gets a line for each refusal, also repeated ones" {
	need_full
	run carrel run --quiet --events "$home/log" -- \
		sh -c "for i in 1 2; do true 2>/dev/null > $outside/file; done; true"
	ends_with 0
	[ -z "$output" ]
	[ "$(wc -l < "$home/log")" -eq 2 ]
	python3 - "$home/log" "$outside/file" <<-'PYTHON'
		import json, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		assert [line["object"] for line in lines] == [sys.argv[2]] * 2, lines
		assert [line["count"] for line in lines] == [1, 2], lines
		assert all(line["op"] == "create" and line["remedy_rule"] for line in lines), lines
	PYTHON
}

@test "--events FD writes to a descriptor that is open" {
	need_full
	run as bash -c "$top/carrel run --quiet --events 7 -- \
		sh -c 'true > $outside/carrel-test' 7> $home/log 2>/dev/null"
	[ "$(grep -c carrel-test "$home/log")" -eq 1 ]
	run carrel run --events 7 -- true
	ends_with 125
	contains "descriptor 7 is not open"
}

@test "the log is appended to, and only ours to read" {
	need_full
	echo first > "$home/log"
	own "$home/log"
	run carrel run --quiet --events "$home/log" -- sh -c "true > $outside/x"
	[ "$(head -n 1 "$home/log")" = first ]
	[ "$(wc -l < "$home/log")" -eq 2 ]
	run carrel run --quiet --events "$home/new" -- sh -c "true > $outside/x"
	[ "$(stat -c %a "$home/new")" = 600 ]
}

@test "the log is not written through a symlink the command may have planted" {
	ln -s "$outside/victim" log
	own log
	run carrel run --events log -- touch ran
	ends_with 125
	[ ! -e "$outside/victim" ]
	[ ! -e ran ]
}

@test "a reader that goes away does not end the box" {
	need_full
	run as bash -c "{ $top/carrel run --quiet --events 7 -- sh -c '
		for i in \$(seq 200); do true 2>/dev/null > /etc/carrel-\$i; done; exit 5' 7>&1 >/dev/null
		echo status \$? >&2; } | head -n 1"
	contains "status 5"
}

@test "nothing refused, nothing written" {
	need_full
	run carrel run --events "$home/log" -- true
	ends_with 0
	[ ! -s "$home/log" ]
}

@test "every member of the lines is in the manual, and the manual has no other" {
	need_full
	run carrel run --quiet --events "$home/log" --connect localhost:1 -- \
		bash -c "true > $outside/file; true > /dev/tcp/127.0.0.1/1; true"
	ends_with 0
	python3 - "$home/log" "$SOURCE_DIR/docs/carrel.1" <<-'PYTHON'
		import json, re, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		assert {"event" in line for line in lines} == {True, False}, lines
		page = open(sys.argv[2]).read().split(".It Fl Fl events")[1].split(".It Fl Fl ask-timeout")[0]
		told = set(re.findall(r"^\.Cm ([a-z_]+)", page, re.MULTILINE)) - {"run"}
		keys = set().union(*lines)
		assert told == keys, told ^ keys
	PYTHON
}
