import { parseAddress } from "./address.js";
import { Connection } from "./connection.js";
import { dial } from "./dial.js";
import { checkSource } from "./sources.js";

/** Seconds; see index.d.ts. */
export const TIMEOUTS = Object.freeze({ connect: 10, stall: 30, reply: 15, settle: 1 });

/** Talks to the server at one address; `connect` opens a connection for several requests. */
export class Client {
  #address;
  #timeouts;
  #tls;

  /**
   * @param {string} target HOST:PORT, [::1]:PORT, tls://HOST:PORT or unix:PATH
   * @param {import("./index.js").ClientOptions} [options]
   */
  constructor(target, { timeouts, tls } = {}) {
    this.#address = parseAddress(target);
    this.#timeouts = { ...TIMEOUTS, ...timeouts };
    this.#tls = tls ?? {};
    for (const [name, seconds] of Object.entries(this.#timeouts)) {
      if (!(seconds > 0)) throw new RangeError(`${name} is ${seconds} seconds, expected more than 0`);
    }
  }

  /** @param {{signal?: AbortSignal}} [options] */
  async connect({ signal } = {}) {
    const socket = await dial(this.#address, { tls: this.#tls, seconds: this.#timeouts.connect, signal });
    return new Connection(socket, this.#timeouts);
  }

  /**
   * Upload one source over a connection of its own; when resolved it was handed over, or with `reply` stored.
   *
   * @param {import("./index.js").Source} source
   * @param {import("./index.js").PutOptions} [options]
   */
  async put(source, options = {}) {
    await checkSource(source, options.name);
    return this.#once(options, (connection) => connection.put(source, options));
  }

  /** @param {string} name @param {{signal?: AbortSignal}} [options] */
  stat(name, options = {}) {
    return this.#once(options, (connection) => connection.stat(name, options));
  }

  /** @param {{signal?: AbortSignal}} [options] */
  hello(options = {}) {
    return this.#once(options, (connection) => connection.hello(options));
  }

  /**
   * @template T
   * @param {{signal?: AbortSignal}} options
   * @param {(connection: Connection) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #once({ signal }, work) {
    const connection = await this.connect({ signal });
    try {
      const result = await work(connection);
      await connection.finish({ signal });
      return result;
    } finally {
      connection.abort();
    }
  }
}
