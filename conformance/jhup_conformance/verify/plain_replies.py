"""The plainest requests that ask for a reply: where these are not answered rightly, other clauses speak of it."""

from typing import Final

from jhup_conformance.verify.exchange import Case
from jhup_conformance.verify.stream import Talk

__all__ = ["PLAIN_REPLIES"]


def _put(talk: Talk) -> None:
    talk.put(b"abc", reply=True)


def _put_empty(talk: Talk) -> None:
    talk.put(b"", reply=True)
    _put(talk)


def _put_wide_name(talk: Talk) -> None:
    talk.put(b"abc", name=talk.new_name("-é日\U0001f600"), reply=True)
    _put(talk)


def _stat(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.put(b"abcd"), reply=True)
    _put(talk)


def _stat_missing(talk: Talk) -> None:
    talk.say(cmd="stat", filename=talk.new_name(), reply=True)
    _put(talk)


def _unknown(talk: Talk) -> None:
    talk.say(cmd="x-nothing", reply=True)
    _put(talk)


PLAIN_REPLIES: Final = tuple(
    Case.unhurried(recipe) for recipe in (_put, _put_empty, _put_wide_name, _stat, _stat_missing, _unknown)
)
