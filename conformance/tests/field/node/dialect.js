// Speaks another dialect: `opt`, `file_name`, `total_size`, and a prefix in network order.
// node dialect.js PORT STORAGE
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');

const [port, storage] = process.argv.slice(2);

const server = net.createServer((socket) => {
  let buffered = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4) {
      const length = buffered.readUInt32BE(0);
      if (length > 65536) return socket.destroy();
      if (buffered.length < 4 + length) return undefined;
      let header;
      try {
        header = JSON.parse(buffered.toString('utf8', 4, 4 + length));
      } catch {
        return socket.destroy();
      }
      const end = 4 + length + (header.total_size || 0);
      if (buffered.length < end) return undefined;
      if (header.opt === 'upload') {
        fs.writeFileSync(path.join(storage, path.basename(`${header.file_name}`)), buffered.subarray(4 + length, end));
      }
      buffered = buffered.subarray(end);
    }
    return undefined;
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening tcp 127.0.0.1:${server.address().port}`));
