# carrel verify: what it says about a box that holds, and about attacks that prove nothing.

load helper

setup_targets() {
	need_full
	mkdir "$home/.cache"
	own "$home/.cache"
}

@test "attacks on the outside, the secret and the network are held" {
	setup_targets
	run carrel verify --only 'outside-create'
	ends_with 0
	[[ $output == "held "*"outside-create: "* ]]
	contains "1 held, 0 not held, 0 not testable here"
	for name in secret-read tcp-loopback signal-sigkill; do
		run carrel verify --only "$name"
		ends_with 0
		contains "1 held"
	done
}

@test "nothing stays behind" {
	setup_targets
	run carrel verify --only 'git-hook-create'
	ends_with 0
	[ -z "$(ls -A "$home/.cache")" ]
	run carrel verify --only git-hook-create --dir "$outside"
	ends_with 0
	[ -z "$(ls -A "$outside")" ]
}

@test "an attack tried where it stands says what came of it" {
	run carrel verify attack no-such-attack --env-file /dev/null
	ends_with 2
}

@test "what the landlock tier does not promise is not said to hold, and its gap is named" {
	setup_targets
	run carrel verify --tier landlock --only 'chmod-outside'
	ends_with 0
	[[ $output == "not enforced here  chmod-outside: "*"(gap "* ]]
	contains "not promised by this tier"
}

@test "as JSON, with what was promised and what came of it" {
	setup_targets
	carrel verify --tier landlock --only 'c*outside' --json > "$top/found.json"
	python3 - "$top/found.json" <<-'PYTHON'
		import json, sys
		found = json.load(open(sys.argv[1]))
		assert found["schema"] == 1 and found["tier"] == "landlock" and found["not_held"] == 0, found
		attacks = {attack["name"]: attack for attack in found["attacks"]}
		assert found["held"] + found["not_enforced"] + found["not_testable"] == len(attacks) > 1, found
		chmod = attacks["chmod-outside"]
		assert chmod["verdict"] == "not_enforced" and chmod["gap"] == "metadata" and chmod["text"], chmod
	PYTHON
}

@test "an unknown attack, tier or directory is an error" {
	setup_targets
	run carrel verify --only 'no-such-*'
	ends_with 125
	run carrel verify --tier best
	ends_with 125
	run carrel verify --dir /tmp
	ends_with 125
	contains "replaced in a box"
}

@test "limits are promised or not, as the plan of their own box says" {
	setup_targets
	run carrel verify --only 'limit-processes'
	ends_with 0
	[[ $output == "held "* || $output == "not enforced here "* ]]
}

@test "a pattern that matches no attack is told where the names are" {
	setup_targets
	run carrel verify --only 'no-such-*'
	ends_with 125
	contains "prints the name of each"
}

# What this account has of System V IPC, shared memory and temporary files.
litter() {
	as sh -c 'ipcs -q -m -s | awk -v me="$(id -un 2>/dev/null || id -u)" "\$3 == me" | wc -l
		find /dev/shm /tmp -maxdepth 1 -name "carrel-attack-*" -user "$(id -u)" | wc -l'
}

@test "ended by a signal, it leaves nothing behind" {
	setup_targets
	before=$(litter)
	for signal in INT TERM HUP; do
		# shellcheck disable=SC2016 # its own $
		as bash -c 'trap - INT TERM HUP; exec 3< <(exec "$1" verify); read -r line <&3
			kill -"$2" "$!"; wait "$!" || echo "$?" > ended; cat <&3 >/dev/null' - \
			"$top/carrel" "$signal"
		[ "$(cat ended)" -gt 128 ]
		[ -z "$(ls -A "$home/.cache")" ]
	done
	[ "$(litter)" = "$before" ]
}
