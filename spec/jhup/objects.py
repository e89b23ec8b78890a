"""JSON as this protocol reads and writes it: strict where Python's `json` is lenient (sections 3.1 and 3.2)."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from jhup.errors import Malformed

__all__ = ["BYTE_ORDER_MARK", "NumberText", "dump_object", "integer_value", "load_object", "quote_text"]


BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""U+FEFF in UTF-8. RFC 8259 (8.1) lets a reader skip one before the object; this one doesn't (HEAD-5)."""


class NumberText(str):
    """A number as it was written: one with a fraction or an exponent, or of so many digits that no size has them.

    Python would round the one and refuse the other; both have to be judged by what was written (HEAD-14 to HEAD-16).
    """

    __slots__ = ()


_NUMBER: Final = re.compile(r"-?(?P<whole>\d+)(?:\.(?P<fraction>\d+))?(?:[eE](?P<exponent>[+-]?\d+))?", re.ASCII)


def integer_value(number: str) -> int | None:
    """Return the value of a JSON number that is an integer, exactly and in time linear in its length.

    Args:
        number: as it is written, with a fraction or an exponent or without.

    Returns:
        None when the value is not an integer; one of more than 40 digits comes as 10^40 with its sign.
    """
    match = _NUMBER.fullmatch(number)
    if match is None:
        return None
    fraction = match["fraction"] or ""
    digits = (match["whole"] + fraction).lstrip("0")
    if not digits:
        return 0
    significant = digits.rstrip("0")
    tens = _exponent(match["exponent"] or "0") - len(fraction) + len(digits) - len(significant)
    if tens < 0:
        return None
    magnitude = int(significant + "0" * tens) if len(significant) + tens <= _DIGITS else 10**_DIGITS
    return -magnitude if number.startswith("-") else magnitude


def _exponent(text: str) -> int:
    """Read an exponent; one of very many digits as a large one of the same sign, which no header can make up for."""
    digits = text.lstrip("+-").lstrip("0") or "0"
    magnitude = int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
    return -magnitude if text.startswith("-") else magnitude


class _NotJson(ValueError):
    """NaN and the infinities, which Python reads by default."""


def _refuse_constant(name: str) -> NoReturn:
    raise _NotJson(name)


def _bounded_int(digits: str) -> int | NumberText:
    return int(digits) if len(digits) <= _DIGITS else NumberText(digits)


_DIGITS: Final = 40  # more than 2^63 has, fewer than any limit of the interpreter
_decoder: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=NumberText)
_decode_long = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=NumberText, parse_int=_bounded_int).decode
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_encode_escaped = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def load_object(header: bytes) -> dict[str, Any]:
    """Read the bytes of a header as one JSON object.

    Of a name that stands more than once the last value is kept (HEAD-17). Numbers that are no integers of a
    bounded size come as `NumberText`.

    Args:
        header: the bytes that the prefix counts.

    Raises:
        Malformed: HEAD-4 to HEAD-9; HEAD-19 for what is JSON but too deep or too long to be read.
    """
    try:
        # Not json.loads(bytes): that guesses UTF-16 and UTF-32, and skips a byte order mark in UTF-8.
        text = str(header, "utf-8")
        try:
            value, end = _decoder.raw_decode(text) if text.startswith("{") else (None, 0)
            if end != len(text):  # white space around it, or what doesn't belong there; looking for it costs much
                value = _decoder.decode(text)
        except ValueError as error:
            if isinstance(error, json.JSONDecodeError | _NotJson):
                raise
            value = _decode_long(text)  # an integer of more digits than the interpreter turns into one
    except UnicodeDecodeError as error:
        raise Malformed("HEAD-4", f"the header is not UTF-8: {error.reason} at byte {error.start}") from None
    except _NotJson as error:
        raise Malformed("HEAD-9", f"the header holds {error}, which is not JSON") from None
    except json.JSONDecodeError as error:
        raise _syntax_fault(header, error) from None
    except RecursionError:
        raise Malformed("HEAD-19", "the header is nested deeper than this reader takes") from None
    if type(value) is not dict:
        raise Malformed("HEAD-8", f"the header is not a JSON object but {_kind(value)}")
    return value


def _syntax_fault(header: bytes, error: json.JSONDecodeError) -> Malformed:
    if header.startswith(BYTE_ORDER_MARK) and not header.startswith(2 * BYTE_ORDER_MARK):
        return Malformed("HEAD-5", "the header begins with a byte order mark")
    if error.msg == "Extra data":
        return Malformed("HEAD-7", f"the header goes on after its value, at character {error.pos}")
    return Malformed("HEAD-6", f"the header is not JSON: {error.msg} at character {error.pos}")


def _kind(value: object) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")  # an int or a NumberText


def quote_text(text: str) -> str:
    """Write a string as JSON, in quotes, characters raw; a lone surrogate is still one."""
    return _encode(text)


def dump_object(members: Mapping[str, Any]) -> bytes:
    """Write members as a header: compact, in the order given, characters raw where UTF-8 can express them.

    A lone surrogate is written as an escape, so that a program can say what its peer said.
    """
    try:
        return _encode(members).encode()
    except UnicodeEncodeError:
        return _encode_escaped(members).encode()
