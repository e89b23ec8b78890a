import { FileFailed } from "./errors.js";

const MAX_NAME = 255;

/**
 * What is wrong with a name, and the clause of chapter 4 that it breaks; undefined for a valid one.
 *
 * @param {string} name
 * @returns {{clause: string, reason: string} | undefined}
 */
export function nameFault(name) {
  if (name === "") return { clause: "NAME-3", reason: "the name is empty" };
  if (/[\u0000-\u001f\u007f]/.test(name)) return { clause: "NAME-5", reason: "the name has a control character" };
  if (/[/\\]/.test(name))
    return { clause: "NAME-6", reason: "the name has a '/' or a '\\': a name is one path component" };
  if (name === "." || name === "..") return { clause: "NAME-7", reason: `the name is '${name}'` };
  if (/\p{Surrogate}/u.test(name)) return { clause: "NAME-8", reason: "the name has a lone surrogate" };
  const size = Buffer.byteLength(name);
  if (size > MAX_NAME) {
    return { clause: "NAME-4", reason: `the name is ${size} bytes long in UTF-8, more than ${MAX_NAME}` };
  }
  return undefined;
}

/**
 * Return the name if something can be stored under it (CLIENT-8).
 *
 * @param {string} name
 * @throws {FileFailed}
 */
export function checkName(name) {
  const fault = nameFault(name);
  if (fault)
    throw new FileFailed(`${shown(name)}: not a name to store under: ${fault.reason}`, { clause: fault.clause });
  return name;
}

/** A name or message as a terminal can show it: anything that it would act on becomes an escape. @param {string} text */
export function shown(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`);
}
