import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

import { ConnectionFailed } from "./errors.js";

const REASONS = /** @type {Record<string, string>} */ ({
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "unknown host",
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
});

/**
 * Connect to a server.
 *
 * @param {import("./address.js").Address} address
 * @param {{tls: import("./index.js").TlsOptions, seconds: number, signal?: AbortSignal}} options
 * @returns {Promise<net.Socket>} open, paused, half-open allowed
 * @throws {ConnectionFailed} refused, unknown host, no answer in time, or no trust (CLIENT-14)
 */
export async function dial(address, { tls: trust, seconds, signal }) {
  signal?.throwIfAborted();
  const socket = begin(address, trust);
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
      const abort = () => reject(signal?.reason);
      signal?.addEventListener("abort", abort);
      const done = (/** @type {() => void} */ settle) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        settle();
      };
      socket.once(address.tls ? "secureConnect" : "connect", () => done(() => resolve(undefined)));
      socket.once("error", (error) => done(() => reject(error)));
    });
  } catch (cause) {
    socket.on("error", () => {}); // whatever else is said of it, it is over
    socket.destroy();
    signal?.throwIfAborted();
    throw failed(address, cause);
  }
  socket.removeAllListeners("error");
  socket.setNoDelay(true);
  return socket;
}

/** @param {import("./address.js").Address} address @param {import("./index.js").TlsOptions} trust */
function begin(address, trust) {
  if (address.path) return net.connect({ path: address.path, allowHalfOpen: true });
  if (!address.tls) return net.connect({ host: address.host, port: address.port, allowHalfOpen: true });
  const name = trust.serverName ?? address.host;
  try {
    /** @type {import("node:tls").ConnectionOptions & {allowHalfOpen: boolean}} */
    const options = {
      host: address.host,
      port: address.port,
      allowHalfOpen: true,
      ca: content(trust.caFile),
      cert: content(trust.certificate),
      key: content(trust.key ?? trust.certificate),
      servername: net.isIP(name) ? "" : name,
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(name, certificate),
      rejectUnauthorized: !trust.insecure,
    };
    return tls.connect(options);
  } catch (cause) {
    throw failed(address, cause);
  }
}

/** @param {string | undefined} file */
const content = (file) => (file === undefined ? undefined : readFileSync(file));

/** @param {{text: string}} address @param {any} cause */
function failed(address, cause) {
  const one = cause?.errors?.[0] ?? cause; // of an AggregateError, when a host has several addresses
  const reason = REASONS[one?.code] ?? one?.message ?? String(one);
  return new ConnectionFailed(`can't connect to ${address.text}: ${reason}`, { clause: "CLIENT-14", cause });
}
