"""What the specification leaves to a server, as a value: every "either", and the limits and habits of serving."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Final, get_type_hints

__all__ = ["ALTERNATIVES", "Choices"]

ALTERNATIVES: Final[dict[str, tuple[str, ...]]] = {
    # Chapter 3
    "mark": ("ignore", "malformed"),
    "integral": ("take", "malformed"),
    "rounded": ("take", "malformed"),
    "minus_zero": ("take", "malformed"),
    "big": ("exact", "too-large", "malformed"),
    "huge": ("malformed", "too-large"),
    "duplicates": ("last", "malformed"),
    "unknown_duplicates": ("ignore", "malformed"),
    "extremes": ("ignore", "malformed"),
    "surrogate_command": ("malformed", "unknown"),
    # Chapters 4 to 6
    "surrogate_name": ("refuse", "malformed"),
    "refused_body": ("consume", "close"),
    "taken": ("refuse", "replace"),
    "ending": ("linger", "abrupt"),
    # Chapter 7
    "idle": ("none", "30", "120"),
    "excess": ("wait", "close"),
    "connections": ("unbounded", "32", "40"),
    # Chapter 8
    "replies": ("yes", "no"),
    "error_timing": ("after", "before"),
    "stat_of_others": ("not-found", "storage"),
    "closing": ("false", "true"),
    "truncated_reply": ("silence", "reply"),
    "loose_reply": ("silence", "reply"),
    "twice_reply": ("silence", "reply"),
    # Limits and habits
    "max_filesize": ("none", "0", "1", "1000", "5000"),
    "max_header": ("65536", "100000", "1048576"),
    "names": ("plain", "encoded"),
    "commit": ("at-once", "timer"),
    "pace": ("fast", "slow"),
}
"""The words of each choice; the first is that of the plain variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What one variant does where several ways are right.

    Attributes:
        mark: what a byte order mark before the object is (HEAD-5).
        integral: what ``3.0`` and ``3e0`` are (HEAD-15).
        rounded: what a fraction is whose nearest double is an integer (HEAD-16).
        minus_zero: what ``-0`` is (HEAD-15).
        big: what becomes of a filesize from 2^53 on (HEAD-13).
        huge: what a filesize of 2^63 or more is (HEAD-14).
        duplicates: what one of the four members is that stands twice (HEAD-17).
        unknown_duplicates: what other names are that stand twice (HEAD-18).
        extremes: what deep nesting, long numbers and lone surrogates in ignored members are (HEAD-19).
        surrogate_command: what a cmd with a lone surrogate is (HEAD-10).
        surrogate_name: what becomes of a name with one (NAME-8).
        refused_body: whether the body of a refused put is consumed; closing is against ERR-10, a SHOULD.
        taken: what becomes of a put under a name that a link, a FIFO or a device has (NAME-11).
        ending: how a connection is ended; at once, with input unread, is against ERR-13, a SHOULD.
        idle: seconds of silence after which a connection is closed (CONN-4).
        excess: what becomes of connections beyond ``connections``.
        connections: how many are served at a time (CONN-2).
        replies: whether there are any (section 8.1).
        error_timing: whether the error of a refused put comes before or after its body (REPLY-25).
        stat_of_others: the error of a stat of something that is not a stored file (NAME-11).
        closing: what ``closing`` of an error is that may be either.
        truncated_reply: whether a truncated put that asked is answered (REPLY-23).
        loose_reply: whether NaN, bytes after the object, and extremes are answered (REPLY-22).
        twice_reply: whether a request is answered that says ``reply`` twice (REPLY-22).
        max_filesize: limit of a body in bytes (REPLY-13).
        max_header: limit of a header in bytes (FRAME-13).
        names: whether files have the names of bodies, or encoded ones.
        commit: whether bodies get their names at once, or by a timer of 200 ms.
        pace: whether 5 ms pass before each step.
    """

    mark: str = "ignore"
    integral: str = "take"
    rounded: str = "take"
    minus_zero: str = "take"
    big: str = "exact"
    huge: str = "malformed"
    duplicates: str = "last"
    unknown_duplicates: str = "ignore"
    extremes: str = "ignore"
    surrogate_command: str = "malformed"
    surrogate_name: str = "refuse"
    refused_body: str = "consume"
    taken: str = "refuse"
    ending: str = "linger"
    idle: str = "none"
    excess: str = "wait"
    connections: str = "unbounded"
    replies: str = "yes"
    error_timing: str = "after"
    stat_of_others: str = "not-found"
    closing: str = "false"
    truncated_reply: str = "silence"
    loose_reply: str = "silence"
    twice_reply: str = "silence"
    max_filesize: str = "none"
    max_header: str = "65536"
    names: str = "plain"
    commit: str = "at-once"
    pace: str = "fast"

    def __post_init__(self) -> None:
        for name, word in self.pairs():
            if word not in ALTERNATIVES[name]:
                raise ValueError(f"{name}={word}: expected one of {', '.join(ALTERNATIVES[name])}")

    @classmethod
    def read(cls, words: list[str]) -> "Choices":
        """Read ``NAME=WORD`` for each choice that is not the first.

        Raises:
            ValueError: naming the word that is wrong.
        """
        pairs = dict(word.partition("=")[::2] for word in words)
        if unknown := pairs.keys() - ALTERNATIVES.keys():
            raise ValueError(f"no choice is called {', '.join(sorted(unknown))}")
        return replace(cls(), **pairs)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the word of each choice."""
        for each in fields(self):
            yield each.name, getattr(self, each.name)

    def words(self) -> tuple[str, ...]:
        """Return what `read` reads: the choices that are not the first."""
        return tuple(f"{name}={word}" for name, word in self.pairs() if word != ALTERNATIVES[name][0])

    def __str__(self) -> str:
        return " ".join(self.words()) or "plain"

    @property
    def most_bytes(self) -> int:
        """The limit of a body in bytes."""
        if self.max_filesize != "none":
            return int(self.max_filesize)
        return 2**53 - 1 if self.big == "too-large" else 2**63 - 1

    @property
    def warned(self) -> frozenset[str]:
        """The clauses of level SHOULD that this variant does not keep."""
        broken = set()
        if self.refused_body == "close":
            broken.add("ERR-10")
        if self.ending == "abrupt":
            broken.add("ERR-13")
        return frozenset(broken)


assert set(ALTERNATIVES) == set(get_type_hints(Choices))
