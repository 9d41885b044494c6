# carrel run --publish, and rules about the host's loopback and its sockets: what is said of them.
# What passes through is tested in tests/network.

load helper

bats_require_minimum_version 1.5.0

@test "the plan shows each published port and who can connect to it" {
	run carrel plan --publish 3000 --publish '[::1]:8080:3001' --publish 0.0.0.0:0:3002
	ends_with 0
	output=$(tr -s ' ' <<<"$output")
	contains "publish 127.0.0.1:3000 [3000] # --publish:1"
	contains "publish [::1]:8080 [3001] # --publish:2"
	contains "publish 0.0.0.0:0 [3002] # --publish:3"
	contains "every user of this host can connect to port 3001 of the box"
	contains "whoever reaches this host can connect to port 3002 of the box"
	# nothing else is changed
	contains "canary-connect"
	lacks "canary-route"
	lacks "capture"
	lacks "listen "
}

@test "the plan of a published port is otherwise that of none" {
	diff <(carrel plan | grep -v '^ \|^notes' | tr -s ' ') \
		<(carrel plan --publish 3000 | grep -v '^publish \|^ \|^notes' | tr -s ' ')
}

@test "what is not plainly address and ports is refused, and nothing runs" {
	for text in '' 0 80 3000:80 3000:70000 localhost:3000 127.1:3000 '[::1]3000' 1:2:3:4 '*:3000' \
		3000-3001 0x10:3000; do
		run carrel run --publish "$text" -- touch ran
		ends_with 125
		contains "carrel: "
		[ ! -e ran ]
	done
	run carrel run --publish 80 -- touch ran
	contains "no server of a box can listen on a port below 1024"
	contains "hint: "
	run carrel run --publish 0 -- touch ran
	contains "hint: write 0:3000"
}

@test "in the landlock tier and for other systems no port is published" {
	run carrel run --tier landlock --accept-gap metadata --accept-gap processes \
		--publish 3000 -- touch ran
	ends_with 125
	contains "full tier on Linux only"
	[ ! -e ran ]
	for os in windows macos; do
		run carrel plan --os $os --publish 3000
		ends_with 125
		contains "full tier on Linux only"
	done
}

@test "the port that the kernel chose is said, others are not" {
	need_full
	run carrel run --publish 0:3000 -- true
	ends_with 0
	[[ $output =~ ^carrel:\ port\ 3000\ of\ the\ box\ is\ 127\.0\.0\.1:[1-9][0-9]*$ ]]
	port=${output##*:}
	run carrel run --publish "$port:3000" -- true
	ends_with 0
	[ -z "$output" ]
}

@test "a port published twice is busy the second time" {
	need_full
	run carrel run --publish 0:3000 -- true
	port=${output##*:}
	run carrel run --publish "$port:3000" --publish "$port:3001" -- touch ran
	ends_with 125
	contains "cannot publish port 3001 of the box on '127.0.0.1:$port'"
	contains "hint: another program listens there"
	[ ! -e ran ]
}

@test "a policy cannot publish a port" {
	for line in 'publish 3000' 'allow publish 3000' 'set publish 3000'; do
		echo "$line" >line.policy
		own line.policy
		run carrel run --policy line.policy -- touch ran
		ends_with 125
		[ ! -e ran ]
	done
}

@test "a port of the host's loopback is lent to the box, and the plan says what that takes" {
	run carrel plan --connect 127.0.0.1:5432 --connect localhost:6379
	ends_with 0
	output=$(tr -s ' ' <<<"$output")
	contains "listen 127.0.0.1 [5432]"
	contains "listen 127.0.0.1 [6379]"
	contains "listen ::1 [6379]"
	contains "127.0.0.1:5432 is the host's: no server of the box can listen there"
	run carrel plan --connect '127.0.0.1:5000-5010'
	ends_with 0
	contains "'127.0.0.1:5000-5010' stays unreachable"
	run carrel plan --connect localhost:5432 --publish 15432:5432
	ends_with 125
	contains "port 5432 of the box cannot be published"
}

@test "localhost in a rule is both addresses, and no other" {
	for object in localhost:5432 127.0.0.1:5432 '[::1]:5432'; do
		run carrel explain --connect localhost:5432 connect "$object"
		ends_with 0
		contains "allow connect localhost:5432"
	done
	for object in 127.0.0.2:5432 localhost:5433 a.localhost:5432 '[::2]:5432'; do
		run carrel explain --connect localhost:5432 connect "$object"
		ends_with 1
	done
}

@test "a variable that names an allowed socket is passed on, whatever the built-in policy drops" {
	need_full
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("agent")'
	own agent
	run as env SSH_AUTH_SOCK="$ws/agent" "$top/carrel" run --unix agent -- \
		sh -c 'echo "socket: $SSH_AUTH_SOCK"'
	ends_with 0
	contains "socket: $ws/agent"
	run as env SSH_AUTH_SOCK="$ws/agent" "$top/carrel" run -- sh -c 'echo "socket: $SSH_AUTH_SOCK"'
	ends_with 0
	lacks "$ws/agent"
	run carrel plan --unix agent
	contains "whoever answers on '$ws/agent' acts outside the box"
}

@test "a socket named on the command line must be there" {
	run carrel run --unix no-such-socket -- true
	ends_with 125
	contains "--unix: '$ws/no-such-socket' does not exist"
	contains "hint: start the service first"
}
