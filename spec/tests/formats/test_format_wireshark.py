"""The dissector, run by tshark on captures made here, finds every frame however the stream is cut."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from captures import Segment, Shown, dissect, write_capture

from jhup.vectors import End, Meaning, Stream, Vector, vectors

if shutil.which("tshark") is None:
    pytest.skip("no tshark: install Debian's package tshark", allow_module_level=True)

PUT = b'\x2d\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc'
NEXT = '.\x00\x00\x00{"cmd":"put","filename":"日本","filesize":2}de'.encode()
OK = (
    b'\x7b\x00\x00\x00{"status":"ok","filename":"a.txt","filesize":3,"sha256":'
    b'"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}'
)
NOT_FOUND = b'\x4c\x00\x00\x00{"status":"error","code":"not-found","message":"not stored","closing":false}'
WHOLE_BODY = 1048576
"""Up to here the dissector puts bodies together, by default."""


def cut(data: bytes, *places: int, from_server: bool = False) -> list[Segment]:
    edges = [0, *places, len(data)]
    return [Segment(data[begin:end], from_server) for begin, end in pairwise(edges) if begin < end]


def show(tmp_path: Path, segments: list[Segment], *options: str, port: int = 8080) -> Shown:
    capture = tmp_path / "capture.pcap"
    write_capture(capture, [segments], port)
    [shown] = dissect(capture, *options)
    return shown


@pytest.mark.parametrize("passes", [[], ["-2"]], ids=["once", "twice"])
@pytest.mark.parametrize(
    "places", [[], [2], [4], [20], [49], [50], [1, 2, 3], [10, 60], [52], [52, 54, 80], list(range(1, 107))], ids=str
)
def test_two_requests_are_found_however_they_are_cut(tmp_path: Path, places: list[int], passes: list[str]) -> None:
    shown = show(tmp_path, cut(PUT + NEXT, *places), *passes)

    assert shown.text["jhup.prefix"] == ["45", "46"]
    assert shown.fields["jhup.header"] == [PUT[4:49], NEXT[4:50]]
    assert shown.text["jhup.filename"] == ["a.txt", "日本"]
    assert shown.text["jhup.filesize"] == ["3", "2"]
    assert shown.fields["jhup.body"] == [b"abc", b"de"]
    assert not shown.experts


def test_replies_come_from_the_side_of_the_server(tmp_path: Path) -> None:
    asked = [Segment(PUT), *cut(OK + NOT_FOUND, 3, 100, 130, from_server=True)]

    shown = show(tmp_path, asked)

    assert shown.text["jhup.cmd"] == ["put"]
    assert shown.text["jhup.status"] == ["ok", "error"]
    assert shown.text["jhup.sha256"] == ["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]
    assert shown.text["jhup.code"] == ["not-found"]
    assert shown.text["jhup.closing"] in (["0"], ["False"])
    assert shown.experts == ["error not-found: not stored"]


@pytest.mark.parametrize("option", [("-o", "jhup.ports:9000-9010"), ("-d", "tcp.port==9001,jhup")], ids=str)
def test_another_port_stands_in_the_preferences_or_is_decoded_as(tmp_path: Path, option: tuple[str, str]) -> None:
    segments = [*cut(PUT, 30), Segment(OK, from_server=True)]

    shown = show(tmp_path, segments, *option, port=9001)

    assert shown.fields["jhup.body"] == [b"abc"]
    assert shown.text["jhup.status"] == ["ok"]


def test_another_port_is_left_alone(tmp_path: Path) -> None:
    assert not show(tmp_path, [Segment(PUT)], port=9001).fields


@pytest.mark.parametrize(
    ("prefix", "clause"),
    [("00000000", "FRAME-14"), ("01000000", "FRAME-14"), ("ffffffff", "FRAME-14"), ("01001000", "FRAME-15")],
)
def test_a_malformed_prefix_is_marked_and_ends_the_reading(tmp_path: Path, prefix: str, clause: str) -> None:
    shown = show(tmp_path, [Segment(PUT + bytes.fromhex(prefix) + PUT), Segment(PUT)])

    assert shown.fields["jhup.body"] == [b"abc"]
    assert [each.partition(":")[0] for each in shown.experts] == [clause]
    assert shown.fields["jhup.unread"] == [PUT, PUT]


@pytest.mark.parametrize("passes", [[], ["-2"]], ids=["once", "twice"])
def test_a_long_body_is_shown_in_pieces_and_the_next_request_is_found(tmp_path: Path, passes: list[str]) -> None:
    size = WHOLE_BODY + 50_000
    header = f'{{"cmd":"put","filename":"a.bin","filesize":{size}}}'.encode()
    stream = len(header).to_bytes(4, "little") + header + bytes(size) + NEXT
    places = [30, *range(10_000, size, 20_000), size + 10, len(stream) - len(NEXT) + 2]

    shown = show(tmp_path, cut(stream, *places), *passes)

    assert sum(map(len, shown.fields["jhup.piece"])) == size
    assert shown.text["jhup.filename"] == ["a.bin", "日本"]
    assert shown.fields["jhup.body"] == [b"de"]


def test_a_name_that_is_not_valid_is_marked_with_its_clause(tmp_path: Path) -> None:
    header = b'{"cmd":"put","filename":"../a","filesize":0}'

    shown = show(tmp_path, [Segment(len(header).to_bytes(4, "little") + header + PUT)])

    assert [each.partition(":")[0] for each in shown.experts] == ["NAME-6"]
    assert shown.text["jhup.filename"] == ["../a", "a.txt"]


@pytest.fixture(scope="module")
def shown_vectors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shown]:
    """What tshark shows of each vector, all of them in one capture, cut into six segments each."""
    capture = tmp_path_factory.mktemp("vectors") / "vectors.pcap"
    with_bytes = [each for each in vectors() if each.wire]
    write_capture(capture, [six(each) for each in with_bytes])
    found = dissect(capture)
    assert len(found) == len(with_bytes)
    return {vector.name: shown for vector, shown in zip(with_bytes, found, strict=True)}


def six(vector: Vector) -> list[Segment]:
    """Cut the bytes inside the first prefix, after it, and into segments that an IP packet can hold."""
    size = len(vector.wire)
    places = {2, 4, size // 3, size // 2, size - 1, *range(30_000, size, 30_000)}
    inside = sorted(place for place in places if 0 < place < size)
    return cut(vector.wire, *inside, from_server=vector.stream is Stream.REPLIES)


def bodies(meaning: Meaning) -> list[bytes]:
    return [seen.body for seen in meaning.events if seen.body]


def test_every_vector_of_requests_is_shown_as_it_says(request_vector: Vector, shown_vectors: dict[str, Shown]) -> None:
    if not request_vector.wire:
        return
    shown = shown_vectors[request_vector.name]
    clauses = {each.partition(":")[0] for each in shown.experts}

    right = [
        meaning
        for meaning in request_vector.meanings
        if bodies(meaning) == shown.fields["jhup.body"]
        and ("jhup.malformed" in shown.fields) == (meaning.end is End.MALFORMED)
        and {seen.refused for seen in meaning.events if seen.refused} <= clauses | {"HEAD-14"}
    ]

    assert right, (shown, request_vector.meanings)


def test_every_malformed_request_is_marked_with_its_clause(
    request_vector: Vector, shown_vectors: dict[str, Shown]
) -> None:
    breaks = {meaning.breaks for meaning in request_vector.meanings}
    if None in breaks:
        return

    clauses = {each.partition(":")[0] for each in shown_vectors[request_vector.name].experts}

    assert clauses & breaks, (clauses, breaks)


def test_every_good_reply_is_shown(reply_vector: Vector, shown_vectors: dict[str, Shown]) -> None:
    [meaning] = reply_vector.meanings
    if meaning.end is End.MALFORMED:
        return

    shown = shown_vectors.get(reply_vector.name, Shown())

    assert len(shown.text["jhup.status"]) == len(meaning.events)
