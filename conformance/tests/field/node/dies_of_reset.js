// Dies of a reset: the socket has no listener for 'error', so that ECONNRESET is an uncaught exception.
// node dies_of_reset.js PORT STORAGE
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');

const [port, storage] = process.argv.slice(2);

const server = net.createServer((socket) => {
  let buffered = Buffer.alloc(0);
  const step = () => {
    if (buffered.length < 4) return false;
    const length = buffered.readInt32LE(0);
    if (length < 2 || length > 65536) throw new RangeError('the prefix is out of bounds');
    if (buffered.length < 4 + length) return false;
    const header = JSON.parse(buffered.toString('utf8', 4, 4 + length));
    if (typeof header?.cmd !== 'string') throw new TypeError('no command');
    const isPut = header.cmd === 'put';
    if (isPut && !Number.isSafeInteger(header.filesize)) throw new TypeError('no filesize');
    const end = 4 + length + (isPut ? header.filesize : 0);
    if (buffered.length < end) return false;
    if (isPut) fs.writeFileSync(path.join(storage, path.basename(header.filename)), buffered.subarray(4 + length, end));
    buffered = buffered.subarray(end);
    return true;
  };
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    try {
      while (step());
    } catch {
      socket.destroy();
    }
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening tcp 127.0.0.1:${server.address().port}`));
