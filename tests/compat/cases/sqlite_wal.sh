# needs: sqlite3
# Write-ahead logging wants shared memory in the workspace, and locks.
sqlite3 a.db 'PRAGMA journal_mode=WAL; CREATE TABLE t(n); INSERT INTO t VALUES (1), (2);'
sqlite3 a.db 'SELECT sum(n) FROM t; PRAGMA integrity_check;'
for i in 1 2 3 4; do sqlite3 -cmd '.timeout 10000' a.db "INSERT INTO t VALUES ($i)" & done
wait
sqlite3 a.db 'SELECT count(*) FROM t; VACUUM;'
sqlite3 /tmp/compat-$$.db 'CREATE TABLE t(n); INSERT INTO t VALUES (5); SELECT * FROM t;'
rm -f /tmp/compat-$$.db
