# helper.bash - one account, one workspace and one home for each test.
#
# CARREL is the program under test. CARREL_AS=user runs it as an ordinary account when the tests
# run as root. Nothing lies beneath /tmp: a box has its own.

ordinary_id=62345

setup_file() {
	local base=$HOME
	if [ "$(id -u)" -eq 0 ]; then base=/home; fi
	top=$(mktemp -d "$base/carrel-cli.XXXXXX")
	chmod 755 "$top"
	# a copy that every account may execute
	cp "$CARREL" "$top/carrel"
	chmod 755 "$top/carrel"
	export top
}

teardown_file() {
	rm -rf "$top"
}

setup() {
	ws=$top/ws home=$top/home outside=$top/outside
	rm -rf "$ws" "$home" "$outside"
	mkdir "$ws" "$home" "$outside"
	if dropped; then chown "$ordinary_id:$ordinary_id" "$ws" "$home" "$outside"; fi
	cd "$ws" || return 1
}

# Whether commands run as another account than the tests.
dropped() {
	[ "${CARREL_AS:-}" = user ] && [ "$(id -u)" -eq 0 ]
}

# The uid commands run as.
account() {
	if dropped; then echo "$ordinary_id"; else id -u; fi
}

# Runs a command as the tested account, with an environment of its own.
as() {
	local drop=()
	if dropped; then
		drop=(setpriv "--reuid=$ordinary_id" "--regid=$ordinary_id" --clear-groups)
	fi
	env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 HOME="$home" \
		XDG_RUNTIME_DIR="$top/none" "${drop[@]}" "$@"
}

carrel() {
	as "$top/carrel" "$@"
}

# What tests write, the tested account owns.
own() {
	if dropped; then chown -R "$ordinary_id:$ordinary_id" "$@"; fi
}

# The full tier, or the test is skipped; CARREL_MUST_ENFORCE=1 makes that a failure.
need_full() {
	if carrel doctor >/dev/null; then return 0; fi
	[ "${CARREL_MUST_ENFORCE:-}" = 1 ] && return 1
	skip "no full tier here"
}

# contains TEXT: $output has it; says what it had otherwise.
contains() {
	case $output in
	*"$1"*) return 0 ;;
	esac
	printf 'no "%s" in:\n%s\n' "$1" "$output"
	return 1
}

lacks() {
	case $output in
	*"$1"*)
		printf '"%s" in:\n%s\n' "$1" "$output"
		return 1
		;;
	esac
}

# ends_with CODE: $status is it.
ends_with() {
	[ "$status" -eq "$1" ] && return 0
	printf 'exit code %s instead of %s:\n%s\n' "$status" "$1" "$output"
	return 1
}
