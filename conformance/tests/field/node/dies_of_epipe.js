// Dies of EPIPE or ECONNRESET, whichever its loop meets first: it says goodbye when a client has ended, and the client may
// be gone by then.
// node dies_of_epipe.js PORT STORAGE
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');

const [port, storage] = process.argv.slice(2);

function take(buffered) {
  const length = buffered.readInt32LE(0);
  const header = JSON.parse(buffered.subarray(4, 4 + length).toString());
  fs.writeFileSync(path.join(storage, path.basename(header.filename)), buffered.subarray(4 + length));
  return header.filesize;
}

const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('end', () => {
    let told = 'nothing came\n';
    try {
      told = `stored ${take(Buffer.concat(chunks))} bytes\n`;
    } catch (error) {
      told = `${error.message}\n`;
    }
    socket.write(told);
    setTimeout(() => socket.end('goodbye\n'), 20);
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening tcp 127.0.0.1:${server.address().port}`));
