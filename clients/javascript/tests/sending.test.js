import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { Client, FileFailed, FileShrank } from "../src/index.js";
import { frame, peer, storeAll } from "./peer.js";

const QUICK = { timeouts: { settle: 0.2 } };

async function fileWith(content, name = "a.txt") {
  const file = path.join(await mkdtemp(path.join(tmpdir(), "jhup-test-")), name);
  await writeFile(file, content);
  return file;
}

test("a put is a prefix, a header and the body, and then the end", async (t) => {
  const server = await peer(t, (conversation) => conversation.readToEnd());

  await new Client(server.target, QUICK).put(await fileWith("abc"));

  const expected = Buffer.concat([frame('{"cmd":"put","filename":"a.txt","filesize":3}'), Buffer.from("abc")]);
  assert.deepEqual(await server.results(), [expected]);
});

test("the prefix counts bytes, not characters", async (t) => {
  const server = await peer(t, (conversation) => conversation.read(4));

  await new Client(server.target, QUICK).put(new Uint8Array(), { name: "日本" }).catch(() => {});

  assert.deepEqual(await server.results(), [Buffer.from([0x2e, 0, 0, 0])]);
});

const SOURCES = {
  "a path": (file) => [file, {}],
  "a file URL": (file) => [pathToFileURL(file), {}],
  bytes: () => [Buffer.from("abc"), { name: "a.txt" }],
  "a Blob": () => [new Blob(["abc"]), { name: "a.txt" }],
  "a Node.js stream": () => [Readable.from([Buffer.from("a"), Buffer.from("bc")]), { name: "a.txt", size: 3 }],
  "a web stream": () => [new Blob(["abc"]).stream(), { name: "a.txt", size: 3 }],
  "a generator": () => [letters("a", "", "bc"), { name: "a.txt", size: 3 }],
  "the beginning of a longer stream": () => [letters("ab", "cdef", "g"), { name: "a.txt", size: 3 }],
};

async function* letters(...texts) {
  for (const text of texts) yield Buffer.from(text);
}

for (const [kind, make] of Object.entries(SOURCES)) {
  test(`${kind} is sent`, async (t) => {
    const server = await peer(t, storeAll);
    const [source, options] = make(await fileWith("abc"));

    const put = await new Client(server.target, QUICK).put(source, { reply: true, ...options });

    assert.equal(put.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.deepEqual(await server.results(), [{ "a.txt": "abc" }]);
  });
}

test("several puts go over one connection", async (t) => {
  const server = await peer(t, storeAll);

  const connection = await new Client(server.target, QUICK).connect();
  await connection.put(Buffer.from("1"), { name: "one" });
  await connection.put(Buffer.from(""), { name: "none" });
  await connection.put(Buffer.from("22"), { name: "two", reply: true });
  await connection.finish();

  assert.deepEqual(await server.results(), [{ one: "1", none: "", two: "22" }]);
});

test("no more of a stream is read than the server takes", async (t) => {
  const read = Promise.withResolvers?.() ?? withResolvers();
  const server = await peer(t, async (conversation) => {
    conversation.socket.pause();
    await read.promise;
    return (await conversation.readToEnd()).length;
  });
  let yielded = 0;
  async function* endless() {
    for (;;) {
      yielded += 1 << 20;
      yield Buffer.alloc(1 << 20);
    }
  }

  const aborting = new AbortController();
  const put = new Client(server.target, QUICK).put(endless(), { name: "big", size: 2 ** 40, signal: aborting.signal });
  let before;
  do {
    before = yielded;
    await new Promise((resolve) => setTimeout(resolve, 100)); // until nothing moves any more
  } while (yielded !== before);
  aborting.abort(new Error("enough"));
  read.resolve();

  await assert.rejects(put, /enough/);
  assert.ok(yielded < 64 << 20, `${yielded} bytes were read ahead`);
});

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

test("a source that ends early closes the connection inside the body", async (t) => {
  const server = await peer(t, storeAllThenRest);

  const connection = await new Client(server.target, QUICK).connect();
  await connection.put(Buffer.from("whole"), { name: "first" });
  await assert.rejects(connection.put(letters("abc"), { name: "n", size: 5 }), FileShrank);

  assert.equal(connection.isOpen, false);
  assert.deepEqual(await server.results(), [["whole", "abc"]]);
});

async function storeAllThenRest(conversation) {
  const first = await conversation.readRequest();
  const second = await conversation.readRequest();
  return [first.body.toString(), second.body.toString()];
}

const INVALID = ["", ".", "..", "a/b", "a\\b", "a\nb", "\u007f", "\ud800", "é".repeat(128)];
for (const name of INVALID) {
  test(`the name ${JSON.stringify(name).slice(0, 20)} fails before connecting`, async () => {
    await assert.rejects(new Client("127.0.0.1:1").put(Buffer.from("x"), { name }), FileFailed);
  });
}

for (const [what, source, options] of [
  ["a missing file", "/nowhere/at/all", {}],
  ["a folder", tmpdir(), {}],
  ["a stream without a name", letters("a"), { size: 1 }],
]) {
  test(`${what} fails before connecting`, async () => {
    await assert.rejects(new Client("127.0.0.1:1").put(source, options), FileFailed);
  });
}

test("a stream without a size leaves the connection as it was", async (t) => {
  const server = await peer(t, storeAll);
  const connection = await new Client(server.target, QUICK).connect();

  await assert.rejects(connection.put(letters("a"), { name: "n" }), /give it as size/);
  await connection.put(Buffer.from("x"), { name: "n" });
  await connection.finish();

  assert.deepEqual(await server.results(), [{ n: "x" }]);
});

test("progress is told from the first byte to the last", async (t) => {
  const server = await peer(t, storeAll);
  const sent = [];

  await new Client(server.target, QUICK).put(letters("ab", "c"), {
    name: "n",
    size: 3,
    progress: (news) => sent.push(news.sent),
  });

  assert.deepEqual(sent, [0, 2, 3]);
});
