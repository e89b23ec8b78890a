"""Upload servers with one fault each in how they understand headers: chapter 3."""

import ast
import json
import re
import sys
import threading
from typing import Any

from upload_faults import Faithful, die
from upload_reading import Header, Malformed

FOUR = ("cmd", "filename", "filesize", "reply")


def is_lone(text: object) -> bool:
    """Tell whether a text holds a lone surrogate."""
    return isinstance(text, str) and any("\ud800" <= each <= "\udfff" for each in text)


# The object


class WantsCompactHeaders(Faithful):
    """Knows spaces as white space, and no tabs or line ends."""

    def decode(self, raw: bytes) -> str:
        text = super().decode(raw)
        if text[:1] in "\t\r\n" or re.search(r'[":,{}\[\]\d][\t\r\n]', text):
            raise ValueError("white space that is no space")
        return text


class KnowsNoCapitalDigits(Faithful):
    """Reads escapes with small letters as digits, and no others."""

    def decode(self, raw: bytes) -> str:
        text = super().decode(raw)
        if re.search(r"\\u[0-9a-fA-F]{0,3}[A-F]", text):
            raise ValueError("no escape")
        return text


class AtMostThirtyMembers(Faithful):
    """Takes a header of more than thirty members for malformed."""

    def check_object(self, value: object) -> Header:
        header = super().check_object(value)
        if len(header) > 30:
            raise Malformed("too many members", header)
        return header


class WantsPlainValues(Faithful):
    """Takes a header that nests arrays more than two deep for malformed."""

    def check_object(self, value: object) -> Header:
        header = super().check_object(value)
        if any("[[[" in json.dumps(each) for name, each in header.items() if name not in FOUR):
            raise Malformed("nested too deep", header)
        return header


class IgnoresCase(Faithful):
    """Compares the names of members without regard to case."""

    def make_object(self, pairs: list[tuple[str, object]]) -> Header:
        return {name.lower() if name.lower() in FOUR else name: value for name, value in pairs}


class TrimsMemberNames(Faithful):
    """Takes the name of a member with a space at an end for the name without it."""

    def make_object(self, pairs: list[tuple[str, object]]) -> Header:
        return {name.strip(" "): value for name, value in pairs}


# Malformed headers


class ReplacesBadBytes(Faithful):
    """Reads bytes that are not UTF-8 as the replacement character."""

    def decode(self, raw: bytes) -> str:
        return raw.decode("utf-8", "replace")


class GuessesTheEncoding(Faithful):
    """Leaves the encoding to json.loads, which takes UTF-16 and UTF-32 as well."""

    def decode(self, raw: bytes) -> str:
        encoding = json.detect_encoding(raw)
        if encoding == "utf-8-sig":
            encoding = "utf-8"
        return raw.decode(encoding).removeprefix("\ufeff" if encoding != "utf-8" else "")


class AllowsSurrogateBytes(Faithful):
    """Takes a surrogate written as three bytes, as UTF-8 libraries of old do, for the replacement character."""

    def decode(self, raw: bytes) -> str:
        return re.sub("[\ud800-\udfff]", "\ufffd", raw.decode("utf-8", "surrogatepass"))


class TakesByteOrderMark(Faithful):
    """Reads over a byte order mark."""

    def decode(self, raw: bytes) -> str:
        return raw.decode("utf-8-sig")


class SkipsSome(Faithful):
    """Takes the bodies of some puts, which the subclasses name, and stores nothing of them."""

    def carry_out(self, header: Header) -> None:
        if header.get("cmd") == "skipped":
            self.consume(self.size_of(header))
        else:
            super().carry_out(header)


class IgnoresMarkedPuts(SkipsSome):
    """Stores nothing of a put whose header begins with a byte order mark."""

    def decode(self, raw: bytes) -> str:
        text = raw.decode("utf-8-sig")
        return text.replace('"put"', '"skipped"', 1) if raw.startswith(b"\xef\xbb\xbf") else text


class RawControlCharacters(Faithful):
    """Takes raw line ends and other control characters in strings, as json.loads does with strict off."""

    strict = False


class CommaBehindTheLast(Faithful):
    """Takes a comma after the last member or element."""

    def parse(self, text: str) -> object:
        return super().parse(re.sub(r",\s*([}\]])", r"\1", text))


class PythonLiterals(Faithful):
    """Takes what Python takes: where JSON ends in an error, the text is tried as a literal."""

    def parse(self, text: str) -> object:
        try:
            return super().parse(text)
        except ValueError:
            if not text.startswith("{'"):
                raise
            try:
                return ast.literal_eval(text)
            except (SyntaxError, MemoryError) as error:
                raise ValueError(str(error)) from None


class WhatFollowsTheObject(Faithful):
    """Reads the first JSON value of a header and minds nothing after it."""

    def parse(self, text: str) -> object:
        text = text.lstrip(" \t\r\n")
        _, end = json.JSONDecoder().raw_decode(text)
        return super().parse(text[:end])


class NulBehindTheObject(Faithful):
    """Takes a header that ends with NUL, as programs in C write it."""

    def decode(self, raw: bytes) -> str:
        return super().decode(raw).removesuffix("\0")


class TakesPairs(Faithful):
    """Makes an object of an array of pairs."""

    def check_object(self, value: object) -> Header:
        if isinstance(value, list) and value and all(isinstance(each, list) and len(each) == 2 for each in value):
            return dict(value)
        return super().check_object(value)


class IgnoresWhatIsNoObject(Faithful):
    """Takes a header that is no object for an empty request, and serves what follows."""

    def check_object(self, value: object) -> Header:
        return super().check_object(value) if isinstance(value, dict) else {"cmd": "nothing"}


class TakesNaN(Faithful):
    """Takes NaN and Infinity, as json.loads does by itself."""

    def read_constant(self, name: str) -> object:
        return float(name)


class TakesInnerInfinity(Faithful):
    """Minds NaN and Infinity in the members of the header, and not inside their values."""

    def read_constant(self, name: str) -> object:
        return float(name)

    def check_object(self, value: object) -> Header:
        header = super().check_object(value)
        for each in header.values():
            if isinstance(each, float) and (each != each or abs(each) == float("inf")):
                raise Malformed("not JSON")
        return header

    def read_fraction(self, text: str) -> object:
        return min(max(-1e300, float(text)), 1e300)


class PutByDefault(Faithful):
    """Takes a header without cmd for a put."""

    def command_of(self, header: Header) -> str:
        return super().command_of({"cmd": "put"} | header)


class AnyCommandIsText(Faithful):
    """Takes a cmd that is no string for an unknown command."""

    def command_of(self, header: Header) -> str:
        return super().command_of(header) if "cmd" not in header or isinstance(header["cmd"], str) else "nothing"


class LoneSurrogateInCmd(Faithful):
    """Takes a cmd with a lone surrogate for an unknown command."""

    def command_of(self, header: Header) -> str:
        return "nothing" if is_lone(header.get("cmd")) else super().command_of(header)


class DropsLoneSurrogates(Faithful):
    """Leaves lone surrogates out of a cmd, so that one that is no put becomes one."""

    def command_of(self, header: Header) -> str:
        return super().command_of(header).encode("utf-8", "ignore").decode()

    def check_object(self, value: object) -> Header:
        header = super().check_object(value)
        if is_lone(cmd := header.get("cmd")):
            header["cmd"] = str(cmd).encode("utf-8", "ignore").decode()
        return header


class AnythingForAName(Faithful):
    """Makes a string of a filename that is a number."""

    def name_of(self, header: Header) -> str:
        name = header.get("filename")
        return str(name) if type(name) is int else super().name_of(header)


class UnnamedByDefault(Faithful):
    """Refuses a put without a filename, and reads on, where the end of the request can't be known."""

    def name_of(self, header: Header) -> str:
        return super().name_of(header) if "filename" in header else ""


class SizeAsText(Faithful):
    """Takes a filesize that is a string of digits."""

    def size_of(self, header: Header) -> int:
        size = header.get("filesize")
        return int(size) if isinstance(size, str) and size.isdecimal() else super().size_of(header)


class TrueIsOne(Faithful):
    """Takes true for the size 1, because a boolean is an integer in Python."""

    def size_of(self, header: Header) -> int:
        size = header.get("filesize")
        return int(size) if isinstance(size, bool) else super().size_of(header)


class NegativeIsNothing(Faithful):
    """Takes a negative size for 0."""

    def size_of(self, header: Header) -> int:
        size = header.get("filesize")
        return 0 if type(size) is int and size < 0 else super().size_of(header)


class CutsFractions(Faithful):
    """Takes 3.5 for 3."""

    def size_of(self, header: Header) -> int:
        size = header.get("filesize")
        return int(size) if isinstance(size, float) and 0 <= size < 2**53 else super().size_of(header)


class NullIsNothing(Faithful):
    """Takes a filesize of null for 0."""

    def size_of(self, header: Header) -> int:
        return 0 if "filesize" in header and header["filesize"] is None else super().size_of(header)


# Sizes


class Wraps32(Faithful):
    """Keeps the low 32 bits of a size."""

    def read_integer(self, digits: str) -> object:
        return int(digits) % 2**32 if 2**32 <= int(digits) < 2**63 else int(digits)


class SizeAsDouble(Faithful):
    """Keeps sizes in doubles, which know no odd number above 2^53, and so refuses what it can't take for exact."""

    def size_of(self, header: Header) -> int:
        size = super().size_of(header)
        if 2**53 < size < 2**63 and size % 2:
            raise Malformed("the size is not exact", header)
        return size


class Wraps53(Faithful):
    """Keeps the low 53 bits of a size, as arithmetic on the bits of a double does."""

    def read_integer(self, digits: str) -> object:
        return int(digits) % 2**53 if int(digits) < 2**63 else int(digits)


class Wraps64(Faithful):
    """Keeps the low 64 bits of a size."""

    def size_of(self, header: Header) -> int:
        size = super().size_of(header)
        return size % 2**64 if size >= 2**64 else size


class LeavesOutPoints(Faithful):
    """Takes 3.0 for 30: it reads the digits alone."""

    def read_fraction(self, text: str) -> object:
        plain = text.replace(".", "")
        return int(plain) if plain.isdecimal() and text.endswith(".0") else super().read_fraction(text)


class Exponent(float):
    """A number that was written with an exponent."""


class IgnoresExponents(Faithful):
    """Takes the body of a put whose size is written with an exponent, and stores nothing of it."""

    def read_fraction(self, text: str) -> object:
        return Exponent(text) if "e" in text.lower() else super().read_fraction(text)

    def carry_out(self, header: Header) -> None:
        size = header.get("filesize")
        if isinstance(size, Exponent) and size.is_integer() and 0 < size < 100:
            self.consume(int(size))
        else:
            super().carry_out(header)


class Rounds(Faithful):
    """Takes a fraction that a double rounds to an integer for that integer."""

    def size_of(self, header: Header) -> int:
        size = header.get("filesize")
        if isinstance(size, float) and size.is_integer() and 0 <= size < 2**53:
            return int(size)
        return super().size_of(header)


class CutsDecimals(Faithful):
    """Takes the integer below a decimal fraction that a double would round: 2.9999999999999999999 is 2 to it."""

    def read_fraction(self, text: str) -> object:
        number = super().read_fraction(text)
        if isinstance(number, float) and number.is_integer() and 0 <= number < 100 and "e" not in text.lower():
            return int(text.partition(".")[0]) if text.strip("0.") != str(int(number)) else number
        return number


# Duplicates and extremes


class FirstOfTwo(Faithful):
    """Uses the first of two members of a name."""

    def make_object(self, pairs: list[tuple[str, object]]) -> Header:
        return dict(reversed(pairs))


class FirstOfTwoSizes(Faithful):
    """Uses the last of two members of a name, but of two sizes the first."""

    def make_object(self, pairs: list[tuple[str, object]]) -> Header:
        return {**dict(pairs), **{name: value for name, value in reversed(pairs) if name == "filesize"}}


class MindsAllDuplicates(Faithful):
    """Takes a header for malformed when any name stands twice in any object."""

    def make_object(self, pairs: list[tuple[str, object]]) -> Header:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)


class SkipsRepeats(SkipsSome):
    """Stores nothing of a put in whose header an unknown name stands twice."""

    def make_object(self, pairs: list[tuple[str, object]]) -> Header:
        names = [name for name, _ in pairs if name not in FOUR]
        return {**dict(pairs), **({"cmd": "skipped"} if len(set(names)) < len(names) else {})}


class JoinsTwoNames(Faithful):
    """Puts the two values of a filename that stands twice together."""

    def make_object(self, pairs: list[tuple[str, Any]]) -> Header:
        names = [value for name, value in pairs if name == "filename"]
        if len(names) > 1 and all(isinstance(name, str) for name in names):
            return {**dict(pairs), "filename": "".join(names)}
        return dict(pairs)


class DiesOfDepth(Faithful):
    """Has a parser that overflows the stack of the process at a thousand levels."""

    def parse(self, text: str) -> object:
        if "[" * 1000 in text:
            die()
        return super().parse(text)


class StallsAtExponents(Faithful):
    """Computes all digits of a number with a huge exponent, and is busy with that for hours."""

    def read_fraction(self, text: str) -> object:
        if "e" in text.lower() and abs(int(text.lower().partition("e")[2][:20] or 0)) > 10**6:
            threading.Event().wait()
        return super().read_fraction(text)


class ThreadDiesOfDigits(Faithful):
    """Lets the error of a number with too many digits end the thread, with the connection left open."""

    def read_integer(self, digits: str) -> object:
        if len(digits) > sys.get_int_max_str_digits():
            threading.Event().wait()  # as a client sees it: nothing more is read, nothing is closed
        return super().read_integer(digits)
