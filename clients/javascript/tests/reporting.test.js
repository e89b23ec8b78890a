import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Client,
  ConnectionFailed,
  ConnectionLost,
  DigestDiffers,
  ErrorReply,
  NoReply,
  WrongReply,
} from "../src/index.js";
import { frame, peer, storeAll } from "./peer.js";

const QUICK = { timeouts: { settle: 0.2, reply: 20 } };
const ABC = Buffer.from("abc");
const BIG = Buffer.alloc(16 << 20);

const put = (server, source = ABC, options = {}) =>
  new Client(server.target, QUICK).put(source, { name: "n", ...options });
const ask = (server, source = ABC) => put(server, source, { reply: true });

test("a refused connection is a failure", async () => {
  await assert.rejects(new Client("127.0.0.1:1").put(ABC, { name: "n" }), ConnectionFailed);
});

test("a reset in the header, in the body and after it is a failure", async (t) => {
  const server = await peer(
    t,
    async (conversation) => (await conversation.read(4), conversation.reset()),
    async (conversation) => (await conversation.readHeader(), conversation.reset()),
    async (conversation) => (await conversation.readRequest(), conversation.reset()),
  );

  await assert.rejects(put(server), ConnectionLost);
  await assert.rejects(put(server, BIG), ConnectionLost);
  await assert.rejects(put(server), ConnectionLost);
});

test("a reset that comes before the connection is finished is a failure", async (t) => {
  const server = await peer(t, async (conversation) => (await conversation.readRequest(), conversation.reset()));
  const connection = await new Client(server.target, QUICK).connect();
  await connection.put(ABC, { name: "n" });

  while (connection.isOpen) await new Promise(setImmediate);

  await assert.rejects(connection.finish(), ConnectionLost);
});

test("a close inside the body is a failure", async (t) => {
  const server = await peer(t, async (conversation) => {
    await conversation.readHeader();
    conversation.socket.destroy();
  });

  await assert.rejects(put(server, BIG), ConnectionLost);
});

test("a server that closes as soon as it has the body took it all", async (t) => {
  const server = await peer(t, async (conversation) => {
    await conversation.readRequest();
    conversation.socket.end();
  });

  assert.equal((await put(server)).isStored, false);
});

test("nothing is waited for that was not asked for", async (t) => {
  let over;
  const server = await peer(
    t,
    (conversation) => new Promise((resolve) => ((over = resolve), conversation.readToEnd())),
  );

  await put(server);

  over();
});

test("unsolicited bytes are ignored", async (t) => {
  const server = await peer(t, async (conversation) => {
    conversation.send("220 welcome\r\n");
    return storeAll(conversation);
  });

  await put(server);

  assert.deepEqual(await server.results(), [{ n: "abc" }]);
});

const error = { status: "error", code: "storage", message: "no", closing: false };

test("an error reply is a failure, and the whole body is sent all the same", async (t) => {
  const server = await peer(t, async (conversation) => {
    const header = await conversation.readHeader();
    conversation.reply(error);
    return (await conversation.read(header.filesize)).length;
  });

  await assert.rejects(ask(server, BIG), (thrown) => thrown instanceof ErrorReply && thrown.code === "storage");

  assert.deepEqual(await server.results(), [BIG.length]);
});

test("an error reply that closes ends the body", async (t) => {
  const server = await peer(t, async (conversation) => {
    await conversation.readHeader();
    conversation.reply({ ...error, closing: true });
    return (await conversation.readToEnd()).length;
  });

  await assert.rejects(ask(server, Buffer.alloc(64 << 20)), (thrown) => thrown instanceof ErrorReply && thrown.closing);
  assert.ok((await server.results())[0] < 64 << 20);
});

test("an unknown code is taken for internal, and unknown members are ignored", async (t) => {
  const server = await peer(
    t,
    async (conversation) => (
      await conversation.readRequest(),
      conversation.reply({ ...error, code: "new", "x-more": [] })
    ),
    async (conversation) => conversation.confirm(await conversation.readRequest(), { "x-more": { a: null } }),
  );

  await assert.rejects(ask(server), (thrown) => thrown.code === "internal");
  assert.equal((await ask(server)).isStored, true);
});

test("a reply is read however it is cut", async (t) => {
  const server = await peer(t, async (conversation) => {
    const { header } = await conversation.readRequest();
    const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const reply = frame(JSON.stringify({ status: "ok", filename: header.filename, filesize: 3, sha256 }));
    for (const byte of reply) {
      conversation.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
  });

  assert.equal((await ask(server)).isStored, true);
});

for (const [what, kind, answer] of [
  [
    "another digest",
    DigestDiffers,
    (conversation, request) => conversation.confirm(request, { sha256: "0".repeat(64) }),
  ],
  ["another name", WrongReply, (conversation, request) => conversation.confirm(request, { filename: "other" })],
  ["another size", WrongReply, (conversation, request) => conversation.confirm(request, { filesize: 4 })],
  ["no digest", WrongReply, (conversation, request) => conversation.confirm(request, { sha256: undefined })],
  ["no status", WrongReply, (conversation) => conversation.reply({})],
  ["no object", WrongReply, (conversation) => conversation.send(frame("[]"))],
  ["no JSON", WrongReply, (conversation) => conversation.send(frame("hello"))],
  ["no UTF-8", WrongReply, (conversation) => conversation.send(Buffer.from([2, 0, 0, 0, 0xff, 0xff]))],
  ["a prefix of 2 GiB", WrongReply, (conversation) => conversation.send(Buffer.from([0xff, 0xff, 0xff, 0x7f]))],
  ["a prefix of -1", WrongReply, (conversation) => conversation.send(Buffer.from([0xff, 0xff, 0xff, 0xff]))],
  ["half a reply", NoReply, (conversation) => conversation.send(Buffer.from([9, 0, 0, 0, 0x7b]))],
  ["nothing", NoReply, () => {}],
]) {
  test(`a reply with ${what} is a failure`, async (t) => {
    const server = await peer(t, async (conversation) => answer(conversation, await conversation.readRequest()));

    await assert.rejects(ask(server), kind);
  });
}

test("a reply before the end of the body is a failure", async (t) => {
  const server = await peer(t, async (conversation) => {
    const header = await conversation.readHeader();
    conversation.reply({ status: "ok", filename: "n", filesize: header.filesize, sha256: "0".repeat(64) });
    await conversation.read(header.filesize);
  });

  await assert.rejects(ask(server, BIG), /before it had all of it/);
});

test("a reply that never comes is waited for no longer than the time-out", async (t) => {
  const server = await peer(t, (conversation) => conversation.readToEnd());
  const client = new Client(server.target, { timeouts: { reply: 0.1 } });

  await assert.rejects(client.put(ABC, { name: "n", reply: true }), /the file may be stored all the same/);
});

test("a server that takes nothing is given up in the end", async (t) => {
  const server = await peer(t, (conversation) => (conversation.socket.pause(), new Promise(() => {})));
  const client = new Client(server.target, { timeouts: { stall: 0.2 } });

  await assert.rejects(client.put(Buffer.alloc(64 << 20), { name: "n" }), /took no bytes for 0.2 s/);
});

test("an aborted upload rejects with the signal's reason", async (t) => {
  const server = await peer(t, (conversation) => conversation.readToEnd());
  const aborting = new AbortController();

  const upload = put(server, ABC, { reply: true, signal: aborting.signal });
  aborting.abort(new Error("stopped by the test"));

  await assert.rejects(upload, /stopped by the test/);
});

test("two requests at a time on one connection are refused", async (t) => {
  const server = await peer(t, storeAll);
  const connection = await new Client(server.target, QUICK).connect();

  const first = connection.put(ABC, { name: "n", reply: true });
  await assert.rejects(connection.put(ABC, { name: "m" }), /busy/);
  await first;
  await connection.finish();
});

test("a stat tells what is stored, and that nothing is", async (t) => {
  const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const server = await peer(t, async (conversation) => {
    const first = await conversation.readHeader();
    conversation.reply({ status: "ok", filename: "n", filesize: 3, sha256: digest });
    await conversation.readHeader();
    conversation.reply({ ...error, code: "not-found" });
    return first;
  });

  const connection = await new Client(server.target, QUICK).connect();
  assert.deepEqual(await connection.stat("n"), { filename: "n", filesize: 3, sha256: digest });
  assert.equal(await connection.stat("n"), undefined);
  await connection.finish();

  assert.deepEqual(await server.results(), [{ cmd: "stat", filename: "n", reply: true }]);
});
