# carrel doctor: a table of facts, the tier, and commands that would help.

load helper

@test "doctor names the tier, and its exit code says the same" {
	run carrel doctor
	case $status in
	0) contains "tier: full" ;;
	1) contains "tier: landlock" ;;
	*) contains "tier: none" && [ "$status" -eq 125 ] ;;
	esac
	contains "user namespaces"
	contains "Landlock"
	contains "seccomp filters"
}

@test "what is missing comes with what it means and what to do" {
	run carrel doctor
	missing=$(printf '%s\n' "$output" | grep -c '^  missing ' || true)
	without=$(printf '%s\n' "$output" | grep -c '^ *without it: ' || true)
	enable=$(printf '%s\n' "$output" | grep -c '^ *to enable: ' || true)
	[ "$missing" -eq "$without" ]
	[ "$missing" -eq "$enable" ]
}

@test "doctor finds out that namespaces are forbidden, and says who forbids them" {
	need_full
	command -v unshare >/dev/null || skip "no unshare"
	run as unshare -r -U sh -c "echo 0 > /proc/sys/user/max_user_namespaces 2>/dev/null &&
		$top/carrel doctor"
	[ "$status" -ne 2 ] || skip "cannot write the setting here"
	ends_with 1
	contains "missing  user namespaces"
	contains "max_user_namespaces"
	contains "sudo sysctl -w user.max_user_namespaces="
	contains "tier: landlock"
}

@test "what doctor says of limits without a cgroup, the plan does" {
	need_full
	run carrel doctor
	case $output in *"missing  process limit by cgroup"*) ;; *) skip "a cgroup is delegated" ;; esac
	contains "'limit processes' is a gap for root and in the landlock tier"
	run carrel plan --tier landlock --limit processes=9
	contains "  limit-processes: "
	run carrel plan --tier full --limit processes=9
	if [ "$(account)" -eq 0 ]; then contains "  limit-processes: "; else lacks "limit-processes: "; fi
}

@test "doctor takes no arguments" {
	run carrel doctor now
	ends_with 125
	contains "unexpected word 'now'"
}

@test "nothing outlives a box here: uninstall and doctor --repair have nothing to take back" {
	run carrel uninstall
	ends_with 0
	contains "nothing to take back"
	run carrel doctor --repair
	contains "nothing to take back"
	contains "tier: "
	run carrel uninstall now
	ends_with 125
}
