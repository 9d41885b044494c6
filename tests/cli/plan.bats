# carrel plan: what would be done, as text and JSON, for this system and the others.

load helper

@test "the plan names its workspace, and every step its origin" {
	run carrel plan
	ends_with 0
	contains "workspace $ws"
	contains "writable"
	contains "# default-common.policy:"
}

@test "the plan as JSON is JSON, and the same plan" {
	carrel plan --json > "$top/plan.json"
	python3 - "$top/plan.json" "$ws" <<-'PYTHON'
		import json, sys
		plan = json.load(open(sys.argv[1]))
		assert plan["workspace"] == sys.argv[2], plan["workspace"]
		assert any(s["kind"] == "writable" and s["path"] == sys.argv[2]
		           for s in plan["steps"]) or plan["tier"] != "full"
	PYTHON
}

@test "options change the plan, and its origin is the option" {
	run carrel plan --write "$outside"
	ends_with 0
	[[ $output =~ writable\ +$outside\ .*#\ --write:1 ]]
}

@test "giving up the labels of Windows shows what that opens" {
	run carrel plan --os windows --tier unelevated
	ends_with 0
	contains "integrity-level"
	lacks "delete-outside"
	run carrel plan --os windows --tier unelevated --accept-gap=integrity
	ends_with 0
	lacks "integrity-level"
	for gap in integrity delete-outside rename-protected change-entries world-writable \
			same-user-processes; do
		contains "  $gap: "
	done
}

@test "a plan for another system needs nothing of it" {
	for os in linux windows macos; do
		run carrel plan --os "$os"
		ends_with 0
		contains "plan for $os"
	done
	run carrel plan --os windows
	contains 'C:\'
	run carrel plan --os beos
	ends_with 125
	contains "linux, windows, macos"
}

@test "--workspace and --home of another system are taken as they are" {
	run carrel plan --os windows --home 'D:\people\ann' --workspace 'D:\src\x'
	ends_with 0
	contains 'D:\src\x'
	contains 'D:\people\ann'
	run carrel plan --os windows --workspace '\\server\share'
	ends_with 125
}

@test "planning for another system twice gives the same plan" {
	carrel plan --os windows --json > "$top/one"
	carrel plan --os windows --json > "$top/two"
	cmp "$top/one" "$top/two"
}

@test "the command is not started, and gaps do not refuse" {
	printf 'allow read /\nallow write .\nask write asked\n' > ask.policy
	run carrel plan --policy ask.policy -- touch ran
	ends_with 0
	contains ask-files
	[ ! -e ran ]
}

@test "a full disk is a failure, not a success" {
	run bash -c "env HOME=$home $top/carrel plan > /dev/full"
	ends_with 125
	contains "standard output"
}
