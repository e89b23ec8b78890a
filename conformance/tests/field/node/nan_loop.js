// Hangs at full processor time: a filesize that is no number makes NaN, and a loop until NaN is used up never ends.
// node nan_loop.js PORT STORAGE
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');

const [port, storage] = process.argv.slice(2);

const server = net.createServer((socket) => {
  let buffered = Buffer.alloc(0);
  let current = null;
  const step = () => {
    if (current) {
      const parts = [];
      let left = Number(current.filesize);
      if (left > buffered.length) return false;
      do {
        const part = buffered.subarray(0, Math.min(left, 1024));
        buffered = buffered.subarray(part.length);
        parts.push(part);
        left -= Math.min(left, 1024);
      } while (left !== 0);
      fs.writeFileSync(path.join(storage, path.basename(current.filename)), Buffer.concat(parts));
      current = null;
      return true;
    }
    if (buffered.length < 4) return false;
    const length = buffered.readInt32LE(0);
    if (length < 2 || length > 65536) throw new RangeError('the prefix is out of bounds');
    if (buffered.length < 4 + length) return false;
    const header = JSON.parse(buffered.toString('utf8', 4, 4 + length));
    buffered = buffered.subarray(4 + length);
    if (header.cmd === 'put') current = header;
    return true;
  };
  socket.on('error', () => {});
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
