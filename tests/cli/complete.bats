# The completions, asked in their shells: what is offered for a line, and what is not.

load helper

setup() {
	scratch=$top/complete home=$top/home
	rm -rf "$scratch" "$home"
	mkdir -p "$scratch/desk/dir" "$home"
	touch "$scratch/desk/Afile"
	cd "$scratch/desk" || return 1
}

need() {
	if command -v "$1" >/dev/null; then return 0; fi
	[ "${CARREL_MUST_ENFORCE:-}" = 1 ] && return 1
	skip "no $1"
}

clean() {
	env -i PATH="$top:/usr/local/bin:/usr/bin:/bin" HOME="$home" LANG=C.UTF-8 "$@"
}

in_bash() {
	# shellcheck disable=SC2016 # for the shell that is asked
	clean bash -c '
		source "$0/completions/carrel.bash"
		read -ra COMP_WORDS <<< "$1"
		if [[ $1 == *" " ]]; then COMP_WORDS+=(""); fi
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_carrel 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' "$SOURCE_DIR" "$1"
}

# With what it says on standard error: an error in a function is none in the exit code.
in_fish() {
	# shellcheck disable=SC2016
	clean fish -c 'source $argv[1]/completions/carrel.fish; complete -C $argv[2]' \
		"$SOURCE_DIR" "$1" 2>&1 | sed 's/\t.*//; s,/$,,; s/^--[a-z-]*=//'
}

in_zsh() {
	clean zsh -f "$SOURCE_DIR/tests/cli/complete.zsh" "$SOURCE_DIR/completions" "$scratch" "$1"
}

# offers SHELL LINE WORD ...: exactly these words.
offers() {
	local shell=$1 line=$2 offered wanted
	shift 2
	offered=$("in_$shell" "$line" | grep . | sort -u | paste -sd ' ')
	wanted=$(printf '%s\n' "$@" | grep . | sort -u | paste -sd ' ')
	[ "$offered" = "$wanted" ] && return 0
	printf "%s: '%s' offers '%s', not '%s'\n" "$shell" "$line" "$offered" "$wanted"
	return 1
}

all_lines() {
	offers "$1" 'carrel do' doctor
	offers "$1" 'carrel run --no-e' --no-explain
	offers "$1" 'carrel run --write . --no-e' --no-explain
	offers "$1" 'carrel run --write=. --quiet --tim' --timeout
	offers "$1" 'carrel run --tier l' landlock
	offers "$1" 'carrel run --accept-gap pro' processes protected-paths
	offers "$1" 'carrel run --accept-gap metadata --accept-gap sig' signals
	offers "$1" 'carrel verify --accept-gap integ' integrity
	offers "$1" 'carrel run --limit m' memory=
	offers "$1" 'carrel run --write A' Afile
	offers "$1" 'carrel run --workspace d' dir
	offers "$1" 'carrel run mkfif' mkfifo
	offers "$1" 'carrel plan --os w' windows
	offers "$1" 'carrel plan --publish 80 --js' --json
	offers "$1" 'carrel explain ' connect git read unix write
	offers "$1" 'carrel explain --os windows c' connect
	offers "$1" 'carrel explain read A' Afile
	offers "$1" 'carrel explain git o' overlay
	offers "$1" 'carrel policy ' check show
	offers "$1" 'carrel policy check A' Afile
	offers "$1" 'carrel trust d' dir
	offers "$1" 'carrel init --p' --project
	offers "$1" 'carrel init --no-explain' ''
	offers "$1" 'carrel approve --f' --for
	# behind the command to be boxed, carrel's own options are no longer meant
	offers "$1" 'carrel run true --quie' ''
	offers "$1" 'carrel run -- explain re' ''
}

# Those shells bring completions of other commands along.
boxed_lines() {
	offers "$1" 'carrel run -- mkfif' mkfifo
	offers "$1" 'carrel run ls A' Afile
	offers "$1" 'carrel run -- ls A' Afile
	offers "$1" 'carrel run --no-ask -- ls A' Afile
	offers "$1" 'carrel run -- git stas' stash
	offers "$1" 'carrel run --quiet git stas' stash
	offers "$1" 'carrel run -- carrel plan --js' --json
}

@test "bash offers what a line can go on with" {
	all_lines bash
	offers bash 'carrel plan --os = w' windows
}

@test "fish offers what a line can go on with" {
	need fish
	all_lines fish
	boxed_lines fish
	offers fish 'carrel run --tier=l' landlock
}

@test "zsh offers what a line can go on with" {
	need zsh
	all_lines zsh
	boxed_lines zsh
	offers zsh 'carrel run --tier=l' landlock
}
