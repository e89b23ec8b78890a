"""The generated variants are right: what each does is among the outcomes that the model has, however bytes are cut."""

import itertools
import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jhup.vectors import Stream, vectors
from variants.choices import ALTERNATIVES, Choices
from variants.generate import variants
from variants.in_memory import Came, header, hold, wrong
from variants.server import serving
from variants.stores import MemoryStore

VARIANTS = variants()
VECTORS = [each for each in vectors() if each.stream is Stream.REQUESTS]
TAKEN = frozenset({"taken"})


def judge(choices: Choices, stream: bytes, segments: list[bytes], *, ended: bool) -> tuple[Came, str]:
    store = {"a": b"what was there"}
    came = hold(choices, segments, ended=ended, store=store, unwritable=TAKEN)
    return came, wrong(choices, stream, came, ended=ended, store=store, unwritable=TAKEN)


def test_there_are_enough_variants_and_no_two_are_alike() -> None:
    assert len(VARIANTS) >= 60
    assert len({each.name for each in VARIANTS}) == len({each.choices for each in VARIANTS}) == len(VARIANTS)


def test_every_pair_of_choices_is_taken_by_some_variant() -> None:
    taken = {pair for each in VARIANTS for pair in itertools.combinations(each.choices.pairs(), 2)}
    words = [[(name, word) for word in each] for name, each in ALTERNATIVES.items()]

    wanted = {pair for one, other in itertools.combinations(words, 2) for pair in itertools.product(one, other)}

    assert wanted <= taken


def test_choices_are_read_from_the_words_that_they_are_written_as() -> None:
    assert [Choices.read(list(each.choices.words())) for each in VARIANTS] == [each.choices for each in VARIANTS]


@pytest.mark.parametrize("words", ["mark=no", "colour=red", "mark"])
def test_a_choice_that_does_not_exist_is_told(words: str) -> None:
    with pytest.raises(ValueError, match=words.partition("=")[0]):
        Choices.read([words])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each.name)
def test_every_variant_reads_the_vectors_as_the_model_does(vector: object) -> None:
    wire = vector.wire  # type: ignore[attr-defined]  # pytest knows no type of a parameter
    for variant in VARIANTS:
        came, said = judge(variant.choices, wire, [wire], ended=True)
        assert not said, f"{variant}: {said}"
        assert came.ending


NAMES = st.sampled_from(["a", "b", "taken", "..", "a/b", "é", "\ud800", "x" * 256])
SIZES = st.sampled_from([0, 1, 2, 3, 1000, 1001, 2**53, 2**63 - 1, 2**63])
WRITTEN_SIZES = st.sampled_from(
    ["3", "3.0", "3e0", "-0", "-0.0", "-1", "3.5", "3.0000000000000000001", "1e400", "9007199254740993", "true", '"3"',
     "null", "[]", "1e-400", "9007199254740993.0", "30e-1", "0.3e1", "9223372036854775808"]
)  # fmt: skip
EXTRAS = st.sampled_from(
    ["", ',"x":1', ',"x":1,"x":2', ',"x":{"y":1,"y":1}', ',"cmd":"put"', ',"reply":true', ',"reply":false',
     ',"x":NaN', ',"x":1e1000000000', ',"x":"\\ud800"', ',"filename":"b"', ',"x":' + "[" * 70 + "]" * 70,
     ',"x":' + "9" * 30, ',"\\ud800":1', ',"filesize":2', ',"x":-Infinity', ',"reply":1', ',"Filename":"c"']
)  # fmt: skip
COMMANDS = st.sampled_from(["put", "put", "put", "stat", "hello", "finish", "\ud800", "__init__"])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Draw a request that is right or nearly so, with its body as far as one can be."""
    command, name = draw(COMMANDS), draw(NAMES)
    size = draw(SIZES.map(str) | WRITTEN_SIZES)
    asks = ',"reply":true' if draw(st.booleans()) else ""
    text = f'{{"cmd":{json.dumps(command)},"filename":{json.dumps(name)},"filesize":{size}{draw(EXTRAS)}{asks}}}'
    text = draw(st.sampled_from(["", "", "", "\ufeff", " \n"])) + text + draw(st.sampled_from(["", "", "", " ", "x"]))
    raw = text.encode()
    body = b"b" * draw(st.sampled_from([0, 1, 2, 3, 3, 3, 1000]))
    return len(raw).to_bytes(4, "little") + raw + body


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_every_variant_does_what_the_model_allows(data: st.DataObject) -> None:
    variant = data.draw(st.sampled_from(VARIANTS))
    stream = b"".join(data.draw(st.lists(requests(), min_size=1, max_size=3)))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream)), max_size=6)))
    segments = [stream[begin:end] for begin, end in itertools.pairwise([0, *cuts, len(stream)])]
    ended = data.draw(st.booleans())

    _, said = judge(variant.choices, stream, segments, ended=ended)

    assert not said


def test_a_variant_that_is_wrong_is_noticed() -> None:
    stream = header(cmd="put", filename="a", filesize=3) + b"abc"
    came = hold(Choices(), [stream], ended=True)

    assert wrong(Choices(), stream, Came(came.said, {"a": b"ab"}, came.ending), ended=True)
    assert wrong(Choices(), stream, Came(came.said, came.store, None), ended=True)


def test_a_variant_serves_from_a_thread() -> None:
    store = MemoryStore({})

    with serving(Choices(), store) as port, socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(header(cmd="put", filename="a", filesize=3) + b"abc")
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(1) == b""

    assert store.bodies == {"a": b"abc"}
