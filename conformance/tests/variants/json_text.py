"""Reads a JSON object by a scanner and a stack of its own: text of numbers, repeated names and depth stay visible.

No recursion and no library reader is involved, so that what one of those gets wrong can't hide in here.
"""

import re
from dataclasses import dataclass, field
from typing import Final, TypeAlias

__all__ = ["NotAnObject", "NotJson", "Number", "Object", "Value", "read_object"]

_TOKEN: Final = re.compile(
    r"""[ \t\n\r]*(?:
        (?P<sign>[{}\[\]:,])
      | "(?P<text>(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9A-Za-z.])
      | (?P<word>true|false|null|NaN|-?Infinity)\b
    )""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Final = {"true": True, "false": False, "null": None}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DEPTH: Final = 64
_LONGEST_NUMBER: Final = 20


class NotJson(ValueError):
    """The text is not JSON."""


class NotAnObject(NotJson):
    """The text is JSON, but no object."""


class Number(str):
    """A number as it is written."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Nested:
    """Stands for an array or an object inside the outermost one."""


Value: TypeAlias = str | Number | bool | Nested | None


@dataclass(slots=True)
class Object:
    """The outermost object.

    Attributes:
        members: its names and values in order, repeated ones too.
        extreme: names of members whose value holds what HEAD-19 calls an extreme, or that are one.
        repeats: names of members inside whose value a name stands twice.
        has_constant: whether NaN or an infinity is anywhere.
        has_more: whether anything but white space follows.
    """

    members: list[tuple[str, Value]] = field(default_factory=list)
    extreme: set[str] = field(default_factory=set)
    repeats: set[str] = field(default_factory=set)
    has_constant: bool = False
    has_more: bool = False

    def last(self, name: str) -> Value:
        """Return the last value of a name, None where there is none."""
        return dict(self.members).get(name)

    def count(self, name: str) -> int:
        return sum(each == name for each, _ in self.members)


def read_object(text: str) -> Object:
    """Read an object that may hold NaN and be followed by other things, which is noted.

    Raises:
        NotAnObject: when the text is another JSON value.
        NotJson: when it is none.
    """
    return _Scanner(text).read()


@dataclass(slots=True)
class _Level:
    """A container that is not closed yet; `names` is None for an array."""

    names: set[str] | None
    name: str = ""
    wants: str = "first"  # first, name, colon, value or next


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.levels: list[_Level] = []
        self.found = Object()

    def read(self) -> Object:
        kind, token = self.next_token()
        if (kind, token) != ("sign", "{"):
            raise NotAnObject("the header is no object")
        self.levels.append(_Level(set()))
        while self.levels:
            self.step(*self.next_token())
        self.found.has_more = bool(self.text[self.at :].strip(" \t\n\r"))
        return self.found

    def next_token(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.at)
        if match is None or match.lastgroup is None:
            raise NotJson(f"no JSON at character {self.at}")
        self.at = match.end()
        return match.lastgroup, match[match.lastgroup]

    def step(self, kind: str, token: str) -> None:
        level = self.levels[-1]
        if kind == "sign" and token in "}]":
            self.close(level, token)
        elif level.wants == "colon" and token == ":" and kind == "sign":
            level.wants = "value"
        elif level.wants == "next" and token == "," and kind == "sign":
            level.wants = "value" if level.names is None else "name"
        elif level.names is not None and level.wants in {"first", "name"} and kind == "text":
            self.name(level, unescape(token))
        elif level.wants == "value" or (level.names is None and level.wants == "first"):
            level.wants = "next"
            self.value(kind, token)
        else:
            raise NotJson(f"{token!r} was not expected before character {self.at}")

    def close(self, level: _Level, sign: str) -> None:
        if level.wants not in {"first", "next"} or (sign == "]") != (level.names is None):
            raise NotJson(f"{sign!r} was not expected before character {self.at}")
        self.levels.pop()

    def name(self, level: _Level, name: str) -> None:
        level.name, level.wants = name, "colon"
        if level.names is not None:
            if name in level.names and len(self.levels) > 1:
                self.found.repeats.add(self.levels[0].name)
            level.names.add(name)
        if _SURROGATE.search(name):
            self.found.extreme.add(self.levels[0].name)

    def value(self, kind: str, token: str) -> None:
        outer = self.levels[0].name
        at_top = len(self.levels) == 1
        read: Value = Nested()
        if kind == "sign":
            if token not in "{[":
                raise NotJson(f"{token!r} was not expected before character {self.at}")
            self.levels.append(_Level(set() if token == "{" else None))
            if len(self.levels) > _DEPTH:
                self.found.extreme.add(outer)
        elif kind == "text":
            read = unescape(token)
            if _SURROGATE.search(read):
                self.found.extreme.add(outer)
        elif kind == "number":
            read = Number(token)
            if is_extreme(token):
                self.found.extreme.add(outer)
        elif token in _WORDS:
            read = _WORDS[token]
        else:
            self.found.has_constant = True
        if at_top:
            self.found.members.append((outer, read))


def is_extreme(number: str) -> bool:
    """Tell whether a number has many digits or a huge exponent (section 3.4)."""
    exponent = number.lower().partition("e")[2].lstrip("+-")
    return len(number) > _LONGEST_NUMBER or len(exponent) > 2 or (number.lstrip("-").isdigit() and is_out(int(number)))


def is_out(value: int) -> bool:
    return not -(2**63) <= value < 2**63


def unescape(text: str) -> str:
    """Return the characters of a string between its quotation marks; pairs of surrogates are one character."""
    if "\\" not in text:
        return text
    units = _ESCAPE.sub(lambda match: chr(int(match[1], 16)) if match[1] else _SHORT.get(match[2], match[2]), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
