"""What the checks of hostile input lean on: proofs that all is over, looks into the folder, what is planted."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from jhup.model import Server
from jhup_conformance.findings import NotSeen
from jhup_conformance.suite.support.planted import KINDS, Garden, Occupied
from jhup_conformance.target.store import Body, FolderObserver
from jhup_conformance.verify.exchange import Case, Exchange
from jhup_conformance.verify.stream import Names, Recipe, Talk
from jhup_conformance.wire.line import Line

NAMES = ("first", "second")


def put_and_put(talk: Talk) -> None:
    for name in NAMES:
        talk.put(name.encode(), name=name)
    talk.watched += NAMES


def refused_and_put(talk: Talk) -> None:
    talk.put(b"body", name="a/b")
    talk.put(b"second", name="second")
    talk.watched += NAMES


def malformed_and_put(talk: Talk) -> None:
    talk.frame(b"[]")
    talk.put(b"second", name="second")
    talk.watched += NAMES


def begun(recipe: Recipe, closed: object = None) -> Exchange:
    exchange = Exchange(Case(recipe), Names("00000000"), Server(replies=False))
    exchange.line = cast(Line, SimpleNamespace(closed=closed, dropped=False, received=bytearray()))
    return exchange


def stored(*names: str) -> dict[str, Body | None]:
    return {name: Body.of(name.encode()) if name in names else None for name in NAMES}


@pytest.mark.parametrize(
    ("recipe", "store", "proven"),
    [
        (put_and_put, stored("first", "second"), True),
        (refused_and_put, stored("second"), True),
        (refused_and_put, stored(), False),
        (malformed_and_put, stored(), False),
    ],
)
def test_only_what_the_last_byte_brought_about_proves_that_all_is_over(
    recipe: Recipe, store: dict[str, Body | None], proven: bool
) -> None:
    exchange = begun(recipe)

    assert exchange.mismatch(store) is None
    assert exchange.is_proven(store) is proven


def test_a_closed_connection_proves_that_nothing_is_on_its_way() -> None:
    assert begun(malformed_and_put, closed="end of stream").is_proven(stored())


def test_a_doubtful_or_taken_name_may_be_held_or_refused() -> None:
    def put(talk: Talk) -> None:
        talk.put(b"first", name="first")
        talk.watched += NAMES

    def doubtful(talk: Talk) -> None:
        put(talk)
        talk.doubtful.add("first")

    def taken(talk: Talk) -> None:
        put(talk)
        talk.taken.add("first")

    held, refused = stored("first"), stored()
    assert [begun(put).mismatch(each) is None for each in (held, refused)] == [True, False]
    assert [begun(doubtful).mismatch(each) is None for each in (held, refused)] == [True, True]
    assert [begun(taken).mismatch(each) is None for each in (held, refused)] == [True, True]


def test_requests_can_be_told_apart() -> None:
    talk = Talk(Names("00000000"))
    put_and_put(talk)
    talk.say(cmd="x")

    assert [talk.stream[at : at + 4].hex() for at in talk.requests()] == ["2e000000", "0b000000"]


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
        talk = Talk(Names("00000000"))

        Occupied(garden, b"body", reply=True)(talk)

        assert talk.taken == {talk.watched[0]}
        assert (folder / talk.watched[0]).is_dir()
