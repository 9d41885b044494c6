# carrel init: a starter policy that changes nothing until somebody edits it.

load helper

@test "init writes the user's policy, prints where, and it is ours alone" {
	run carrel init
	ends_with 0
	[ "$output" = "$home/.config/carrel/policy" ]
	[ "$(stat -c %a "$output")" = 600 ]
	[ "$(stat -c %a "$home/.config/carrel")" = 700 ]
	run carrel policy check
	ends_with 0
}

@test "the starter policy leaves the plan as it was, but for line numbers" {
	# sockets come and go with the programs of this machine
	carrel plan | grep -vE 'socket of the host|^(.snapshot|$)' | sed 's/ *#.*//' > "$top/before"
	carrel init
	carrel plan | grep -vE 'socket of the host|^(.snapshot|$)' | sed 's/ *#.*//' > "$top/after"
	diff "$top/before" "$top/after"
}

@test "init never overwrites" {
	mkdir -p "$home/.config/carrel"
	echo mine > "$home/.config/carrel/policy"
	own "$home/.config"
	run carrel init
	ends_with 125
	contains "it is left as it is"
	[ "$(cat "$home/.config/carrel/policy")" = mine ]
}

@test "init honours XDG_CONFIG_HOME when it is absolute" {
	run as env XDG_CONFIG_HOME="$home/elsewhere" "$top/carrel" init
	ends_with 0
	[ -e "$home/elsewhere/carrel/policy" ]
	run as env XDG_CONFIG_HOME=relative "$top/carrel" init
	ends_with 0
	[ -e "$home/.config/carrel/policy" ]
}

@test "init --project writes .carrel/policy, which only narrows" {
	run carrel init --project
	ends_with 0
	[ "$output" = "$ws/.carrel/policy" ]
	run carrel policy check
	ends_with 0
	run carrel policy show
	lacks "proposed by the project"
}

@test "init --project follows no link the project planted" {
	ln -s "$outside" .carrel
	own .carrel
	run carrel init --project
	ends_with 125
	[ ! -e "$outside/policy" ]
	rm .carrel
	mkdir .carrel
	ln -s "$outside/victim" .carrel/policy
	own .carrel
	run carrel init --project
	ends_with 125
	[ ! -e "$outside/victim" ]
}

@test "init takes one of the two, and no words" {
	run carrel init --user --project
	ends_with 125
	run carrel init here
	ends_with 125
}
