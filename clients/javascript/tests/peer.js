/** Scripted servers: plain sockets and bytes written by hand, so that nothing depends on our own reader or writer. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";

/** The server's end of a connection, as scripts use it. */
export class Conversation {
  #bytes = Buffer.alloc(0);
  #ended = false;
  /** @type {(() => void)[]} */
  #waiting = [];

  constructor(socket) {
    this.socket = socket;
    socket.on("readable", () => this.#wake());
    socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Receive exactly so many bytes, or fewer at the end. */
  async read(count) {
    for (;;) {
      for (let piece; this.#bytes.length < count && (piece = this.socket.read()) !== null;) {
        this.#bytes = Buffer.concat([this.#bytes, piece]);
      }
      if (this.#bytes.length >= count || this.#ended) break;
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
    const data = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return data;
  }

  async readHeader() {
    const prefix = await this.read(4);
    if (prefix.length < 4) return undefined;
    return JSON.parse((await this.read(prefix.readInt32LE())).toString("utf8"));
  }

  async readRequest() {
    const header = await this.readHeader();
    return header && { header, body: await this.read(header.filesize ?? 0) };
  }

  async readToEnd() {
    return this.read(Infinity);
  }

  send(data) {
    this.socket.write(data);
  }

  reply(members) {
    this.send(frame(JSON.stringify(members)));
  }

  confirm({ header, body }, changed = {}) {
    const sha256 = createHash("sha256").update(body).digest("hex");
    this.reply({ status: "ok", filename: header.filename, filesize: body.length, sha256, ...changed });
  }

  /** Carry out puts until the client ends, confirming those that ask for it. */
  async storeAll() {
    const store = {};
    for (let request; (request = await this.readRequest());) {
      store[request.header.filename] = request.body.toString("latin1");
      if (request.header.reply === true) this.confirm(request);
    }
    return store;
  }

  reset() {
    this.socket.resetAndDestroy();
  }
}

/** Prefix and header by hand. */
export function frame(text) {
  const header = Buffer.from(text);
  const prefix = Buffer.alloc(4);
  prefix.writeInt32LE(header.length);
  return Buffer.concat([prefix, header]);
}

/** Start a server that follows a script for each connection, one after the other; it ends with the test. */
export async function peer(test, ...scripts) {
  const results = [];
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) => {
    const script = scripts[results.length];
    if (!script) return socket.destroy();
    const conversation = new Conversation(socket);
    results.push(Promise.resolve(script(conversation)).finally(() => socket.end()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => server.close());
  return { target: `127.0.0.1:${server.address().port}`, results: () => Promise.all(results) };
}

export const storeAll = (conversation) => conversation.storeAll();
