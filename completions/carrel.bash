# carrel.bash - completion of carrel(1) for bash.
# After the command to be boxed, completion is that command's own.

_carrel_gaps="absent-protected ask-files change-entries connect-names delete-low delete-outside
	hidden-files integrity job-ui limit-disk limit-files limit-memory limit-processes
	metadata network open-volumes processes protected-paths rename-protected
	same-user-processes signals truncate unix-sockets world-writable"

_carrel_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_carrel_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# The value of option $1, as far as typed in $2.
_carrel_value() {
	case $1 in
	--read | --write | --hide | --protect | --unix | --policy | --events)
		_carrel_files "$2"
		;;
	--workspace | --chdir | --home | --dir)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$2")
		;;
	--tier) _carrel_words "full landlock unelevated elevated" "$2" ;;
	--os) _carrel_words "linux windows macos" "$2" ;;
	--limit) _carrel_words "memory= processes= time= files= disk=" "$2" ;;
	--env | --keep-env) mapfile -t COMPREPLY < <(compgen -v -- "$2") ;;
	--accept-gap) _carrel_words "$_carrel_gaps" "$2" ;;
	--timeout | --ask-timeout | --for) _carrel_words "90s 10m 1h" "$2" ;;
	*) COMPREPLY=() ;;
	esac
}

_carrel_options() {
	local rules="--read --write --hide --protect --connect --unix --env --keep-env --limit
		--timeout --policy"
	local place="--workspace --tier --accept-gap"
	local system="--os --home"

	case $1 in
	run) echo "$rules --publish $place --chdir --events --ask-timeout --no-ask --no-explain --quiet
		--help" ;;
	plan) echo "$rules --publish $place $system --json --help" ;;
	explain | policy) echo "$rules $place $system --help" ;;
	verify) echo "--dir --only --tier --accept-gap --no-control --json --help" ;;
	init) echo "--user --project --help" ;;
	trust) echo "--yes --revoke --help" ;;
	doctor) echo "--repair --help" ;;
	approvals) echo "--json --watch --help" ;;
	approve) echo "--for --help" ;;
	deny | uninstall) echo "--help" ;;
	esac
}

# Options that take the next word.
_carrel_takes_value() {
	case $1 in
	--*=* | --json | --watch | --no-ask | --no-explain | --quiet | --no-control) return 1 ;;
	--user | --project | --yes) return 1 ;;
	--revoke | --repair | --help | --) return 1 ;;
	--*) return 0 ;;
	*) return 1 ;;
	esac
}

# The index of the first word of COMP_WORDS that is no option of the command; where "--" ends them,
# the one behind it.
_carrel_first_operand() {
	local i=2
	while [ "$i" -lt "$COMP_CWORD" ]; do
		case ${COMP_WORDS[i]} in
		--)
			echo $((i + 1))
			return
			;;
		--*)
			if _carrel_takes_value "${COMP_WORDS[i]}"; then i=$((i + 1)); fi
			if [ "${COMP_WORDS[i + 1]}" = = ]; then i=$((i + 2)); fi
			i=$((i + 1))
			;;
		*)
			echo "$i"
			return
			;;
		esac
	done
	echo "$i"
}

# Those that are open now.
_carrel_questions() {
	carrel approvals --json 2>/dev/null | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p'
}

_carrel_operand() {
	case $1 in
	explain) _carrel_words "read write connect unix git" "$2" ;;
	policy) _carrel_words "show check" "$2" ;;
	approve | deny) _carrel_words "$(_carrel_questions)" "$2" ;;
	trust)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -d -- "$2")
		;;
	*) COMPREPLY=() ;;
	esac
}

_carrel() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} first

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		_carrel_words "run plan explain doctor verify init policy trust approvals approve deny uninstall --help --version" "$cur"
		return
	fi
	if [ "$cur" = = ]; then
		_carrel_value "$prev" ""
		return
	fi
	if [ "$prev" = = ]; then
		_carrel_value "${COMP_WORDS[COMP_CWORD - 2]}" "$cur"
		return
	fi
	first=$(_carrel_first_operand)
	if [ "$first" -lt "$COMP_CWORD" ]; then
		case $command in
		run | plan)
			# the command's own completion, when bash-completion is there
			if declare -F _command_offset >/dev/null; then _command_offset "$first"; fi
			;;
		explain)
			case ${COMP_WORDS[first]} in
			git) _carrel_words "read-only overlay destructive" "$cur" ;;
			connect) ;;
			*) _carrel_files "$cur" ;;
			esac
			;;
		policy) _carrel_files "$cur" ;;
		esac
		return
	fi
	if _carrel_takes_value "$prev" && [ "$COMP_CWORD" -gt 2 ]; then
		_carrel_value "$prev" "$cur"
	elif [[ $cur == -* ]]; then
		_carrel_words "$(_carrel_options "$command")" "$cur"
	elif [[ $command == run || $command == plan ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	else
		_carrel_operand "$command" "$cur"
	fi
}

complete -F _carrel carrel
