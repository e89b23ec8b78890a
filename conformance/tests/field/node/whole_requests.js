// Takes each 'data' event for a whole request.
// node whole_requests.js PORT STORAGE
'use strict';
const fs = require('fs');
const net = require('net');
const path = require('path');

const [port, storage] = process.argv.slice(2);

const server = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (data) => {
    try {
      const length = data.readInt32LE(0);
      const header = JSON.parse(data.toString('utf8', 4, 4 + length));
      const body = data.subarray(4 + length, 4 + length + header.filesize);
      if (header.cmd === 'put') fs.writeFileSync(path.join(storage, path.basename(header.filename)), body);
    } catch (error) {
      console.error(error.message);
    }
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening tcp 127.0.0.1:${server.address().port}`));
