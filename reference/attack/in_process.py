"""Fuzzed streams, cut anywhere, for the session and the echo conversations, without a socket."""

import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from reference.attack.inputs import TRICKS, mutated, valid_stream
from reference.attack.tally import Tally

from jhup.echo import Rules, Service, Shape, right_answers
from jhup_reference.echo.service import EchoService
from jhup_reference.runtime.health import Health
from jhup_reference.runtime.journal import Journal
from jhup_reference.session import Session
from jhup_reference.settings import Limits
from jhup_reference.store import Store

__all__ = ["fuzz"]

_NAMES = (*TRICKS, "a", "b", "日本")
_SHAPES = [shape for shape in Shape if shape is not Shape.DATAGRAM]


def pieces(chance: random.Random, data: bytes) -> Iterator[bytes]:
    """Cut a stream into segments."""
    at = 0
    while at < len(data):
        end = at + chance.choice((1, 2, 5, 100, 5000, 100_000))
        yield data[at:end]
        at = end


def fuzz(seconds: float, seed: int, *, least: int = 1) -> Tally:
    """Feed sessions and conversations with broken streams, for some seconds.

    Args:
        seconds: for which it goes on.
        seed: of the random choices.
        least: streams that are fed however long that takes.
    """
    tally, chance = Tally("fuzzed streams in process"), random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="jhup-attack-"))
    (folder / "canary").write_bytes(b"precious")
    (folder / "store").mkdir()
    store, health = Store(folder / "store"), Health()
    until = time.monotonic() + seconds
    try:
        while tally.counts["streams"] < least or time.monotonic() < until:
            _session(chance, store, health, tally)
            _conversation(chance, tally)
        for path in folder.iterdir():
            if path.name not in {"canary", "store"} or (path.name == "canary" and path.read_bytes() != b"precious"):
                tally.fault("outside", repr(path.name))
        if crashes := health.totals().get("internal", 0):
            tally.fault("crash", f"{crashes} unforeseen errors")
        left = [path.name for path in (folder / "store").iterdir() if path.name.startswith("\x7f")]
        if left:
            tally.fault("leak", f"unfinished bodies: {left}")
    finally:
        store.close()
        shutil.rmtree(folder)
    return tally.end()


def _session(chance: random.Random, store: Store, health: Health, tally: Tally) -> None:
    stream = valid_stream(chance, _NAMES)
    if chance.random() < 0.9:
        stream = mutated(chance, stream)
    tally.add("streams")
    session = Session(store, Limits(max_filesize=60_000, max_discard=4000), journal=Journal("", health))
    try:
        for piece in pieces(chance, stream):
            for _ in session.receive(piece):
                tally.add("outputs")
            if session.closing:
                break
        session.receive_eof()
    except Exception as error:  # noqa: BLE001  # that is what is looked for
        tally.fault("crash", f"{type(error).__name__}: {error} with {stream[:200]!r}")


def _conversation(chance: random.Random, tally: Tally) -> None:
    service, shape = chance.choice(list(Service)), chance.choice(_SHAPES)
    rules = Rules(service=service, name=b"w")
    data = bytes(chance.choices(b"aZ \n\t'\"\\\x00\x80\xff", k=chance.randint(0, 40)))
    tally.add("conversations")
    try:
        talk, answer = EchoService(rules=rules, shape=shape).conversation(b"w"), b""
        for piece in pieces(chance, data):
            if not talk.closing:
                answer += b"".join(talk.receive(piece))
        if not talk.closing:
            answer += b"".join(talk.receive_eof())
        if not right_answers(data, shape=shape, rules=rules, ended=True).contains(answer):
            tally.fault("crash", f"a wrong answer of {service} {shape}: {data!r} -> {answer!r}")
    except Exception as error:  # noqa: BLE001  # that is what is looked for
        tally.fault("crash", f"{type(error).__name__}: {error} with {data!r}")
