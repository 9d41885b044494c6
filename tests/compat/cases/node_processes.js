// child_process in its ways, worker threads, cluster's kind of fork, file watching.
const { execSync, spawn, fork } = require('child_process');
const { Worker, isMainThread, parentPort } = require('worker_threads');
const fs = require('fs');

if (process.argv[2] === 'forked') {
  process.on('message', (text) => { process.send(text + ' back'); process.disconnect(); });
} else if (!isMainThread) {
  parentPort.postMessage('from a worker');
} else {
  console.log(execSync('echo synchronous').toString().trim());
  spawn('sh', ['-c', 'echo spawned; exit 5'], { stdio: ['ignore', 'inherit', 'inherit'] })
    .on('exit', (code) => {
      console.log('exit', code);
      const child = fork(__filename, ['forked']);
      child.on('message', (text) => console.log(text));
      child.send('there and');
      child.on('exit', () => new Worker(__filename).on('message', (text) => {
        console.log(text);
        fs.writeFileSync('written', 'x');
        console.log(fs.readdirSync('.').includes('written'));
      }));
    });
}
