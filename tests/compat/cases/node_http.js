// Server and client on loopback, over TCP and over AF_UNIX.
const http = require('http');
const server = http.createServer((request, response) => response.end(`you asked for ${request.url}`));

function get(options, done) {
  http.get(options, (response) => {
    let text = '';
    response.on('data', (chunk) => { text += chunk; });
    response.on('end', () => { console.log(response.statusCode, text); done(); });
  });
}

server.listen(0, '127.0.0.1', () => {
  get({ port: server.address().port, host: '127.0.0.1', path: '/tcp' }, () => server.close(() => {
    const local = http.createServer((request, response) => response.end('local'));
    local.listen('./node.sock', () => get({ socketPath: './node.sock', path: '/' },
      () => local.close()));
  }));
});
fetch;
