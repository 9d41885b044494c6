# needs: python3 curl
# A server of the standard library and a client that is another program.
set -e
mkdir site
echo "the page" > site/index.html
/usr/bin/python3 -u -m http.server 0 --bind 127.0.0.1 --directory site > server.log 2>&1 &
server=$!
for _ in $(seq 100); do grep -q port server.log && break; sleep 0.05; done
port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' server.log)
curl -s --noproxy '*' "http://127.0.0.1:$port/"
curl -s --noproxy '*' -o /dev/null -w '%{http_code}\n' "http://localhost:$port/absent"
kill $server
wait $server || true
