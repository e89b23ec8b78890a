import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as module from "../src/index.js";
import { peer, storeAll } from "./peer.js";

const COMMAND = fileURLToPath(new URL("../bin/jhup-client.js", import.meta.url));

async function run(args, { input = "", cwd } = {}) {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd });
  const output = { out: "", err: "" };
  child.stdout.on("data", (data) => (output.out += data));
  child.stderr.on("data", (data) => (output.err += data));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [status] = await once(child, "close");
  return { status, ...output };
}

async function folder(files) {
  const top = await mkdtemp(path.join(tmpdir(), "jhup-test-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(top, name)), { recursive: true });
    await writeFile(path.join(top, name), content);
  }
  return top;
}

test("put hands files over and ends in a total", async (t) => {
  const server = await peer(t, storeAll);
  const cwd = await folder({ "a.txt": "abc", 日本: "de" });

  const { status, out, err } = await run(["put", "a.txt", "日本", server.target], { cwd });

  assert.deepEqual([status, err], [0, ""]);
  assert.match(
    out,
    /^sent {2}a\.txt {2}3 bytes {2}not confirmed\nsent {2}日本 {2}2 bytes {2}not confirmed\ntotal {2}2 files/,
  );
  assert.equal((await server.results())[0]["a.txt"], "abc");
});

test("put --separately uses a connection for each file", async (t) => {
  const server = await peer(t, storeAll, storeAll);
  const cwd = await folder({ a: "1", b: "2" });

  const { status } = await run(["put", "--separately", "--reply", "-q", "a", "b", server.target], { cwd });

  assert.equal(status, 0);
  assert.deepEqual(await server.results(), [{ a: "1" }, { b: "2" }]);
});

test("put -r sends the files in folders, and none in place of another", async (t) => {
  const server = await peer(t, storeAll);
  const cwd = await folder({ "f/a": "1", "f/g/b": "2", "f/h/a": "3" });

  const { status, err } = await run(["put", "-r", "f", server.target], { cwd });

  assert.equal(status, 1);
  assert.match(err, /not sent: it would replace .*f.a under the name a/);
  assert.deepEqual(await server.results(), [{ a: "1", b: "2" }]);
});

test("put - sends standard input", async (t) => {
  const server = await peer(t, storeAll, storeAll);

  assert.equal((await run(["put", "-", "--name", "n", server.target], { input: "abc" })).status, 0);
  assert.equal((await run(["put", "-", "--name", "n", "--size", "2", server.target], { input: "abc" })).status, 0);

  assert.deepEqual(await server.results(), [{ n: "abc" }, { n: "ab" }]);
});

test("an error reply is shown safely, and is a failure", async (t) => {
  const server = await peer(t, async (conversation) => {
    await conversation.readRequest();
    conversation.reply({ status: "error", code: "storage", message: "disk\u001b[31m\nfull\u202e", closing: false });
  });
  const cwd = await folder({ a: "1" });

  const { status, out, err } = await run(["put", "--reply", "a", server.target], { cwd });

  assert.deepEqual([status, out], [1, ""]);
  assert.equal(err, "jhup-client: a: the server said error [storage]: disk\\u{1b}[31m\\u{a}full\\u{202e}\n");
});

for (const [args, status, words] of [
  [[], 2, "expected a command"],
  [["get", "a", "127.0.0.1:1"], 2, "no such command 'get'"],
  [["put", "127.0.0.1:1"], 2, "FILE is missing"],
  [["put", "a", "nonsense"], 2, "'nonsense' is not an address"],
  [["put", "a", "udp://127.0.0.1:1"], 2, "uploads need a byte stream"],
  [["put", "--timeout", "0", "a", "127.0.0.1:1"], 2, "more than 0"],
  [["put", "--name", "n", "a", "b", "127.0.0.1:1"], 2, "--name is for a single FILE"],
  [["put", "--size", "1", "a", "127.0.0.1:1"], 2, "--size is for standard input"],
  [["put", "-", "127.0.0.1:1"], 2, "- has no name of its own"],
  [["put", "--tls-key", "a", "a", "127.0.0.1:1"], 2, "--tls-key without --tls-cert"],
  [["put", "--unknown", "a", "127.0.0.1:1"], 2, "Unknown option '--unknown'"],
  [["stat", "--reply", "a", "127.0.0.1:1"], 2, "--reply is for put"],
  [["put", "missing", "127.0.0.1:1"], 1, "missing: no such file"],
  [["hello", "127.0.0.1:1"], 3, "can't connect to 127.0.0.1:1: connection refused"],
]) {
  test(`jhup-client ${args.join(" ")} ends with ${status} and one line`, async () => {
    const { status: actual, out, err } = await run(args);

    assert.deepEqual([actual, out], [status, ""]);
    assert.ok(err.includes(words), err);
    assert.equal(err.trimEnd().split("\n").length, 1);
  });
}

test("help and version are printed", async () => {
  assert.match((await run(["--help"])).out, /Exit status:/);
  assert.match((await run(["--version"])).out, /^jhup-client, version \d/);
});

test("everything that is exported is declared", async () => {
  const declared = await readFile(new URL("../src/index.d.ts", import.meta.url), "utf8");
  const names = [...declared.matchAll(/^export class (\w+)/gm)].map((match) => match[1]);

  assert.deepEqual(names.sort(), Object.keys(module).sort());
});
