import { setImmediate as nextTurn } from "node:timers/promises";

import { ConnectionLost } from "./errors.js";

/** Bytes written at a time; each such piece renews the time-out of a slow server. */
const PIECE = 64 * 1024;

/**
 * One connection: writes with backpressure, reads all the while, so that neither side waits for the other (CLIENT-12),
 * and waits for nothing without a bound.
 */
export class Wire {
  #socket;
  #stall;
  #take;
  /** @type {Set<(error: unknown) => void>} */
  #waiting = new Set();
  /** @type {Set<() => void>} */
  #listening = new Set();
  /** @type {unknown} */
  #failure;
  #isOver = false;
  #hasEnded = false;

  /**
   * @param {import("node:net").Socket} socket connected
   * @param {{stall: number, take: (data: Buffer) => void}} options `stall`: seconds without a byte being taken;
   *   `take` is given what the server says, and may throw to end what is under way
   */
  constructor(socket, { stall, take }) {
    this.#socket = socket;
    this.#stall = stall;
    this.#take = take;
    socket.on("data", (data) => this.#receive(data));
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#news();
    });
    socket.on("error", (error) => this.fail(lost(error)));
    socket.on("close", () => this.fail(new ConnectionLost("the connection is closed", { clause: "CLIENT-14" })));
  }

  /** Whether the server's end of stream was seen. */
  get hasEnded() {
    return this.#hasEnded;
  }

  /** Whether nothing went wrong, and `close` was not called. */
  get isOpen() {
    return !this.#isOver;
  }

  /**
   * Write all of the bytes; resolved when they were taken.
   *
   * @param {Uint8Array} data
   * @throws {ConnectionLost} reset, closed, or nothing taken for too long (CLIENT-13, CLIENT-14)
   */
  async write(data) {
    for (let at = 0; at < data.length; at += PIECE) {
      await nextTurn(); // an error reply is read before the error that follows it
      if (this.#hasEnded) {
        throw this.fail(
          new ConnectionLost("the server closed the connection before all bytes were handed over", {
            clause: "CLIENT-14",
          }),
        );
      }
      await this.#write(data.subarray(at, at + PIECE));
    }
  }

  /** @param {Uint8Array} piece @returns {Promise<void>} */
  #write(piece) {
    return this.#bounded(this.#stall, (resolve) => this.#socket.write(piece, (error) => error || resolve()));
  }

  /**
   * Half-close, and wait for a reset that would tell that the server did not take all bytes (CLIENT-15).
   *
   * @param {number} seconds how long to wait; a server that closes in answer to the half-close ends the wait at once
   */
  async settle(seconds) {
    await nextTurn();
    if (this.#hasEnded) {
      // Node.js looks at a stream no more once it has ended, so look again by writing nothing.
      await this.#quiet(seconds);
      await this.#write(new Uint8Array());
      await this.halfClose();
      return;
    }
    await this.halfClose();
    await this.until(
      () => this.#hasEnded,
      () => seconds,
    );
  }

  /** End our direction. @returns {Promise<void>} */
  halfClose() {
    return this.#bounded(this.#stall, (resolve) => this.#socket.end(() => resolve()));
  }

  /**
   * Wait until something is so, as far as what the server says makes it so.
   *
   * @param {() => boolean} isSo asked again whenever something came, and at the end of the stream
   * @param {() => number} seconds how long to wait from now on; asked again whenever something came
   * @returns {Promise<boolean>} false when the time is over, or the stream
   */
  until(isSo, seconds) {
    return this.guard(
      new Promise((resolve) => {
        /** @type {NodeJS.Timeout | undefined} */
        let timer;
        const done = (/** @type {boolean} */ value) => {
          clearTimeout(timer);
          this.#listening.delete(look);
          resolve(value);
        };
        const look = () => {
          clearTimeout(timer);
          if (isSo()) done(true);
          else if (this.#hasEnded || this.#isOver) done(false);
          else timer = setTimeout(done, seconds() * 1000, false);
        };
        this.#listening.add(look);
        look();
      }),
    );
  }

  /**
   * Wait for something else, but no longer than the connection lasts.
   *
   * @template T
   * @param {Promise<T>} promise
   * @returns {Promise<T>}
   */
  guard(promise) {
    return new Promise((resolve, reject) => {
      if (this.#isOver) {
        reject(this.#failure);
        return;
      }
      this.#waiting.add(reject);
      promise.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  /**
   * Give the connection up because of an error, unless it is over already.
   *
   * @param {unknown} error
   * @returns {unknown} the first error
   */
  fail(error) {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#failure = error;
      this.#socket.destroy();
      for (const reject of this.#waiting) reject(error);
      this.#news();
    }
    return this.#failure;
  }

  /** Give the connection up without waiting. What was written still goes out. */
  close() {
    this.fail(new ConnectionLost("the connection is closed"));
  }

  /** @param {Buffer} data */
  #receive(data) {
    try {
      this.#take(data);
    } catch (error) {
      this.fail(error);
    }
    this.#news();
  }

  #news() {
    for (const look of [...this.#listening]) look();
  }

  /** @param {number} seconds @returns {Promise<void>} */
  #quiet(seconds) {
    return this.guard(new Promise((resolve) => setTimeout(resolve, seconds * 1000)));
  }

  /**
   * @param {number} seconds
   * @param {(resolve: () => void) => void} begin
   * @returns {Promise<void>}
   */
  #bounded(seconds, begin) {
    /** @type {NodeJS.Timeout} */
    let timer;
    const done = new Promise((/** @type {(value: void) => void} */ resolve) => {
      timer = setTimeout(() => this.fail(stuck(seconds)), seconds * 1000);
      begin(resolve);
    });
    return this.guard(done).finally(() => clearTimeout(timer));
  }
}

/** @param {number} seconds */
function stuck(seconds) {
  return new ConnectionLost(`the server took no bytes for ${seconds} s`, { clause: "CLIENT-13" });
}

/** @param {NodeJS.ErrnoException} cause */
function lost(cause) {
  const reset = cause.code === "ECONNRESET" || cause.code === "EPIPE";
  const reason = reset ? "the server reset the connection" : `the connection broke: ${cause.message}`;
  return new ConnectionLost(reason, { clause: "CLIENT-14", cause });
}
