// An upload server in Node.js as it is often written: right for well-behaved clients, and an exception ends it.
// node falling.mjs PORT STORAGE
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const [port, storage] = process.argv.slice(2);
createServer((socket) => {
  let inbox = Buffer.alloc(0);
  socket.on("data", (data) => {
    inbox = Buffer.concat([inbox, data]);
    for (;;) {
      if (inbox.length < 4) return;
      const length = inbox.readInt32LE(0);
      if (inbox.length < 4 + length) return;
      const header = JSON.parse(inbox.subarray(4, 4 + length).toString());
      const end = 4 + length + (header.cmd === "put" ? header.filesize : 0);
      if (inbox.length < end) return;
      if (header.cmd === "put") writeFileSync(join(storage, header.filename), inbox.subarray(4 + length, end));
      inbox = inbox.subarray(end);
    }
  });
}).listen(Number(port), "127.0.0.1");
