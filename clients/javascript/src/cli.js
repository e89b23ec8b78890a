import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";

import { uploadAll } from "./batch.js";
import { Client, TIMEOUTS } from "./client.js";
import { ClientError, ConnectionFailed, FileFailed } from "./errors.js";
import { filesBelow, spooled } from "./files.js";
import { shown } from "./names.js";
import { checkSource, nameFor } from "./sources.js";
import { count, total } from "./words.js";

const OK = 0;
const FAILED = 1;
const USAGE = 2;
const UNREACHABLE = 3;
const INTERRUPTED = 130;

const HELP = `Usage: jhup-client put [OPTIONS] FILE... TARGET
       jhup-client stat [OPTIONS] NAME... TARGET
       jhup-client hello [OPTIONS] TARGET

Upload files to a JHUP server. TARGET, always the last argument, is HOST:PORT, [::1]:PORT, tls://HOST:PORT or unix:PATH.

  put                Upload each FILE under its base name; standard input if FILE is - (with --name). Without --reply a
                     file counts as handed over when all its bytes are written and the server did not reset the
                     connection; only --reply tells whether it was stored, and only of servers that offer replies.
  stat               Ask what is stored under each NAME: length and SHA-256 digest.
  hello              Ask what the server is: its name, features and limits.

Options:
  --reply            Ask the server to confirm each file, and compare digests.
  --name NAME        Store the file under this name; for a single FILE.
  --size BYTES       Length of standard input: exactly so much is sent, and nothing is stored up before.
  -r, --recursive    Upload the files in folders too, each under its base name.
  --separately       Use a connection for each file: servers of class basic need it.
  -q, --quiet        Print nothing for files that went well.
  --timeout SECONDS  How long to wait for a reply (${TIMEOUTS.reply}) or while nothing moves (${TIMEOUTS.stall}).
  --tls-ca FILE      Trust these certificates (PEM), not the system's.
  --tls-cert FILE    Our own certificate (PEM).
  --tls-key FILE     Its private key (PEM), if in another file.
  --tls-name NAME    Name that the server's certificate must carry.
  --tls-insecure     Trust any certificate. Anyone may then read and change files.
  -h, --help         Show this.
  -V, --version      Show the version.

Exit status:
  0    everything was handed over, and with --reply confirmed
  1    something failed: a file can't be sent, the server said error,
       the connection broke, a reply did not come, nothing is stored
  2    the command line is wrong; nothing was sent
  3    no connection could be made
  130  interrupted
`;

const OPTIONS = /** @type {const} */ ({
  reply: { type: "boolean" },
  name: { type: "string" },
  size: { type: "string" },
  recursive: { type: "boolean", short: "r" },
  separately: { type: "boolean" },
  quiet: { type: "boolean", short: "q" },
  timeout: { type: "string" },
  "tls-ca": { type: "string" },
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "tls-name": { type: "string" },
  "tls-insecure": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
});
const PUT_ONLY = /** @type {const} */ (["reply", "name", "size", "recursive", "separately", "quiet"]);

class Usage extends Error {}

/** @typedef {ReturnType<typeof parse>["values"]} Values */

/** @param {string[]} args */
function parse(args) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true });
}

/** @param {string} line */
const say = (line) => process.stdout.write(`${line}\n`);
/** @param {string} line */
const sayError = (line) => process.stderr.write(`jhup-client: ${shown(line)}\n`);

/**
 * Run the command.
 *
 * @param {string[]} args of the command line, without the program's name
 * @returns {Promise<number>} the exit status
 */
export async function main(args) {
  const aborting = new AbortController();
  const interrupt = () => aborting.abort();
  process.once("SIGINT", interrupt);
  process.stdout.on("error", () => {}); // when nobody reads results any more the work goes on
  try {
    return await run(args, aborting.signal);
  } catch (error) {
    return failure(error, aborting.signal);
  } finally {
    process.off("SIGINT", interrupt);
  }
}

/** @param {unknown} error @param {AbortSignal} signal */
function failure(error, signal) {
  if (signal.aborted) {
    sayError("interrupted");
    return INTERRUPTED;
  }
  if (error instanceof ClientError) {
    sayError(error.message);
    return error instanceof ConnectionFailed ? UNREACHABLE : FAILED;
  }
  const isUsage = error instanceof Usage || String(/** @type {any} */ (error)?.code).startsWith("ERR_PARSE_ARGS");
  if (!isUsage) throw error;
  sayError(`${/** @type {Error} */ (error).message}; see jhup-client --help`);
  return USAGE;
}

/** @param {string[]} args @param {AbortSignal} signal */
async function run(args, signal) {
  const { values, positionals } = parse(args);
  if (values.help || values.version) {
    say(values.help ? HELP.trimEnd() : `jhup-client, version ${version()}`);
    return OK;
  }
  const [command, ...rest] = positionals;
  const target = rest.pop();
  switch (command) {
    case "put":
      return put(values, rest, target, signal);
    case "stat":
      return ask(command, values, rest, target, (client) => sayStored(client, rest, signal));
    case "hello":
      return ask(command, values, rest, target, (client) => sayGreeting(client, signal));
    case undefined:
      throw new Usage("expected a command: put, stat or hello");
    default:
      throw new Usage(`no such command '${command}'; expected put, stat or hello`);
  }
}

function version() {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

/** @param {Values} values @param {string | undefined} target */
function clientOf(values, target) {
  if (target === undefined) throw new Usage("TARGET is missing");
  const seconds = values.timeout === undefined ? undefined : Number(values.timeout);
  if (seconds !== undefined && !(seconds > 0))
    throw new Usage(`--timeout ${values.timeout}: expected seconds, more than 0`);
  if (values["tls-key"] !== undefined && values["tls-cert"] === undefined)
    throw new Usage("--tls-key without --tls-cert");
  for (const option of /** @type {const} */ (["tls-ca", "tls-cert", "tls-key"])) checkReadable(option, values[option]);
  try {
    return new Client(target, {
      timeouts:
        seconds === undefined ? {} : { connect: Math.min(seconds, TIMEOUTS.connect), stall: seconds, reply: seconds },
      tls: {
        caFile: values["tls-ca"],
        certificate: values["tls-cert"],
        key: values["tls-key"],
        serverName: values["tls-name"],
        insecure: values["tls-insecure"],
      },
    });
  } catch (error) {
    throw new Usage(/** @type {Error} */ (error).message);
  }
}

/** @param {string} option @param {string | undefined} file */
function checkReadable(option, file) {
  try {
    if (file !== undefined) readFileSync(file);
  } catch {
    throw new Usage(`--${option} ${file}: can't be read`);
  }
}

/**
 * @param {Values} values @param {string[]} files @param {string | undefined} target @param {AbortSignal} signal
 */
async function put(values, files, target, signal) {
  const client = clientOf(values, target);
  const size = values.size === undefined ? undefined : Number(values.size);
  if (!files.length) throw new Usage("FILE is missing");
  if (values.name !== undefined && files.length > 1)
    throw new Usage(`--name is for a single FILE, not for ${files.length}`);
  if (size !== undefined && !(values.size?.match(/^\d+$/) && Number.isSafeInteger(size))) {
    throw new Usage(`--size ${values.size}: expected a number of bytes`);
  }
  if (!files.includes("-")) {
    if (size !== undefined) throw new Usage("--size is for standard input: FILE is not -");
    const paths = values.recursive ? await filesBelow(files) : files;
    if (!paths.length) throw new FileFailed(`no files in ${files.join(", ")}`);
    return upload(
      client,
      paths.map((source) => ({ source, label: source, name: values.name })),
      values,
      signal,
    );
  }
  if (values.name === undefined)
    throw new Usage("- has no name of its own: add --name, and upload nothing else with it");
  const file = { label: "-", name: values.name };
  if (size !== undefined) return upload(client, [{ ...file, source: process.stdin, size }], values, signal);
  return spooled((source) => upload(client, [{ ...file, source }], values, signal), signal);
}

/** @param {Client} client @param {import("./batch.js").File[]} files @param {Values} values @param {AbortSignal} signal */
async function upload(client, files, values, signal) {
  let status = OK;
  const began = performance.now();
  const good = [];
  /** @type {Map<string, string>} */
  const first = new Map();
  for (const file of files) {
    try {
      await checkSource(file.source, file.name);
      const name = nameFor(file.source, file.name);
      const before = first.get(name) ?? file.label;
      if (before !== file.label) throw new FileFailed(`not sent: it would replace ${before} under the name ${name}`);
      first.set(name, before);
      good.push(file);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      sayFailure(error, file.label);
      status = FAILED;
    }
  }
  const sizes = [];
  for await (const { file, result, error } of uploadAll(client, good, {
    reply: values.reply ?? false,
    separately: values.separately ?? false,
    signal,
  })) {
    if (error instanceof ConnectionFailed) {
      if (status !== UNREACHABLE) sayError(error.message); // once for all the files that are left
      status = UNREACHABLE;
    } else if (error) {
      sayFailure(error, file.label);
      status ||= FAILED;
    } else {
      sizes.push(result.filesize);
      const done = result.isStored ? ["stored", `sha256 ${result.sha256}`] : ["sent", "not confirmed"];
      if (!values.quiet) say(`${done[0]}  ${shown(result.filename)}  ${count(result.filesize)}  ${done[1]}`);
    }
  }
  if (files.length > 1 && sizes.length && !values.quiet)
    say(total(sizes, files.length, (performance.now() - began) / 1000));
  return status;
}

/** @param {Error} error @param {string} label */
function sayFailure({ message }, label) {
  const before = `${shown(label)}: `;
  sayError(message.startsWith(before) ? message : before + message);
}

/**
 * @param {string} command @param {Values} values @param {string[]} names @param {string | undefined} target
 * @param {(client: Client) => Promise<number>} work
 */
function ask(command, values, names, target, work) {
  const stray = PUT_ONLY.find((option) => values[option] !== undefined);
  if (stray) throw new Usage(`--${stray} is for put, not for ${command}`);
  if (command === "hello" && names.length) throw new Usage("hello takes nothing but TARGET");
  if (command === "stat" && !names.length) throw new Usage("NAME or TARGET is missing");
  return work(clientOf(values, target));
}

/** @param {Client} client @param {string[]} names @param {AbortSignal} signal */
async function sayStored(client, names, signal) {
  let status = OK;
  for (const name of names) {
    const stored = await client.stat(name, { signal });
    if (stored) {
      say(`${shown(name)}  ${count(stored.filesize)}  sha256 ${stored.sha256}`);
    } else {
      sayError(`${name}: not stored`);
      status = FAILED;
    }
  }
  return status;
}

/** @param {Client} client @param {AbortSignal} signal */
async function sayGreeting(client, signal) {
  const { server, protocol, features, maxHeader, maxFilesize } = await client.hello({ signal });
  say(`server        ${shown(server)}`);
  say(`protocol      ${protocol}`);
  say(`features      ${features.map(shown).join(", ")}`);
  say(`max_header    ${count(maxHeader)}`);
  say(`max_filesize  ${maxFilesize === null ? "what the store can hold" : count(maxFilesize)}`);
  return OK;
}
