"""Print what Python's `json` makes of the inputs of section 3.6: a JSON object from the title of a row to the cell."""

import json
import platform
import sys
from typing import Any

HEADER = '{"filename":"a","filesize":%s}'


def read(header: bytes | str) -> Any:
    return json.loads(header)


def size(text: str) -> str:
    try:
        value = read(HEADER % text)["filesize"]
    except ValueError:
        return "error"
    if isinstance(value, float):
        return f"{value:g}"
    return {str: "a text", type(None): "null"}.get(type(value), "exact" if str(value) == text else "rounds")


def depth() -> str:
    """Return the order of magnitude of the depth from which on reading fails."""
    for levels in (1_000, 2_000, 10_000, 100_000, 1_000_000):
        try:
            read("[" * levels + "]" * levels)
        except RecursionError:
            return f"RecursionError by {levels:,}"
    return "1,000,000 passes"


def attempt(header: bytes | str, kept: str) -> str:
    try:
        read(header)
    except ValueError:
        return "error"
    return kept


def cells() -> dict[str, str]:
    marked = b"\xef\xbb\xbf{}"
    infinite = read('{"x":1e400}')["x"]
    return {
        "a name twice": {1: "first", 2: "last"}[read('{"a":1,"a":2}')["a"]],
        "`Filename` for `filename`": "another name" if "filename" not in read('{"Filename":1}') else "the same",
        "`3.0`": "3.0, a float" if type(read("3.0")) is float else "?",
        "`3.0000000000000000001`": "3.0, a float" if read("3.0000000000000000001") == 3.0 else "?",
        "`3.7`": size("3.7"),
        '`"3"`': size('"3"'),
        "null, absent": f"{size('null')}, absent",
        "2^53+1": size(str(2**53 + 1)),
        "2^63": size(str(2**63)),
        "`1e400` in an unknown member": str(infinite),
        "`NaN`": attempt('{"x":NaN}', "accepted"),
        "a lone surrogate": attempt('"\\ud800"', "kept"),
        "bytes that are not UTF-8": attempt(b'{"x":"\xff"}', "passed on"),
        "UTF-16": "bytes: " + attempt("{}".encode("utf-16-le"), "read"),
        "a byte order mark": f"bytes: {attempt(marked, 'skipped')}; text: {attempt(marked.decode(), 'skipped')}",
        "bytes after the object": attempt("{}x", "left"),
        "an unknown member": "kept" if "x" in read('{"x":1}') else "ignored",
        "depth": depth(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"version": platform.python_version(), "cells": cells()}, indent=1))
