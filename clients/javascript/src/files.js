import { createWriteStream } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { pipeline } from "node:stream/promises";

/**
 * Keep standard input in a file while it is used, as a put begins with its size.
 *
 * @param {(path: string) => Promise<number>} use
 * @param {AbortSignal} signal
 */
export async function spooled(use, signal) {
  const folder = await mkdtemp(path.join(tmpdir(), "jhup-client-"));
  try {
    const spool = path.join(folder, "input");
    await pipeline(process.stdin, createWriteStream(spool, { mode: 0o600 }), { signal });
    return await use(spool);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Return the paths, and in place of each folder the files in it, sorted. Links to folders are not followed.
 *
 * @param {string[]} paths
 * @returns {Promise<string[]>}
 */
export async function filesBelow(paths) {
  const found = [];
  for (const each of paths) {
    const isFolder = await stat(each).then(
      (status) => status.isDirectory(),
      () => false,
    );
    found.push(...(isFolder ? await filesIn(each) : [each]));
  }
  return found;
}

/** @param {string} folder @returns {Promise<string[]>} */
async function filesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  const found = [];
  for (const entry of entries) {
    const below = path.join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesIn(below)));
    else if (
      !entry.isSymbolicLink() ||
      (await stat(below).then(
        (status) => status.isFile(),
        () => true,
      ))
    )
      found.push(below);
  }
  return found;
}
