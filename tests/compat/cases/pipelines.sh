# where: outside
# The box as a part of the shell's plumbing: pipes, redirections, here-documents, exit codes.
# shellcheck disable=SC2086
"$@" seq 1000000 | head -2
echo "statuses ${PIPESTATUS[*]}"
echo through | "$@" cat | tr a-z A-Z
"$@" cat <<END
here
END
"$@" sh -c 'echo out; echo err >&2' > out 2> err; cat out err
"$@" sh -c 'echo both; echo both >&2' > both 2>&1; cat both
"$@" sh -c 'echo again > /dev/stdout; echo again >&2' >> both; wc -l < both
"$@" true; echo "true $?"
"$@" false; echo "false $?"
"$@" sh -c 'exit 42'; echo "exit $?"
"$@" sh -c 'kill -9 $$'; echo "killed $?"
"$@" sh -c 'kill -TERM $$' ; echo "terminated $?"
"$@" cat < /dev/null; echo "nothing $?"
"$@" sh -c 'read -r x; echo "$x"' < <(echo from a pipe)
yes | "$@" head -1
x=$("$@" echo captured); echo "$x"
"$@" sleep 0.1 & wait $!; echo "background $?"
for i in 1 2 3 4; do "$@" sh -c "exit $i" & done; wait; echo "all"
"$@" env A=b sh -c 'echo $A'
"$@" ./absent 2> /dev/null; echo "absent $?"
"$@" absent-program 2> /dev/null; echo "not found $?"
"$@" ./ 2> /dev/null; echo "directory $?"
"$@" sh -c 'echo one; exec >&-; exit 3'; echo "closed $?"
echo 'echo a script' > script; chmod +x script; "$@" ./script
printf '#!/bin/sh\necho "$0 $1"\n' > script2; chmod +x script2; "$@" ./script2 argument
timeout 1 "$@" sleep 100; echo "timeout $?"
