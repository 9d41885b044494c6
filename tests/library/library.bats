# The public library: what it exports, and the example run against both forms of it.

setup() {
	# not beneath /tmp: a box has its own
	work=$(mktemp -d "$HOME/carrel-library.XXXXXX")
	mkdir "$work/desk" "$work/home"
	export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_STATE_HOME=$work/home/.state
	cd "$work"
}

teardown() {
	rm -rf "$work"
}

@test "the shared library exports what the header declares, and nothing else" {
	[ -e "$LIBRARY_DIR/libcarrel.so" ] || skip "built without the shared library"
	declared=$(grep '^CARREL_API' "$SOURCE_DIR/include/carrel.h" | grep -o 'carrel_[a-z_]*(' |
		tr -d '(' | sort)
	exported=$(nm -D --defined-only "$LIBRARY_DIR/libcarrel.so" | awk '{ print $3 }' |
		grep -v '^_' | sort)
	[ -n "$declared" ]
	[ "$declared" = "$exported" ]
}

@test "the header compiles as C99 and as C++11" {
	echo '#include <carrel.h>' | cc -std=c99 -pedantic -Wall -Wextra -Werror \
		-I"$SOURCE_DIR/include" -fsyntax-only -x c -
	if command -v c++ >/dev/null; then
		echo '#include <carrel.h>' | c++ -std=c++11 -pedantic -Wall -Wextra -Werror \
			-I"$SOURCE_DIR/include" -fsyntax-only -x c++ -
	fi
}

@test "the example runs a command in a box and ends with its exit code" {
	run "$EMBED" desk sh -c 'echo boxed > result; exit 7'
	[ "$status" -eq 7 ]
	[ "$(cat desk/result)" = boxed ]
	[[ $output == *"read /usr/bin: allow: allow read / (default-linux.policy:"* ]]
	[[ $output == *"write /etc/passwd: deny: "* ]]
	[[ $output == *"connect example.com:443: deny: "* ]]
}

@test "the example's command cannot write outside, nor what the added policy protects" {
	touch desk/notes.txt
	run "$EMBED" desk sh -c 'echo x > ../outside'
	[ "$status" -ne 0 ]
	[ ! -e outside ]
	run "$EMBED" desk sh -c 'echo x > notes.txt'
	[ "$status" -ne 0 ]
	[ ! -s desk/notes.txt ]
}

@test "a failure is told by carrel_error, and nothing ran" {
	run "$EMBED" nowhere true
	[ "$status" -eq 125 ]
	[[ $output == *"embed: cannot use directory 'nowhere'"* ]]
	run "$EMBED" desk no-such-program
	[ "$status" -eq 125 ]
	[[ $output == *"'no-such-program': command not found"* ]]
}

@test "the static library links and works" {
	[ -e "$LIBRARY_DIR/libcarrel.a" ] || skip "built without the static library"
	! nm "$LIBRARY_DIR/libcarrel.a" 2>/dev/null | grep -q __asan_ || skip "sanitizers"
	cc -I"$SOURCE_DIR/include" "$SOURCE_DIR/examples/embed.c" "$LIBRARY_DIR/libcarrel.a" \
		-ljansson -levent_extra -levent_core -o embed-static
	run ./embed-static desk sh -c 'exit 3'
	[ "$status" -eq 3 ]
}

@test "a policy with errors is refused with its place" {
	[ -e "$LIBRARY_DIR/libcarrel.so" ] || skip "built without the shared library"
	cat > bad.c <<-'C'
		#include <stdio.h>
		#include <carrel.h>
		int main(void)
		{
			struct carrel *box = carrel_new();
			int failed = carrel_add_policy(box, "mine", "allow wrte .\n");
			puts(carrel_error(box));
			carrel_free(box);
			return failed == -1 ? 0 : 1;
		}
	C
	cc -I"$SOURCE_DIR/include" bad.c -L"$LIBRARY_DIR" -lcarrel -Wl,-rpath,"$LIBRARY_DIR" -o bad
	run ./bad
	[ "$status" -eq 0 ]
	[[ $output == "mine:1:7: "* ]]
}

@test "a gap that does not exist cannot be accepted" {
	[ -e "$LIBRARY_DIR/libcarrel.so" ] || skip "built without the shared library"
	cat > gap.c <<-'C'
		#include <stdio.h>
		#include <carrel.h>
		int main(void)
		{
			struct carrel *box = carrel_new();
			int failed = carrel_accept_gap(box, "no-such");
			puts(carrel_error(box));
			return failed != -1 || carrel_accept_gap(box, "metadata") != 0;
		}
	C
	cc -I"$SOURCE_DIR/include" gap.c -L"$LIBRARY_DIR" -lcarrel -Wl,-rpath,"$LIBRARY_DIR" -o gap
	run ./gap
	[ "$status" -eq 0 ]
	[[ $output == "no gap is called 'no-such'"*", metadata, "* ]]
}

@test "a published port leads to a server in the box" {
	[ -e "$LIBRARY_DIR/libcarrel.so" ] || skip "built without the shared library"
	cat > publish.c <<-'C'
		#include <stdio.h>
		#include <carrel.h>
		int main(int argc, char **argv)
		{
			struct carrel *box = carrel_new();
			int code = 125;

			if (argc < 2 || carrel_publish(box, "80") != -1 || !carrel_error(box)[0] ||
			    carrel_published_port(box, 0) != -1)
				return 1;
			if (carrel_publish(box, "0:3000") < 0 || carrel_published_port(box, 0) != 0)
				return 2;
			for (int boxes = 0; boxes < 2; boxes++) {
				if (carrel_run(box, argv + 1) < 0)
					return fputs(carrel_error(box), stderr), 3;
				printf("port %d\n", carrel_published_port(box, 0));
				fflush(stdout);
				if (carrel_publish(box, "3000") != -1 || carrel_wait(box, &code) < 0)
					return 4;
			}
			carrel_free(box);
			return code;
		}
	C
	cat > server.py <<-'PY'
		import socket
		with socket.create_server(("127.0.0.1", 3000)) as listener:
		    sock, _ = listener.accept()
		    sock.sendall(b"from the box")
		    sock.close()
		raise SystemExit(9)
	PY
	cat > client.py <<-'PY'
		import socket, sys
		for line in sys.stdin:
		    said = b""
		    while said != b"from the box": # the server may not be there yet
		        try:
		            with socket.create_connection(("127.0.0.1", int(line.split()[1]))) as sock:
		                said = sock.recv(100)
		        except ConnectionResetError:
		            pass
		    print(said.decode())
	PY
	cc -I"$SOURCE_DIR/include" publish.c -L"$LIBRARY_DIR" -lcarrel -Wl,-rpath,"$LIBRARY_DIR" \
		-o publish
	run bash -o pipefail -c './publish /usr/bin/python3 -I server.py | python3 client.py'
	[ "$status" -eq 9 ]
	[ "$output" = "$(printf 'from the box\nfrom the box')" ]
}

@test "refusals are told as JSON lines, and the object cannot be changed meanwhile" {
	[ -e "$LIBRARY_DIR/libcarrel.so" ] || skip "built without the shared library"
	cat > events.c <<-'C'
		#include <stdio.h>
		#include <carrel.h>
		static void tell(void *box, const char *json)
		{
			if (carrel_add_policy(box, "late", "allow write /") != -1 ||
			    carrel_wait(box, NULL) != -1 || carrel_on_event(box, NULL, NULL) != -1)
				puts("changed");
			puts(json);
		}
		int main(int argc, char **argv)
		{
			struct carrel *box = carrel_new();
			int code = 125;

			for (int boxes = 0; argc > 1 && boxes < 2; boxes++)
				if (carrel_on_event(box, boxes ? NULL : tell, box) < 0 ||
				    carrel_run(box, argv + 1) < 0 || carrel_wait(box, &code) < 0)
					return fputs(carrel_error(box), stderr), 125;
			carrel_free(box);
			return code;
		}
	C
	cc -I"$SOURCE_DIR/include" events.c -L"$LIBRARY_DIR" -lcarrel -Wl,-rpath,"$LIBRARY_DIR" \
		-o events
	cd desk
	run ../events sh -c 'ln -s x ../outside 2>/dev/null; exit 5'
	[ "$status" -eq 5 ]
	[ "${#lines[@]}" -eq 1 ]
	cat > check.py <<-'PY'
		import json, sys
		line = json.loads(sys.argv[1])
		assert (line["op"], line["object"], line["count"]) == ("create", sys.argv[2], 1), line
	PY
	python3 check.py "$output" "$work/outside"
}

@test "an installed library is found by pkg-config" {
	[ -e "$LIBRARY_DIR/libcarrel.so" ] || skip "built without the shared library"
	meson install -C "$LIBRARY_DIR/../.." --no-rebuild --quiet --destdir "$work/root"
	pc=$(find "$work/root" -name carrel.pc)
	[ -n "$pc" ]
	export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$work/root
	# shellcheck disable=SC2046 # words
	cc "$SOURCE_DIR/examples/embed.c" $(pkg-config --cflags --libs carrel) -o installed
	libdir=$(pkg-config --variable=libdir carrel)
	run env LD_LIBRARY_PATH="$work/root$libdir:$libdir" ./installed desk sh -c 'exit 9'
	ends=$status
	[ "$ends" -eq 9 ]
	find "$work/root" -name 'carrel.1*' | grep -q man1
}
