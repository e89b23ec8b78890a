// Print what JavaScript's JSON.parse makes of the inputs of section 3.6: a JSON object from the title of a row to the cell.

const attempt = (read, kept) => {
  try {
    return kept(read());
  } catch {
    return "error";
  }
};
const size = (text) => JSON.parse(`{"filesize":${text}}`).filesize;

const depth = () => {
  for (const levels of [1_000, 10_000, 100_000, 1_000_000]) {
    try {
      JSON.parse("[".repeat(levels) + "]".repeat(levels));
    } catch {
      return `error by ${levels.toLocaleString("en")}`;
    }
  }
  return "1,000,000 passes";
};

const mark = [0xef, 0xbb, 0xbf];
const decoded = (data, options) => JSON.parse(new TextDecoder("utf-8", options).decode(data));
const cells = {
  "a name twice": { 1: "first", 2: "last" }[JSON.parse('{"a":1,"a":2}').a],
  "`Filename` for `filename`": "filename" in JSON.parse('{"Filename":1}') ? "the same" : "another name",
  "`3.0`": String(size("3.0")),
  "`3.0000000000000000001`": String(size("3.0000000000000000001")),
  "`3.7`": String(size("3.7")),
  '`"3"`': typeof size('"3"') === "string" ? "a text" : "?",
  "null, absent": `${size("null")}, absent`,
  "2^53+1": size("9007199254740993") === 2 ** 53 ? "2^53" : "exact",
  "2^63": size("9223372036854775808") === 2 ** 63 ? "2^63, a double" : "?",
  "`1e400` in an unknown member": String(size("1e400")),
  "`NaN`": attempt(() => JSON.parse("NaN"), () => "accepted"),
  "a lone surrogate": attempt(() => JSON.parse('"\\ud800"'), (text) => (text === "\ud800" ? "kept" : "U+FFFD")),
  "bytes that are not UTF-8": attempt(
    () => decoded(new Uint8Array([0x22, 0xff, 0x22])),
    (text) => (text === "\ufffd" ? "U+FFFD in a `TextDecoder` by default" : "?"),
  ),
  "UTF-16": attempt(() => decoded(new Uint8Array([0x7b, 0, 0x7d, 0])), () => "read"),
  "a byte order mark": ["TextDecoder", "toString"]
    .map((way) => {
      const data = new Uint8Array([...mark, 0x7b, 0x7d]);
      const read = way === "toString" ? () => JSON.parse(Buffer.from(data).toString()) : () => decoded(data);
      return `${way === "toString" ? "`toString`" : "`TextDecoder`"}: ${attempt(read, () => "skipped")}`;
    })
    .join("; "),
  "bytes after the object": attempt(() => JSON.parse("{}x"), () => "left"),
  "an unknown member": "x" in JSON.parse('{"x":1}') ? "kept" : "ignored",
  depth: depth(),
};

process.stdout.write(JSON.stringify({ version: process.versions.node, cells }, null, 1));
