import { ClientError, ConnectionFailed } from "./errors.js";

/**
 * @typedef {{source: import("./index.js").Source, label: string, name?: string, size?: number}} File
 * @typedef {{file: File, result: import("./index.js").Put, error?: undefined}
 *   | {file: File, result?: undefined, error: ClientError}} Outcome
 */

/**
 * Upload files over one connection as long as it lasts, then over the next, and yield what came of each.
 *
 * @param {import("./client.js").Client} client
 * @param {File[]} files
 * @param {{reply: boolean, separately: boolean, signal?: AbortSignal}} options
 * @returns {AsyncGenerator<Outcome>}
 */
export async function* uploadAll(client, files, { reply, separately, signal }) {
  const queue = [...files];
  while (queue.length) {
    let connection;
    try {
      connection = await client.connect({ signal });
    } catch (error) {
      if (!(error instanceof ConnectionFailed)) throw error;
      for (const file of queue) yield { file, error };
      return;
    }
    /** @type {Outcome[]} */
    const unconfirmed = [];
    try {
      do {
        const file = /** @type {File} */ (queue.shift());
        const outcome = await outcomeOf(file, connection.put(file.source, { ...file, reply, signal }));
        if (outcome.error || reply) yield outcome;
        else unconfirmed.push(outcome);
      } while (queue.length && connection.isOpen && !separately);
      yield* await finished(connection, unconfirmed, signal);
    } finally {
      connection.abort();
    }
  }
}

/** @param {File} file @param {Promise<import("./index.js").Put>} put @returns {Promise<Outcome>} */
async function outcomeOf(file, put) {
  try {
    return { file, result: await put };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { file, error };
  }
}

/**
 * The files that were written are handed over only if the connection ends without a reset (CLIENT-15).
 *
 * @param {import("./connection.js").Connection} connection
 * @param {Outcome[]} unconfirmed
 * @param {AbortSignal} [signal]
 */
async function finished(connection, unconfirmed, signal) {
  try {
    await connection.finish({ signal });
    return unconfirmed;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return unconfirmed.map(({ file }) => ({ file, error }));
  }
}
