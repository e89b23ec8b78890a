import { createHash } from "node:crypto";

import { ClientError, ConnectionLost, DigestDiffers, ErrorReply, FileShrank, NoReply, WrongReply } from "./errors.js";
import { readGreeting, readReply, readStored, ReplyReader, writeRequest } from "./frames.js";
import { checkName, shown } from "./names.js";
import { nameFor, openBody } from "./sources.js";
import { Wire } from "./wire.js";

/** How many times its time-out a reply may take although something comes all the while. */
const REPLY_BOUND = 10;

/**
 * An open connection: any number of requests, one after the other; not two at a time.
 *
 * Puts without a reply are known to be handed over only when `finish` has resolved (CLIENT-15).
 */
export class Connection {
  #wire;
  #timeouts;
  #reader = new ReplyReader();
  /** @type {{answer?: Record<string, unknown> | ErrorReply} | undefined} */
  #owed;
  #hasUnconfirmed = false;
  #isBusy = false;

  /**
   * @param {import("node:net").Socket} socket
   * @param {import("./index.js").Timeouts} timeouts
   */
  constructor(socket, timeouts) {
    this.#timeouts = timeouts;
    this.#wire = new Wire(socket, { stall: timeouts.stall, take: (data) => this.#take(data) });
  }

  /** Whether requests can be made. After most errors they can't. */
  get isOpen() {
    return this.#wire.isOpen && !this.#wire.hasEnded;
  }

  /**
   * Upload a source; see index.d.ts for the options.
   *
   * @param {import("./index.js").Source} source
   * @param {import("./index.js").PutOptions} [options]
   * @returns {Promise<import("./index.js").Put>}
   */
  async put(source, { name, size, reply = false, signal, progress } = {}) {
    const filename = nameFor(source, name);
    const body = await openBody(source, size);
    try {
      return await this.#exclusively(signal, () => this.#put({ filename, body, reply, progress }));
    } finally {
      await body.close();
    }
  }

  /**
   * Ask what is stored under a name.
   *
   * @param {string} name
   * @param {{signal?: AbortSignal}} [options]
   */
  async stat(name, { signal } = {}) {
    checkName(name);
    try {
      const answer = await this.#exclusively(signal, () => this.#ask({ cmd: "stat", filename: name, reply: true }));
      const stored = readStored(answer);
      if (stored.filename !== name) throw this.#wire.fail(other(stored));
      return stored;
    } catch (error) {
      if (error instanceof ErrorReply && error.code === "not-found") return undefined;
      throw error;
    }
  }

  /**
   * Ask what the server is.
   *
   * @param {{signal?: AbortSignal}} [options]
   */
  async hello({ signal } = {}) {
    return readGreeting(await this.#exclusively(signal, () => this.#ask({ cmd: "hello", reply: true })));
  }

  /**
   * End the connection in order: half-close, and see that no reset comes.
   *
   * @param {{signal?: AbortSignal}} [options]
   * @throws {ConnectionLost} when puts without a reply may not have been handed over
   */
  async finish({ signal } = {}) {
    if (!this.#wire.isOpen) {
      // A reset may have come since the last put returned: it is as bad as one that comes during the wait.
      if (this.#hasUnconfirmed) await this.#wire.guard(Promise.resolve());
      return;
    }
    await this.#exclusively(signal, () => this.#end());
  }

  /** Give the connection up at once. */
  abort() {
    this.#wire.close();
  }

  async #end() {
    if (this.#hasUnconfirmed) {
      await this.#wire.settle(this.#timeouts.settle);
      this.#hasUnconfirmed = false;
    } else {
      await this.#wire.halfClose().catch(() => {}); // nothing is left that could be lost
    }
    this.#wire.close();
  }

  /**
   * @param {{filename: string, body: import("./sources.js").Body, reply: boolean,
   *   progress?: (news: import("./index.js").Progress) => void}} put
   * @returns {Promise<import("./index.js").Put>}
   */
  async #put({ filename, body, reply, progress }) {
    const filesize = body.size;
    const digest = reply ? createHash("sha256") : undefined;
    /** @type {{answer?: Record<string, unknown> | ErrorReply}} */
    const owed = {};
    if (reply) this.#owed = owed;
    /** @param {number} sent */
    const report = (sent) => progress?.({ filename, sent, filesize });
    report(0);
    await this.#send(writeRequest({ cmd: "put", filename, filesize, ...(reply && { reply }) }), body, digest, report);
    if (!digest) {
      this.#hasUnconfirmed = true;
      return { filename, filesize, isStored: false };
    }
    if (owed.answer && !(owed.answer instanceof ErrorReply)) throw this.#wire.fail(early());
    return { ...this.#confirmed(await this.#answer(owed), filename, filesize, digest.digest("hex")), isStored: true };
  }

  /**
   * Send a header and exactly the bytes that it announces (CLIENT-4, CLIENT-5).
   *
   * @param {Uint8Array} header
   * @param {import("./sources.js").Body} body
   * @param {import("node:crypto").Hash | undefined} digest
   * @param {(sent: number) => void} report
   */
  async #send(header, body, digest, report) {
    let head = header;
    let sent = 0;
    const pieces = body.pieces()[Symbol.asyncIterator]();
    try {
      while (sent < body.size) {
        const { done, value } = await this.#wire.guard(pieces.next());
        if (done) throw await this.#cut(body.size, sent);
        const piece = value.subarray(0, body.size - sent);
        digest?.update(piece);
        await this.#wire.write(head.length ? Buffer.concat([head, piece]) : piece);
        head = new Uint8Array();
        sent += piece.length;
        report(sent);
      }
      if (head.length) await this.#wire.write(head);
    } catch (error) {
      if (!(error instanceof FileShrank)) this.#wire.fail(error); // the connection may be inside the body
      throw error;
    } finally {
      Promise.resolve(pieces.return?.()).catch(() => {}); // not waited for: a source that hangs would hang us
    }
  }

  /** End the connection inside a body, but not the puts before it. @param {number} size @param {number} sent */
  async #cut(size, sent) {
    this.#owed = undefined;
    await this.#end().catch(() => {});
    this.#wire.close();
    return new FileShrank(`it ended after ${sent} of the ${size} bytes announced`, { clause: "CLIENT-5" });
  }

  /** @param {Record<string, unknown>} answer @param {string} filename @param {number} filesize @param {string} sha256 */
  #confirmed(answer, filename, filesize, sha256) {
    try {
      const stored = readStored(answer);
      if (stored.filename !== filename || stored.filesize !== filesize) throw other(stored);
      if (stored.sha256 !== sha256) {
        const reason = `the server stored other bytes: SHA-256 ${stored.sha256}, sent were ${sha256}`;
        throw new DigestDiffers(reason, { clause: "CLIENT-16" });
      }
      return stored;
    } catch (error) {
      if (!(error instanceof DigestDiffers)) this.#wire.fail(error); // it can't be trusted to be in step any more
      throw error;
    }
  }

  /** @param {Parameters<typeof writeRequest>[0]} request */
  async #ask(request) {
    const owed = {};
    this.#owed = owed;
    await this.#wire.write(writeRequest(request));
    return this.#answer(owed);
  }

  /** @param {{answer?: Record<string, unknown> | ErrorReply}} owed */
  async #answer(owed) {
    const { reply: patience } = this.#timeouts;
    const bound = performance.now() + patience * 1000 * REPLY_BOUND;
    const seconds = () => Math.min(patience, Math.max(0, (bound - performance.now()) / 1000));
    await this.#wire.until(() => owed.answer !== undefined, seconds);
    if (owed.answer === undefined) throw this.#wire.fail(this.#noReply(patience));
    if (owed.answer instanceof ErrorReply) throw owed.answer;
    return owed.answer;
  }

  /** @param {number} seconds */
  #noReply(seconds) {
    const ended = `the server closed the connection ${this.#reader.isInside ? "inside" : "without"} a reply`;
    const late = `no reply within ${seconds} s: the file may be stored all the same; not every server replies`;
    return new NoReply(this.#wire.hasEnded ? ended : late, { clause: "CLIENT-16" });
  }

  /** @param {Buffer} data */
  #take(data) {
    if (!this.#owed) return; // unsolicited bytes break CONN-1, and are ignored
    for (const members of this.#reader.receive(data)) {
      const owed = this.#owed;
      if (!owed) return;
      this.#owed = undefined;
      owed.answer = readReply(members);
      if (owed.answer instanceof ErrorReply && owed.answer.closing) throw owed.answer;
    }
  }

  /**
   * @template T
   * @param {AbortSignal | undefined} signal
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #exclusively(signal, work) {
    if (this.#isBusy) throw new ClientError("the connection is busy with another request; await that first");
    if (!this.#wire.isOpen) throw new ConnectionLost("the connection is closed");
    signal?.throwIfAborted();
    const abort = () => this.#wire.fail(signal?.reason);
    signal?.addEventListener("abort", abort);
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
      signal?.removeEventListener("abort", abort);
    }
  }
}

/** @param {{filename: string, filesize: number}} stored */
function other({ filename, filesize }) {
  return new WrongReply(`the server answered something else: ${filesize} bytes stored as ${shown(filename)}`, {
    clause: "REPLY-6",
  });
}

function early() {
  return new WrongReply("the server answered that it stored the file before it had all of it", { clause: "REPLY-7" });
}
