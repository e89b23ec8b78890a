"""Digests that are remembered: never when a file may have changed."""

import hashlib
import os
import time

import pytest

from jhup_reference.folder.digests import Digest, Digests
from jhup_reference.store import Store

LATER = 60_000_000_000
LONG = 2 * 1024 * 1024

posix = pytest.mark.skipif(os.name != "posix", reason="this platform doesn't say when a file was changed")


def later() -> int:
    """A clock by which every file was changed a minute ago."""
    return time.time_ns() + LATER


def read(store: Store, name: str = "a") -> tuple[str, bool]:
    """The digest of a body, and whether it has to be read again the next time."""
    with store.find(name) as body:
        digest = body.digest().sha256
    with store.find(name) as body:
        return digest, body.takes_long


@pytest.fixture
def remembering(storage):
    store = Store(storage, digests=Digests(clock=later))
    yield store
    store.close()


@posix
class TestRemembered:
    def test_is_the_digest_of_a_file_that_rests(self, remembering, storage):
        (storage / "a").write_bytes(bytes(LONG))
        assert read(remembering) == (hashlib.sha256(bytes(LONG)).hexdigest(), False)

    def test_is_forgotten_when_the_file_is_written_with_its_old_times(self, remembering, storage):
        (storage / "a").write_bytes(bytes(LONG))
        read(remembering)
        before = (storage / "a").stat()
        with (storage / "a").open("r+b") as file:
            file.write(b"x")
        os.utime(storage / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
        assert read(remembering)[0] == hashlib.sha256(b"x" + bytes(LONG - 1)).hexdigest()

    def test_is_forgotten_when_another_file_has_the_name(self, remembering, storage):
        (storage / "a").write_bytes(bytes(LONG))
        read(remembering)
        (storage / "b").write_bytes(b"y" * LONG)
        (storage / "b").replace(storage / "a")
        assert read(remembering)[0] == hashlib.sha256(b"y" * LONG).hexdigest()


class TestNotRemembered:
    def test_is_a_file_that_changed_just_now(self, storage):
        (storage / "a").write_bytes(bytes(LONG))
        store = Store(storage)
        assert read(store)[1]
        store.close()

    def test_is_a_file_of_a_platform_that_does_not_say_when_it_changed(self, storage):
        (storage / "a").write_bytes(bytes(LONG))
        store = Store(storage, digests=Digests(clock=later, trusted=False))
        assert read(store)[1]
        store.close()

    def test_is_a_file_that_changed_while_it_was_read(self, storage):
        digests, path = Digests(clock=later, trusted=True), storage / "a"
        path.write_bytes(b"abc")
        before = path.stat()
        path.write_bytes(b"abcd")
        digests.remember(before, path.stat(), Digest(3, "0" * 64))
        assert digests.recall(before) is None

    def test_is_a_file_that_was_read_in_part(self, storage):
        digests, path = Digests(clock=later, trusted=True), storage / "a"
        path.write_bytes(b"abc")
        digests.remember(path.stat(), path.stat(), Digest(2, "0" * 64))
        assert digests.recall(path.stat()) is None


def test_no_more_than_the_limit_are_remembered(storage):
    digests = Digests(2, clock=later, trusted=True)
    paths = [storage / name for name in "abc"]
    for path in paths:
        path.write_bytes(path.name.encode())
        digests.remember(path.stat(), path.stat(), Digest(1, path.name * 64))
    assert [digests.recall(path.stat()) for path in paths] == [None, Digest(1, "b" * 64), Digest(1, "c" * 64)]
