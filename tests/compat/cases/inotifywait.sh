# needs: inotifywait
mkdir watched
inotifywait -q -t 20 -e create --format '%f' watched > said 2> errors &
for _ in $(seq 100); do touch "watched/new"; sleep 0.05; test -s said && break; rm -f watched/new; done
wait
cat said
