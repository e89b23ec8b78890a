"""Fixtures of the specification's tests: the vectors as parameters, and runs of our readers that give a meaning."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, settings

from jhup.errors import Malformed
from jhup.limits import MAX_HEADER
from jhup.messages import Put, Request, Stat
from jhup.names import name_fault
from jhup.reader import BodyRead, Broken, HeaderRead, PutRead, Reader, StreamEnded
from jhup.reply_reader import ReplyReader
from jhup.vectors import Answer, End, Meaning, Seen, Stream, Vector, vectors

settings.register_profile("spec", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("spec")

ReadRequests: TypeAlias = Callable[..., Meaning]
ReadReplies: TypeAlias = Callable[[Iterable[bytes]], Meaning]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Pass each vector to the tests that ask for one by the name of a parameter."""
    chosen = {
        "vector": list(vectors()),
        "request_vector": [each for each in vectors() if each.stream is Stream.REQUESTS],
        "reply_vector": [each for each in vectors() if each.stream is Stream.REPLIES],
        "canonical_vector": [each for each in vectors() if each.canonical],
        "valid_vector": [each for each in vectors() if each.is_valid],
    }
    for parameter, among in chosen.items():
        if parameter in metafunc.fixturenames:
            metafunc.parametrize(parameter, among, ids=lambda each: each.name)


def _refusal(request: Request) -> str | None:
    name = request.filename if isinstance(request, Put | Stat) else None
    fault = None if name is None else name_fault(name)
    return fault.clause if fault else None


def _read_requests(segments: Iterable[bytes], *, max_header: int = MAX_HEADER) -> Meaning:
    reader = Reader(max_header=max_header)
    seen: list[Seen] = []
    unfinished: Seen | None = None
    fault: Malformed | None = None
    for segment in segments:
        for event in reader.receive(segment):
            match event:
                case HeaderRead(Put() as put):
                    unfinished = Seen(put, b"", _refusal(put))
                case HeaderRead(request):
                    seen.append(Seen(request, None, _refusal(request)))
                case BodyRead(data):
                    assert unfinished is not None
                    assert unfinished.body is not None
                    unfinished = replace(unfinished, body=unfinished.body + data)
                case PutRead():
                    assert unfinished is not None
                    seen.append(unfinished)
                    unfinished = None
                case Broken(error):
                    assert fault is None, "a stream breaks once"
                    fault = error
                case StreamEnded():
                    raise AssertionError("the end of a stream comes from receive_eof alone")
    truncated = reader.receive_eof().error
    if fault:
        answer = Answer.OWED if fault.asks_reply else Answer.NONE
        return Meaning(tuple(seen), End.MALFORMED, fault.clause, answer)
    return Meaning(tuple(seen), End.INSIDE if truncated else End.BETWEEN, unfinished=unfinished)


def _read_replies(segments: Iterable[bytes]) -> Meaning:
    reader = ReplyReader()
    seen: list[Seen] = []
    try:
        for segment in segments:
            seen.extend(map(Seen, reader.receive(segment)))
    except Malformed as error:
        return Meaning(tuple(seen), End.MALFORMED, error.clause)
    return Meaning(tuple(seen), End.INSIDE if reader.receive_eof() else End.BETWEEN)


@pytest.fixture(scope="session")
def read_requests() -> ReadRequests:
    """Return a function from the segments of a stream of requests to its meaning; optionally with a max_header."""
    return _read_requests


@pytest.fixture(scope="session")
def read_replies() -> ReadReplies:
    """Return a function from the segments of a stream of replies to its meaning."""
    return _read_replies


@pytest.fixture(scope="session")
def read_vector() -> Callable[[Vector, Iterable[bytes]], Meaning]:
    """Return a function that reads segments as what a vector is: requests or replies."""

    def read(vector: Vector, segments: Iterable[bytes]) -> Meaning:
        return _read_requests(segments) if vector.stream is Stream.REQUESTS else _read_replies(segments)

    return read


@pytest.fixture(scope="session")
def is_right() -> Callable[[Meaning, Vector], bool]:
    """Return a function that tells whether a meaning is among the right ones of a vector."""

    def among(meaning: Meaning, vector: Vector) -> bool:
        return any(
            meaning == (replace(right, answer=meaning.answer) if right.answer is Answer.EITHER else right)
            for right in vector.meanings
        )

    return among
