# carrel trust: one person, one workspace, one exact text.

load helper

project_policy() {
	mkdir -p .carrel
	cat > .carrel/policy
	own .carrel
}

@test "what is accepted takes effect, and any change ends that" {
	echo 'allow write ~/elsewhere' | project_policy
	run carrel trust --yes
	ends_with 0
	contains "allow write ~/elsewhere"
	contains "trusted"
	run carrel explain write "$home/elsewhere/x"
	ends_with 0
	run carrel trust
	ends_with 0
	contains "trusted already"
	echo 'allow write ~/more' >> .carrel/policy
	run carrel explain write "$home/elsewhere/x"
	ends_with 1
}

@test "it shows the whole text, made safe" {
	printf 'allow write ~/elsewhere\n# harmless \xe2\x80\xae comment\n' | project_policy
	run carrel trust --yes
	lacks $'\xe2\x80\xae'
}

@test "without a terminal and without --yes nothing is accepted" {
	echo 'allow write ~/elsewhere' | project_policy
	run carrel trust < /dev/null
	ends_with 125
	contains "no terminal"
	run carrel explain write "$home/elsewhere/x"
	ends_with 1
}

@test "on a terminal only 'yes' accepts" {
	echo 'allow write ~/elsewhere' | project_policy
	for word in y no ''; do
		run answer "$word"
		ends_with 1
		contains "not accepted"
	done
	run answer yes
	ends_with 0
	contains trusted
}

# Types $1 at the question.
answer() {
	as python3 - "$1" "$top/carrel" <<-'PYTHON'
		import os, pty, sys
		word, carrel = sys.argv[1:]
		pid, fd = pty.fork()
		if pid == 0:
		    os.execv(carrel, [carrel, "trust"])
		seen = b""
		while True:
		    try:
		        part = os.read(fd, 4096)
		    except OSError:
		        break
		    if not part:
		        break
		    if b"'yes': " in seen + part and b"'yes': " not in seen:
		        os.write(fd, word.encode() + b"\n")
		    seen += part
		sys.stdout.write(seen.decode())
		sys.stdout.flush()
		os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PYTHON
}

@test "--revoke takes it back" {
	echo 'allow write ~/elsewhere' | project_policy
	carrel trust --yes
	run carrel trust --revoke
	ends_with 0
	run carrel explain write "$home/elsewhere/x"
	ends_with 1
}

@test "trust is for one workspace: a copy of the project is not trusted" {
	echo 'allow write ~/elsewhere' | project_policy
	carrel trust --yes
	cp -a "$ws" "$outside/copy"
	cd "$outside/copy"
	run carrel explain write "$home/elsewhere/x"
	ends_with 1
}

@test "DIRECTORY names another workspace" {
	echo 'allow write ~/elsewhere' | project_policy
	cd "$home"
	run carrel trust --yes "$ws"
	ends_with 0
	run carrel explain --workspace "$ws" write "$home/elsewhere/x"
	ends_with 0
}

@test "a policy with errors, or none at all, cannot be trusted" {
	run carrel trust --yes
	ends_with 125
	contains "has no .carrel/policy"
	echo 'nonsense' | project_policy
	run carrel trust --yes
	ends_with 125
	contains ":1:1: "
}

@test "the box itself can neither trust nor edit what it would trust" {
	need_full
	echo 'allow write ~/elsewhere' | project_policy
	run carrel run -- "$top/carrel" trust --yes
	[ "$status" -ne 0 ]
	run carrel run -- sh -c 'echo "allow write /" >> .carrel/policy'
	[ "$status" -ne 0 ]
	run carrel explain write "$home/elsewhere/x"
	ends_with 1
}
