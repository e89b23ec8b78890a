"""What the checks of hostile input lean on: proofs that all is over, looks into the folder, what is planted."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from jhup.model import Server
from jhup_conformance.findings import NotSeen
from jhup_conformance.suite.support.planted import KINDS, Garden, occupied
from jhup_conformance.target.store import Body, FolderObserver
from jhup_conformance.verify.exchange import Attempt, Exchange
from jhup_conformance.verify.names import Names
from jhup_conformance.verify.requests import frame, put, requests
from jhup_conformance.verify.stream import Stream
from jhup_conformance.wire.line import Line

NAMES = ("first", "second")


PUT_AND_PUT = requests(*(put(name.encode(), name=name) for name in NAMES)).watching(*NAMES)
REFUSED_AND_PUT = requests(put(b"body", name="a/b"), put(b"second", name="second")).watching(*NAMES)
MALFORMED_AND_PUT = requests(frame(b"[]"), put(b"second", name="second")).watching(*NAMES)


def begun(stream: Stream, closed: object = None) -> Exchange:
    exchange = Exchange(Attempt(stream=stream), Names("00000000"), Server(replies=False))
    exchange.line = cast(Line, SimpleNamespace(closed=closed, dropped=False, received=bytearray()))
    return exchange


def stored(*names: str) -> dict[str, Body | None]:
    return {name: Body.of(name.encode()) if name in names else None for name in NAMES}


@pytest.mark.parametrize(
    ("stream", "store", "proven"),
    [
        (PUT_AND_PUT, stored("first", "second"), True),
        (REFUSED_AND_PUT, stored("second"), True),
        (REFUSED_AND_PUT, stored(), False),
        (MALFORMED_AND_PUT, stored(), False),
    ],
    ids=["two puts", "refused, served", "refused, closed", "malformed"],
)
def test_only_what_the_last_byte_brought_about_proves_that_all_is_over(
    stream: Stream, store: dict[str, Body | None], proven: bool
) -> None:
    exchange = begun(stream)

    assert exchange.mismatch(store) is None
    assert exchange.is_proven(store) is proven


def test_a_closed_connection_proves_that_nothing_is_on_its_way() -> None:
    assert begun(MALFORMED_AND_PUT, closed="end of stream").is_proven(stored())


def test_a_doubtful_or_taken_name_may_be_held_or_refused() -> None:
    plain = put(b"first", name="first").watching(*NAMES)

    held, refused = stored("first"), stored()
    assert [begun(plain).mismatch(each) is None for each in (held, refused)] == [True, False]
    assert [begun(plain.doubting("first")).mismatch(each) is None for each in (held, refused)] == [True, True]
    assert [begun(plain.occupied("first")).mismatch(each) is None for each in (held, refused)] == [True, True]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("../astray", "../astray"),
        ("./astray", "astray"),
        ("within/astray", "within/astray"),
        ("a\x01b", "a\x01b"),
        ("a\\b", "a\\b"),
        ("a\udc80", os.fsdecode(b"a\x80")),
        ("a\ud800", os.fsdecode(b"a\xed\xa0\x80")),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="such names are files on POSIX systems only")
def test_a_body_is_found_where_a_careless_server_puts_it(folder: Path, name: str, place: str) -> None:
    observer = FolderObserver(folder)
    (folder / "within").mkdir()
    assert observer.look([name]) == {name: None}

    (folder / place).write_bytes(b"body")

    assert observer.look([name]) == {name: Body.of(b"body")}


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "a" * 5000, "/", "missing/a", "\ud800" * 200])
def test_a_name_that_leads_nowhere_finds_nothing(folder: Path, name: str) -> None:
    assert FolderObserver(folder).look([name]) == {name: None}


def test_the_observer_knows_what_the_folder_can_hold(folder: Path) -> None:
    observer = FolderObserver(folder)
    (folder / "there").touch()

    assert observer.holds("a name")
    assert not observer.holds("there")
    assert not observer.holds("a" * 300)
    assert not observer.folds("one", "another")
    assert observer.folds("same", "same")
    assert [each.name for each in folder.iterdir()] == ["there"]


@pytest.fixture(params=KINDS)
def planted(request: pytest.FixtureRequest, folder: Path) -> tuple[Garden, str]:
    return Garden(folder, request.param, "jc-0"), request.param


def plant(garden: Garden) -> None:
    try:
        garden.plant("name")
    except NotSeen as reason:
        pytest.skip(f"this platform or user can't: {reason}")


def test_what_is_planted_is_gone_in_the_end(planted: tuple[Garden, str], folder: Path) -> None:
    with planted[0] as garden:
        plant(garden)

        assert os.path.lexists(folder / "name")
        assert garden.damage() == ""

    assert list(folder.iterdir()) == []
    assert list(folder.parent.iterdir()) == [folder]


def test_what_is_removed_is_noticed_and_a_body_may_take_its_place(planted: tuple[Garden, str], folder: Path) -> None:
    garden, kind = planted
    with garden:
        plant(garden)
        (folder / "name").rename(folder / "elsewhere")
        assert garden.damage() == f"{kind} was removed"

        (folder / "name").write_bytes(b"a stored file")
        assert garden.damage() == ""

        (folder / "name").unlink()
        (folder / "name").mkdir()
        assert garden.damage() == f"{kind} was replaced by something that is not a stored file"

        (folder / "name").rmdir()
        (folder / "elsewhere").rename(folder / "name")


@pytest.mark.parametrize(
    "kind", ["a link to a file outside", "a link to a file that isn't there", "a link to a file of the store"]
)
def test_what_is_written_through_a_link_is_noticed(folder: Path, kind: str) -> None:
    with Garden(folder, kind, "jc-0") as garden:
        plant(garden)

        (folder / "name").write_bytes(b"followed")

        assert "was followed" in garden.damage()


def test_a_request_for_what_is_planted_has_to_be_refused(folder: Path) -> None:
    with Garden(folder, "a folder", "jc-0") as garden:
        stream = occupied(garden, "name", b"body", reply=True)

        assert stream.taken == {"name"}
        assert (folder / "name").is_dir()
