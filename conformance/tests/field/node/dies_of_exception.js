// Dies of an exception: nothing is caught, so that a header that can't be parsed ends the process.
// node dies_of_exception.js PORT STORAGE
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');

const [port, storage] = process.argv.slice(2);

const server = net.createServer((socket) => {
  let buffered = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4) {
      const length = buffered.readInt32LE(0);
      if (buffered.length < 4 + length) return;
      const header = JSON.parse(buffered.toString('utf8', 4, 4 + length));
      const end = 4 + length + (header.cmd === 'put' ? header.filesize : 0);
      if (buffered.length < end) return;
      if (header.cmd === 'put') fs.writeFileSync(path.join(storage, header.filename), buffered.subarray(4 + length, end));
      buffered = buffered.subarray(end);
    }
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening tcp 127.0.0.1:${server.address().port}`));
