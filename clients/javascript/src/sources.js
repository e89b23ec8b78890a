import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { FileFailed } from "./errors.js";
import { checkName, nameFault, shown } from "./names.js";

/** Bytes read from a file at a time, and so the memory that a body takes. */
const PIECE = 64 * 1024;

/**
 * A body to send: how many bytes, and where they come from. `pieces` may yield more or fewer bytes than `size`.
 *
 * @typedef {{size: number, pieces: () => AsyncIterable<Uint8Array>, close: () => Promise<void>}} Body
 */

/** @param {unknown} source @returns {source is string | URL} */
const isPath = (source) => typeof source === "string" || source instanceof URL;

/** @param {string | URL} source */
const pathOf = (source) => (source instanceof URL ? fileURLToPath(source) : source);

/**
 * The name to store a source under: its base name, without any folder, or the one asked for (CLIENT-3).
 *
 * @param {unknown} source
 * @param {string} [name]
 * @throws {FileFailed} when it is not a valid name (CLIENT-8)
 */
export function nameFor(source, name) {
  if (name !== undefined) return checkName(name);
  if (!isPath(source)) throw new FileFailed("a stream has no name; give it as name");
  const text = pathOf(source);
  const base = path.basename(text);
  const fault = nameFault(base);
  if (fault) throw new FileFailed(`${shown(text)}: can't be stored: ${fault.reason}`, { clause: fault.clause });
  return base;
}

/**
 * Check, before connecting, whatever can be checked without opening the source.
 *
 * @param {unknown} source
 * @param {string} [name]
 * @throws {FileFailed}
 */
export async function checkSource(source, name) {
  nameFor(source, name);
  if (isPath(source)) await checkFile(pathOf(source));
}

/** @param {string} text */
async function checkFile(text) {
  const status = await stat(text).catch((cause) => {
    throw unusable(text, cause);
  });
  if (!status.isFile())
    throw new FileFailed(`${shown(text)}: is ${status.isDirectory() ? "a folder" : "no regular file"}`);
}

/** @param {string} text @param {NodeJS.ErrnoException} cause */
function unusable(text, cause) {
  const reasons = { ENOENT: "no such file", EACCES: "permission denied", ENAMETOOLONG: "the path is too long" };
  const reason = reasons[/** @type {keyof typeof reasons} */ (cause.code)] ?? cause.code ?? cause.message;
  return new FileFailed(`${shown(text)}: ${reason}`, { cause });
}

/**
 * Open a source and fix how many bytes of it are its body.
 *
 * @param {unknown} source a path, a file URL, bytes, a Blob, or a stream or other iterable of bytes, which needs `size`
 * @param {number} [size] bytes
 * @returns {Promise<Body>}
 * @throws {FileFailed}
 */
export async function openBody(source, size) {
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new FileFailed(`a size of ${size}; expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  if (isPath(source)) return openFile(pathOf(source), size);
  if (source instanceof Uint8Array) return bodyOf(size ?? source.byteLength, [source]);
  if (source instanceof Blob) return bodyOf(size ?? source.size, source.stream());
  if (!isIterable(source)) throw new FileFailed("expected a path, a file URL, bytes, a Blob, or a stream of bytes");
  if (size === undefined) throw new FileFailed("the size of a stream can't be known beforehand; give it as size");
  return bodyOf(size, source);
}

/** @param {unknown} source @returns {source is AsyncIterable<unknown> | Iterable<unknown>} */
function isIterable(source) {
  return typeof source === "object" && source !== null && (Symbol.asyncIterator in source || Symbol.iterator in source);
}

/** @param {number} size @param {any} source @returns {Body} */
function bodyOf(size, source) {
  return { size, pieces: () => bytesOf(source), close: async () => {} };
}

/** @param {AsyncIterable<unknown> | Iterable<unknown>} source */
async function* bytesOf(source) {
  for await (const piece of source) {
    if (!(piece instanceof Uint8Array)) throw new FileFailed("the stream yields something else than bytes");
    yield piece;
  }
}

/** @param {string} text @param {number} [size] @returns {Promise<Body>} */
async function openFile(text, size) {
  await checkFile(text); // before it is opened: opening a FIFO waits
  const file = await open(text, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause) => {
    throw unusable(text, cause);
  });
  const status = await file.stat();
  async function* pieces() {
    const buffer = Buffer.allocUnsafe(PIECE);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, PIECE, null).catch((cause) => {
        throw unusable(text, cause);
      });
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead); // it was taken when the next is asked for
    }
  }
  return { size: size ?? status.size, pieces, close: () => file.close() };
}
