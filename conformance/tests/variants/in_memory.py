"""Drives a variant in memory, without sockets, time or files, and compares what comes with the model."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from jhup import model
from jhup.messages import Reply
from jhup.reply_reader import ReplyReader
from variants.choices import Choices
from variants.conversation import Commit, Ending, Receive, Say, converse
from variants.stores import MemoryStore, Refused

__all__ = ["Came", "hold", "model_of", "wrong"]


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a connection.

    Attributes:
        said: the bytes of the replies.
        store: what is stored in the end.
        ending: how the connection ended, None while it is open.
    """

    said: bytes
    store: dict[str, bytes]
    ending: Ending | None


def hold(
    choices: Choices,
    segments: Iterable[bytes],
    *,
    ended: bool,
    store: dict[str, bytes] | None = None,
    unwritable: Collection[str] = (),
) -> Came:
    """Hold one conversation: the segments as they are cut, and what follows the last."""
    memory = MemoryStore(dict(store or {}), unwritable, choices.stat_of_others)
    conversation = converse(choices, memory)
    waiting = iter([segment for segment in segments if segment])
    said = bytearray()
    answer: object = None
    refusal: Refused | None = None
    while True:
        try:
            step = conversation.throw(refusal) if refusal else conversation.send(answer)
        except StopIteration as stop:
            return Came(bytes(said), memory.bodies, stop.value)
        answer, refusal = None, None
        match step:
            case Receive():
                segment = next(waiting, None)
                if segment is None and not ended:
                    conversation.close()
                    return Came(bytes(said), memory.bodies, None)
                answer = segment or b""
            case Say(data):
                said += data
            case Commit(upload):
                try:
                    answer = upload.commit()
                except Refused as error:
                    refusal = error


def model_of(choices: Choices, unwritable: Collection[str] = ()) -> model.Server:
    """Return the server that the model has to stand for."""
    return model.Server(
        replies=choices.replies == "yes",
        max_header=int(choices.max_header),
        max_filesize=choices.most_bytes,
        unwritable=frozenset(unwritable),
    )


def wrong(
    choices: Choices,
    stream: bytes,
    came: Came,
    *,
    ended: bool,
    store: dict[str, bytes] | None = None,
    unwritable: Collection[str] = (),
) -> str:
    """Say why no right outcome of the model is what came; nothing where one is."""
    expected = model.outcomes(stream, server=model_of(choices, unwritable), ended=ended, store=store or {})
    replies = read(came.said)
    if any(agrees(each, came, replies) for each in expected):
        return ""
    shown = "; or ".join(f"{dict(each.store)} {each.replies} {each.ending.name}" for each in expected)
    return f"{stream!r} came to {came.store} {replies} {came.ending}, and not to {shown}"


def agrees(outcome: model.Outcome, came: Came, replies: tuple[Reply, ...]) -> bool:
    endings = {
        model.Ending.OPEN: came.ending is None,
        model.Ending.CLOSED: came.ending is not None,
        model.Ending.EITHER: True,
    }
    same = endings[outcome.ending] and dict(outcome.store) == came.store
    return same and model.replies_match(outcome.replies, replies)


def read(said: bytes) -> tuple[Reply, ...]:
    """Read replies as a client does."""
    reader = ReplyReader()
    return tuple(reader.receive(said))


def header(**members: object) -> bytes:
    """Return a prefix and a header."""
    text = json.dumps(members).encode()
    return len(text).to_bytes(4, "little") + text
