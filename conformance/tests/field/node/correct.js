// Correct, with replies: buffers what comes, stores whole bodies, one process and its event loop.
// node correct.js PORT STORAGE
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const path = require('path');

const [port, storage] = process.argv.slice(2);
const MAX_HEADER = 65536;
const WORTH_CONSUMING = 4 * 1024 * 1024;
const LINGER = 2000;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
let number = 0;

for (const entry of fs.readdirSync(storage)) {
  if (entry.startsWith('\\part-')) fs.unlinkSync(path.join(storage, entry));
}

class Malformed extends Error {
  constructor(message, header) { super(message); this.header = header; }
}

const isText = (value) => typeof value === 'string';
const isFile = (place) => fs.lstatSync(place, { throwIfNoEntry: false })?.isFile();

function isValid(name) {
  return isText(name) && name.isWellFormed() && !/[\x00-\x1f\x7f/\\]/.test(name) && name !== '.' && name !== '..'
    && name !== '' && Buffer.byteLength(name) <= 255;
}

function isTaken(name) {
  const place = path.join(storage, name);
  return fs.lstatSync(place, { throwIfNoEntry: false }) !== undefined && !isFile(place);
}

class Connection {
  constructor(socket) {
    this.socket = socket;
    this.chunks = Buffer.alloc(0);
    this.put = null;
    this.skip = 0;
    this.ending = false;
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('end', () => this.end());
    socket.on('error', () => this.drop());
    socket.on('close', () => this.drop());
  }

  receive(chunk) {
    if (this.ending) return;
    this.chunks = this.chunks.length ? Buffer.concat([this.chunks, chunk]) : chunk;
    try {
      while (!this.ending && this.step());
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.fail(error.header, 'malformed', error.message, true);
      this.close();
    }
  }

  take(count) {
    const taken = this.chunks.subarray(0, count);
    this.chunks = this.chunks.subarray(count);
    return taken;
  }

  step() {
    if (this.skip) {
      this.skip -= this.take(Math.min(this.skip, this.chunks.length)).length;
      if (this.skip) return false;
      this.fail(this.refused.header, this.refused.code, 'refused', false);
      return true;
    }
    if (this.put) return this.storePart();
    if (this.chunks.length < 4) return false;
    const length = this.chunks.readInt32LE(0);
    if (length < 2 || length > MAX_HEADER) throw new Malformed('the prefix is out of bounds');
    if (this.chunks.length < 4 + length) return false;
    this.take(4);
    this.carryOut(this.parse(this.take(length)));
    return true;
  }

  parse(raw) {
    let header;
    try {
      header = JSON.parse(decoder.decode(raw));
    } catch {
      throw new Malformed('not JSON in UTF-8');
    }
    if (header === null || typeof header !== 'object' || Array.isArray(header)) throw new Malformed('no object');
    if (!isText(header.cmd) || !header.cmd.isWellFormed()) throw new Malformed('cmd is no text', header);
    return header;
  }

  carryOut(header) {
    const { cmd } = header;
    if (cmd === 'put') this.begin(header);
    else if (cmd === 'stat') this.stat(header);
    else if (cmd === 'hello') {
      this.answer(header, { status: 'ok', protocol: 1, server: 'node', features: ['replies'], max_header: MAX_HEADER,
        max_filesize: Number.MAX_SAFE_INTEGER });
    } else this.fail(header, 'unknown-command', 'no such command', false);
  }

  begin(header) {
    const { filename, filesize } = header;
    if (!isText(filename)) throw new Malformed('filename is no text', header);
    if (!Number.isSafeInteger(filesize) || filesize < 0) throw new Malformed('filesize is no safe integer', header);
    if (!isValid(filename)) return this.refuse(header, 'bad-filename');
    if (isTaken(filename)) return this.refuse(header, 'storage');
    const place = path.join(storage, `\\part-${process.pid}-${number += 1}`);
    this.put = { header, left: filesize, place, file: fs.openSync(place, 'w'), hash: crypto.createHash('sha256') };
    return undefined;
  }

  refuse(header, code) {
    if (header.filesize > WORTH_CONSUMING) {
      this.fail(header, code, 'refused', true);
      this.close();
      return;
    }
    this.refused = { header, code };
    this.skip = header.filesize;
    if (!this.skip) this.fail(header, code, 'refused', false);
  }

  storePart() {
    const { put } = this;
    const part = this.take(Math.min(put.left, this.chunks.length));
    fs.writeSync(put.file, part);
    put.hash.update(part);
    put.left -= part.length;
    if (put.left) return false;
    this.put = null;
    fs.closeSync(put.file);
    const { filename, filesize } = put.header;
    if (isTaken(filename)) {
      fs.unlinkSync(put.place);
      this.fail(put.header, 'storage', 'something else has this name', false);
    } else {
      fs.renameSync(put.place, path.join(storage, filename));
      this.answer(put.header, { status: 'ok', filename, filesize, sha256: put.hash.digest('hex') });
    }
    return true;
  }

  stat(header) {
    const { filename } = header;
    if (!isValid(filename)) return this.fail(header, 'bad-filename', 'not a valid name', false);
    const place = path.join(storage, filename);
    if (!isFile(place)) return this.fail(header, 'not-found', 'not stored', false);
    const body = fs.readFileSync(place);
    const sha256 = crypto.createHash('sha256').update(body).digest('hex');
    return this.answer(header, { status: 'ok', filename, filesize: body.length, sha256 });
  }

  fail(header, code, message, closing) {
    this.answer(header, { status: 'error', code, message, closing });
  }

  answer(header, members) {
    if (!header || header.reply !== true) return;
    const text = Buffer.from(JSON.stringify(members));
    const prefix = Buffer.alloc(4);
    prefix.writeInt32LE(text.length);
    this.socket.write(Buffer.concat([prefix, text]));
  }

  close() {
    this.ending = true;
    this.chunks = Buffer.alloc(0);
    this.socket.end();
    setTimeout(() => this.socket.destroy(), LINGER).unref();
  }

  end() {
    this.socket.end();
    this.drop();
  }

  drop() {
    if (!this.put) return;
    fs.closeSync(this.put.file);
    fs.rmSync(this.put.place, { force: true });
    this.put = null;
  }
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => new Connection(socket));
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 512 }, () => {
  console.log(`listening tcp 127.0.0.1:${server.address().port}`);
});
