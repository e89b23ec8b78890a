import { ErrorReply, WrongReply } from "./errors.js";

const MAX_HEADER = 65_536;
const MAX_REPLY = 1_048_576;
const CODES = new Set([
  "malformed",
  "bad-filename",
  "too-large",
  "storage",
  "not-found",
  "unknown-command",
  "busy",
  "internal",
]);
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Prefix and header of a request (CLIENT-1, CLIENT-2).
 *
 * @param {{cmd: string, filename?: string, filesize?: number, reply?: true}} members
 * @returns {Buffer}
 */
export function writeRequest(members) {
  const header = Buffer.from(JSON.stringify(members), "utf8");
  if (header.length > MAX_HEADER)
    throw new RangeError(`a header of ${header.length} bytes; ${MAX_HEADER} are the most`);
  const prefix = Buffer.alloc(4);
  prefix.writeInt32LE(header.length);
  return Buffer.concat([prefix, header]);
}

/** Takes bytes as they come, and yields the members of each reply. */
export class ReplyReader {
  /** @type {Buffer} */
  #bytes = Buffer.alloc(0);

  /** Whether a reply has begun and not ended. */
  get isInside() {
    return this.#bytes.length > 0;
  }

  /**
   * @param {Buffer} data
   * @returns {Generator<Record<string, unknown>>}
   * @throws {WrongReply} what came is no reply (REPLY-4)
   */
  *receive(data) {
    this.#bytes = this.isInside ? Buffer.concat([this.#bytes, data]) : data;
    while (this.#bytes.length >= 4) {
      const length = this.#bytes.readInt32LE();
      if (length < 2 || length > MAX_REPLY)
        throw new WrongReply(notAReply(`its prefix is ${length}`), { clause: "REPLY-4" });
      if (this.#bytes.length < 4 + length) return;
      const header = this.#bytes.subarray(4, 4 + length);
      this.#bytes = this.#bytes.subarray(4 + length);
      yield readObject(header);
    }
  }
}

/** @param {string} why */
function notAReply(why) {
  return `what the server sent is not a reply: ${why}`;
}

/** @param {Buffer} header @returns {Record<string, unknown>} */
function readObject(header) {
  let value;
  try {
    value = JSON.parse(UTF8.decode(header));
  } catch (cause) {
    throw new WrongReply(notAReply("it is not JSON in UTF-8"), { clause: "REPLY-4", cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WrongReply(notAReply("it is not an object"), { clause: "REPLY-4" });
  }
  return value;
}

/**
 * The meaning of a reply: an error, or the members as they are when its status is "ok". Unknown members are ignored
 * (EXT-1); an unknown code is taken for "internal" (EXT-2).
 *
 * @param {Record<string, unknown>} members
 * @returns {ErrorReply | Record<string, unknown>}
 */
export function readReply(members) {
  const { status, code, message, closing } = members;
  if (status === "ok") return members;
  if (status !== "error") throw new WrongReply(notAReply("its status is neither ok nor error"), { clause: "REPLY-14" });
  if (typeof code !== "string" || typeof message !== "string" || typeof closing !== "boolean") {
    throw new WrongReply(notAReply("an error needs code, message and closing"), { clause: "REPLY-14" });
  }
  return new ErrorReply(CODES.has(code) ? code : "internal", message, closing);
}

/**
 * The members of a reply to a put or a stat that says what is stored.
 *
 * @param {Record<string, unknown>} members
 * @returns {{filename: string, filesize: number, sha256: string}}
 */
export function readStored({ filename, filesize, sha256 }) {
  if (typeof filename !== "string" || typeof filesize !== "number" || !Number.isInteger(filesize) || filesize < 0) {
    throw new WrongReply("the server answered without filename and filesize", { clause: "REPLY-6" });
  }
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new WrongReply("the server answered without a digest", { clause: "REPLY-6" });
  }
  return { filename, filesize, sha256 };
}

/**
 * The members of a reply to a hello.
 *
 * @param {Record<string, unknown>} members
 */
export function readGreeting({ protocol, server, features, max_header: maxHeader, max_filesize: maxFilesize }) {
  if (protocol !== 1) throw new WrongReply("the server speaks another version of the protocol", { clause: "REPLY-12" });
  const named = Array.isArray(features) && features.every((each) => typeof each === "string");
  if (typeof server !== "string" || !named || !features.includes("replies") || typeof maxHeader !== "number") {
    throw new WrongReply("the server's greeting lacks server, features or max_header", { clause: "REPLY-12" });
  }
  if (maxFilesize !== null && typeof maxFilesize !== "number") {
    throw new WrongReply("the server's greeting lacks max_filesize", { clause: "REPLY-12" });
  }
  return { protocol, server, features, maxHeader, maxFilesize };
}
