const HOST_PORT = /^(?:\[([^[\]]+)\]|([^:[\]/]+)):(\d{1,5})$/;
const FORMS = "HOST:PORT, [::1]:PORT, tcp://HOST:PORT, tls://HOST:PORT or unix:PATH";

/** @typedef {{text: string, tls: boolean, host: string, port: number, path: string}} Address */

/**
 * Read an address as people write it.
 *
 * @param {string} text
 * @returns {Address}
 * @throws {RangeError} with a line that names what was wrong and what was expected
 */
export function parseAddress(text) {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length).replace(/^\/\//, "");
    if (!path) throw new RangeError(`'${text}' has no path after 'unix:'`);
    return { text, tls: false, host: "", port: 0, path };
  }
  const scheme = /^(.*):\/\//.exec(text)?.[1] ?? "tcp";
  if (/^(udp|unixgram)\b/.test(text)) throw new RangeError(`'${text}': uploads need a byte stream, not datagrams`);
  if (scheme !== "tcp" && scheme !== "tls") {
    throw new RangeError(`'${text}': unknown scheme '${scheme}'; expected ${FORMS}`);
  }
  const match = HOST_PORT.exec(text.replace(/^.*:\/\//, ""));
  if (!match) throw new RangeError(`'${text}' is not an address; expected ${FORMS}`);
  const port = Number(match[3]);
  if (port > 65535) throw new RangeError(`'${text}': port ${port} is above 65535`);
  return { text, tls: scheme === "tls", host: match[1] ?? match[2], port, path: "" };
}
