# Help, hints and usage errors: the way to a command's options must never need the manual.

load helper

commands() {
	carrel --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

@test "--version prints the version and nothing else" {
	run carrel --version
	ends_with 0
	[[ $output =~ ^carrel\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "--help lists every command on standard output" {
	run carrel --help
	ends_with 0
	for command in run plan explain doctor verify init policy trust approvals approve deny uninstall; do
		contains "  $command "
	done
}

@test "no argument is an error that shows the usage" {
	run carrel
	ends_with 125
	contains "usage: carrel COMMAND"
}

@test "every command has --help with its usage and options" {
	[ "$(commands | wc -l)" -ge 8 ]
	for command in $(commands); do
		run carrel "$command" --help
		ends_with 0
		contains "usage: carrel $command"
		contains "--help"
	done
}

@test "every command refuses an unknown option and says where to look" {
	for command in $(commands); do
		run carrel "$command" --no-such-option
		ends_with 125
		contains "unknown option '--no-such-option'"
		contains "hint: "
	done
}

@test "a mistyped command or option is answered with the nearest one" {
	run carrel pln
	ends_with 125
	contains "did you mean 'carrel plan'?"
	run carrel run --wirte x true
	ends_with 125
	contains "did you mean '--write'?"
	run carrel --versoin
	ends_with 125
	contains "unknown option '--versoin'"
}

@test "a program's name instead of a command is answered with run" {
	run carrel make
	ends_with 125
	contains "carrel run -- make"
}

@test "options take their value with = or as the next word, and it may not be missing" {
	run carrel run --timeout=30s true
	ends_with 0
	run carrel run --timeout 30s true
	ends_with 0
	run carrel run --timeout
	ends_with 125
	contains "option '--timeout' needs DURATION"
	run carrel run --quiet=yes true
	ends_with 125
	contains "option '--quiet' takes no value"
}

@test "options end at -- and at the first word that is none" {
	run carrel run -- printf %s --help
	ends_with 0
	[ "$output" = "--help" ]
	run carrel run printf "%s " --version -- x
	ends_with 0
	[ "$output" = "--version -- x " ]
}

@test "abbreviations are refused: a new option must not change an old script" {
	run carrel run --tim 3s true
	ends_with 125
}

@test "what came from outside cannot move the cursor" {
	run carrel $'no\e[31msuch'
	ends_with 125
	lacks $'\e'
	contains "x1b"
}

@test "options have the same names in help, completions and manual" {
	options=$(for command in $(commands); do carrel "$command" --help; done |
		grep -o '^  --[a-z-]*' | sed 's/^ *--//' | sort -u)
	[ "$(echo "$options" | wc -l)" -gt 20 ]
	for option in $options; do
		grep -q -- "--$option\>" "$SOURCE_DIR/completions/carrel.bash" ||
			{ echo "carrel.bash: $option"; return 1; }
		grep -q -- "--$option\>" "$SOURCE_DIR/completions/_carrel" ||
			{ echo "_carrel: $option"; return 1; }
		grep -Eq -- "-l $option( |\$)" "$SOURCE_DIR/completions/carrel.fish" ||
			{ echo "carrel.fish: $option"; return 1; }
		grep -Eq -- "Fl Fl $option( |\$)" "$SOURCE_DIR/docs/carrel.1" ||
			{ echo "carrel.1: $option"; return 1; }
	done
}

@test "no help is wider than a terminal" {
	for command in '' $(commands); do
		run carrel $command --help
		ends_with 0
		[ -z "$(awk 'length > 80' <<< "$output")" ]
	done
}

@test "what explain takes is in its usage" {
	for capability in read write connect unix git; do
		run carrel explain --help
		contains "$capability"
	done
}

@test "a usage error says what is wanted" {
	run carrel policy
	ends_with 125
	contains "needs 'show' or 'check'"
	run carrel policy show --os windows
	ends_with 125
	contains "options come before it"
	run carrel approve --for 5 0123456789ab
	ends_with 125
	contains "write it as '--for 10m'"
}
