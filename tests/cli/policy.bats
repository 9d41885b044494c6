# carrel policy show|check: the policy in effect, and every error at once.

load helper

user_policy() {
	mkdir -p "$home/.config/carrel"
	cat > "$home/.config/carrel/policy"
	own "$home/.config"
}

project_policy() {
	mkdir -p .carrel
	cat > .carrel/policy
	own .carrel
}

@test "show prints every rule with its origin and layer" {
	run carrel policy show
	ends_with 0
	contains "allow read     /"
	contains "# default-linux.policy:"
	contains "(built-in)"
	contains "deny  write    .git"
	contains "drop  env"
	contains "expire"
}

@test "what show prints, the parser reads" {
	carrel policy show | sed 's/  \[.*\]//' > "$top/shown"
	grep -v '(system)$\|ms  #' "$top/shown" > shown.policy
	own shown.policy
	run carrel policy check shown.policy
	ends_with 0
}

@test "a user's policy replaces the default unless it uses it" {
	user_policy <<-'POLICY'
		allow read /usr
		allow write .
	POLICY
	run carrel policy show
	ends_with 0
	lacks "default-linux"
	contains "/policy:1 (user)"
	user_policy <<-'POLICY'
		use default
		deny read ~/private
	POLICY
	run carrel policy show
	contains "default-linux"
	contains "[$home/private]"
}

@test "a project's policy narrows; what it would widen is a proposal" {
	project_policy <<-'POLICY'
		deny  write docs
		allow write ~/elsewhere
	POLICY
	run carrel policy show
	ends_with 0
	contains "deny  write    docs"
	contains "proposed by the project"
	[[ $output =~ \#\ allow\ write\ +~/elsewhere ]]
	run carrel explain write "$home/elsewhere/x"
	ends_with 1
}

@test "check is silent when all is well" {
	run carrel policy check
	ends_with 0
	[ -z "$output" ]
}

@test "check tells all errors of a file at once, with line and column, and ends with 1" {
	printf 'allow read /\nalow read /x\n\ndeny write\nallow connect a:b:c\n' > p
	own p
	run carrel policy check p
	ends_with 1
	contains "p:2:1: "
	contains "p:4:"
	contains "p:5:15: "
	contains "3 errors"
}

@test "check takes several files" {
	echo 'bad' > one
	echo 'bad' > two
	own one two
	run carrel policy check one two
	ends_with 1
	contains "one:1:1: "
	contains "two:1:1: "
}

@test "errors of the user's and of the project's policy come together, and nothing runs" {
	echo bad-user | user_policy
	echo bad-project | project_policy
	run carrel run -- touch ran
	ends_with 125
	contains "policy:1:1: "
	contains "bad-user"
	contains "bad-project"
	[ ! -e ran ]
}

@test "malformed files are refused, never repaired" {
	printf 'allow read /\0x\n' > nul
	printf 'allow read /\xff\n' > utf8
	printf 'allow read /a\033b\n' > control
	head -c 5000 /dev/zero | tr '\0' a > long
	printf 'limit time 5m\nlimit time 6m\n' > twice
	printf 'allow write ../../..\n' > leaves
	own nul utf8 control long twice leaves
	for file in nul utf8 control long twice leaves; do
		run carrel policy check "$file"
		ends_with 1
		contains "$file:"
		lacks $'\e'
	done
	head -c 1100000 /dev/zero | tr '\0' '\n' > large
	own large
	run carrel policy check large
	[ "$status" -ne 0 ]
	contains "large"
}

@test "a user's policy that others may write is refused" {
	echo 'use default' | user_policy
	chmod 666 "$home/.config/carrel/policy"
	run carrel run -- touch ran
	ends_with 125
	contains "policy'"
	[ ! -e ran ]
}

@test "neither show nor check is a usage error" {
	run carrel policy
	ends_with 125
	run carrel policy list
	ends_with 125
}

@test "a file to check that is not there is no option's fault" {
	run carrel policy check no-such-file
	ends_with 125
	contains "policy: cannot read 'no-such-file'"
	lacks "option"
}
