"""The store on a real folder, and on one that misbehaves."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from jhup_reference.folder import entries as folder_module
from jhup_reference.folder.entries import Folder, FolderInUse
from jhup_reference.folder.faults import NotStored, StorageFault
from jhup_reference.folder.folding import folds
from jhup_reference.folder.places import Places
from jhup_reference.folder.windows import windows_fault
from jhup_reference.settings import Durability
from jhup_reference.store import Store

needs_flock = pytest.mark.skipif(folder_module.fcntl is None, reason="this platform lacks flock")
needs_fifo = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform lacks FIFOs")


def no_nameless_files(folder: Folder) -> int:
    raise OSError(errno.EOPNOTSUPP, "Operation not supported")


@pytest.fixture(params=["nameless", "named"])
def store(request, storage, monkeypatch):
    """A store with each kind of unfinished files."""
    if request.param == "named":
        monkeypatch.setattr(Folder, "create_nameless", no_nameless_files)
    store = Store(storage)
    yield store
    store.close()


def store_body(store: Store, name: str, body: bytes) -> None:
    upload = store.begin(name, len(body))
    try:
        upload.write(memoryview(body))
        upload.commit()
    finally:
        upload.abandon()


class TestUpload:
    def test_appears_whole_when_it_is_committed(self, store, storage):
        upload = store.begin("a", 6)
        upload.write(memoryview(b"abc"))
        upload.write(memoryview(b"def"))
        assert not (storage / "a").exists()

        upload.commit()
        assert [path.name for path in storage.iterdir()] == ["a"]
        assert (storage / "a").read_bytes() == b"abcdef"

    def test_leaves_nothing_when_it_is_abandoned(self, store, storage):
        upload = store.begin("a", 3)
        upload.write(memoryview(b"ab"))
        upload.abandon()
        assert list(storage.iterdir()) == []

    def test_whose_place_cannot_be_claimed_takes_it_by_a_rename(self, store, storage, monkeypatch):
        name = Folder.name

        def refuse(folder: Folder, file: bytes | int, place: bytes) -> None:
            if isinstance(file, bytes) or place == b"a":
                raise PermissionError(errno.EPERM, "Operation not permitted")
            name(folder, file, place)

        monkeypatch.setattr(Folder, "link", refuse)
        monkeypatch.setattr(Folder, "name", refuse)
        store_body(store, "a", b"abc")
        assert {path.name: path.read_bytes() for path in storage.iterdir()} == {"a": b"abc"}

    def test_that_completes_last_wins_whole(self, store, storage):
        first, second = store.begin("a", 2), store.begin("a", 3)
        second.write(memoryview(b"222"))
        first.write(memoryview(b"11"))
        second.commit()
        first.commit()
        assert (storage / "a").read_bytes() == b"11"

    def test_does_not_disturb_a_reader_of_the_old_body(self, store, storage):
        store_body(store, "a", b"old")
        with (storage / "a").open("rb") as reader:
            store_body(store, "a", b"new!")
            assert reader.read() == b"old"
        assert (storage / "a").read_bytes() == b"new!"

    @pytest.mark.parametrize(
        "name", ["...", " ", "-rf", "x" * 255, "é", "e\u0301", "日" * 85, "con", "a:b", "~", "%2e"]
    )
    def test_takes_every_name_that_the_file_system_holds(self, store, storage, name):
        store_body(store, name, b"abc")
        assert [path.name for path in storage.iterdir()] == [name]
        with store.find(name) as body:
            assert body.digest().filesize == 3

    def test_survives_loss_of_power_where_asked_to(self, storage, monkeypatch):
        synced = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_mode & 0o170000))
        store = Store(storage, durability=Durability.FSYNC)
        store_body(store, "a", b"abc")
        store.close()
        assert synced == [0o100000, 0o040000]

    def test_names_are_utf_8_whatever_the_locale(self, storage):
        script = """
            import sys
            from pathlib import Path
            from jhup_reference.store import Store
            upload = Store(Path(sys.argv[1])).begin("\\u65e5\\u672c", 0)
            upload.commit()
        """
        environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        subprocess.run([sys.executable, "-c", textwrap.dedent(script), storage], env=environment, check=True)
        assert [os.fsencode(path.name) for path in storage.iterdir()] == ["日本".encode()]


class TestWhatIsNoFile:
    @pytest.mark.parametrize("kind", ["folder", "link", "dangling", "fifo", "socket-like"])
    def test_is_neither_replaced_nor_read(self, store, storage, tmp_path, kind):
        place, target = storage / "a", tmp_path / "target"
        target.write_bytes(b"outside")
        match kind:
            case "folder":
                place.mkdir()
            case "link":
                place.symlink_to(target)
            case "dangling":
                place.symlink_to(tmp_path / "nowhere")
            case "fifo" | "socket-like" if hasattr(os, "mkfifo"):
                os.mkfifo(place)
            case _:
                pytest.skip("this platform lacks FIFOs")
        before = place.lstat()
        with pytest.raises(StorageFault, match="not a stored file"):
            store_body(store, "a", b"abc")
        with pytest.raises(StorageFault, match="not a stored file"):
            store.find("a")
        assert (place.lstat().st_ino, place.lstat().st_mode) == (before.st_ino, before.st_mode)
        assert target.read_bytes() == b"outside"
        assert not (tmp_path / "nowhere").exists()
        assert [path.name for path in storage.iterdir()] == ["a"]

    def test_is_found_out_before_a_long_body_is_written(self, store, storage):
        (storage / "a").mkdir()
        with pytest.raises(StorageFault):
            store.begin("a", 2**40)

    @needs_fifo
    def test_that_takes_the_place_of_a_file_under_our_eyes_is_not_waited_for(self, store, storage, monkeypatch):
        store_body(store, "a", b"abc")
        look = Places.look

        def look_and_swap(places: Places, place: bytes) -> bool:
            found = look(places, place)
            (storage / "a").unlink()
            os.mkfifo(storage / "a")
            return found

        monkeypatch.setattr(Places, "look", look_and_swap)
        with pytest.raises(StorageFault, match="not a stored file"):
            store.find("a")


class TestFind:
    def test_of_nothing_says_so(self, store):
        with pytest.raises(NotStored):
            store.find("a")

    def test_reads_the_body_that_was_there_when_it_was_found(self, store):
        store_body(store, "a", b"old")
        with store.find("a") as body:
            store_body(store, "a", b"new!")
            assert body.digest().sha256 == hashlib.sha256(b"old").hexdigest()

    def test_of_what_cannot_be_read_is_a_fault(self, store, monkeypatch):
        store_body(store, "a", b"abc")

        def refuse(folder: Folder, name: bytes) -> int:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(Folder, "open", refuse)
        with pytest.raises(StorageFault, match="permission denied"):
            store.find("a")


class TestFullDisk:
    def test_refuses_the_put_and_leaves_nothing(self, store, storage, monkeypatch):
        store_body(store, "a", b"old")

        def full(descriptor: int, data: memoryview) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(StorageFault, match="no space left on device"):
            store_body(store, "a", b"new")
        monkeypatch.undo()
        assert {path.name: path.read_bytes() for path in storage.iterdir()} == {"a": b"old"}
        store_body(store, "a", b"new")

    def test_is_noticed_also_when_only_a_part_was_written(self, store, storage, monkeypatch):
        write = os.write

        def nearly_full(descriptor: int, data: memoryview) -> int:
            if len(data) < 3:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(descriptor, data[:1])

        monkeypatch.setattr(os, "write", nearly_full)
        with pytest.raises(StorageFault):
            store_body(store, "a", b"abc")
        assert list(storage.iterdir()) == []

    def test_a_write_cut_short_is_gone_on_with(self, store, storage, monkeypatch):
        write = os.write
        monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:1]))
        store_body(store, "a", b"abc")
        assert (storage / "a").read_bytes() == b"abc"

    def test_a_folder_that_cannot_be_written_refuses(self, store, monkeypatch):
        def refuse(folder: Folder, name: bytes = b"") -> int:
            raise PermissionError(errno.EROFS, "Read-only file system")

        monkeypatch.setattr(Folder, "create", refuse)
        monkeypatch.setattr(Folder, "create_nameless", refuse)
        with pytest.raises(StorageFault, match="read-only"):
            store_body(store, "a", b"abc")

    def test_a_rename_that_fails_leaves_the_old_body(self, store, storage, monkeypatch):
        store_body(store, "a", b"old")

        def refuse(folder: Folder, old: bytes, new: bytes) -> None:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")

        monkeypatch.setattr(Folder, "replace", refuse)
        with pytest.raises(StorageFault, match="quota"):
            store_body(store, "a", b"new")
        assert {path.name: path.read_bytes() for path in storage.iterdir()} == {"a": b"old"}


class TestStart:
    def test_removes_what_a_killed_process_left_and_nothing_else(self, storage):
        left = [storage / "\x7f4711-0.part", storage / "\x7f4711-12.part"]
        kept = [storage / "a.part", storage / "\x7fnotes", storage / ".hidden", storage / "x\x7f1-1.part"]
        for path in [*left, *kept]:
            path.write_bytes(b"x")
        Store(storage).close()
        assert sorted(storage.iterdir()) == sorted(kept)

    @needs_flock
    def test_refuses_a_folder_that_another_server_has(self, store, storage):
        with pytest.raises(FolderInUse):
            Store(storage)

    @needs_flock
    def test_does_not_remove_the_unfinished_bodies_of_a_living_server(self, store, storage):
        upload = store.begin("a", 3)
        upload.write(memoryview(b"ab"))
        with pytest.raises(FolderInUse):
            Store(storage)
        upload.write(memoryview(b"c"))
        upload.commit()
        assert (storage / "a").read_bytes() == b"abc"

    @needs_flock
    @pytest.mark.parametrize("named", [False, True], ids=["nameless", "named"])
    def test_takes_a_folder_whose_server_was_killed(self, storage, named):
        script = """
            import os, signal, sys
            from pathlib import Path
            from jhup_reference.folder import entries as folder
            from jhup_reference.store import Store
            def refuse(folder):
                raise OSError
            if sys.argv[2] == "True":
                folder.Folder.create_nameless = refuse
            upload = Store(Path(sys.argv[1])).begin("a", 3)
            upload.write(memoryview(b"ab"))
            os.kill(os.getpid(), signal.SIGKILL)
        """
        killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script), storage, str(named)], check=False)
        assert killed.returncode == -signal.SIGKILL
        if named:
            assert len(list(storage.iterdir())) == 1
        Store(storage).close()
        assert list(storage.iterdir()) == []

    def test_needs_a_folder(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(NotADirectoryError):
            Store(tmp_path / "file")

    def test_keeps_its_folder_when_the_path_leads_elsewhere_meanwhile(self, store, storage, tmp_path):
        storage.rename(tmp_path / "moved")
        storage.mkdir()
        store_body(store, "a", b"abc")
        assert list(storage.iterdir()) == []
        assert (tmp_path / "moved" / "a").read_bytes() == b"abc"


class FoldingFolder(Folder):
    """A folder that takes upper and lower case for one but lists names as they were first written."""

    def _as_held(self, name: bytes) -> bytes:
        return next((held for held in super().names() if held.lower() == name.lower()), name)

    def status(self, name: bytes) -> os.stat_result | None:
        return super().status(self._as_held(name))

    def open(self, name: bytes) -> int:
        return super().open(self._as_held(name))

    def replace(self, old: bytes, new: bytes) -> None:
        super().replace(old, self._as_held(new))

    def remove(self, name: bytes) -> None:
        super().remove(self._as_held(name))


class TestFoldingFileSystem:
    @pytest.fixture
    def store(self, storage, monkeypatch):
        monkeypatch.setattr("jhup_reference.store.Folder", FoldingFolder)
        store = Store(storage)
        yield store
        store.close()

    def test_is_noticed(self, storage):
        assert folds(FoldingFolder(storage))
        assert not folds(Folder(storage))
        assert list(storage.iterdir()) == []

    def test_is_assumed_where_it_cannot_be_tried_out(self, storage, monkeypatch):
        def refuse(folder: Folder, name: bytes) -> int:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(Folder, "create", refuse)
        assert folds(Folder(storage))

    def test_holds_one_of_two_names_and_refuses_the_other(self, store, storage):
        store_body(store, "a", b"lower")
        with pytest.raises(StorageFault, match="written differently"):
            store_body(store, "A", b"upper")
        store_body(store, "a", b"again")
        assert (storage / "a").read_bytes() == b"again"

    def test_does_not_find_one_name_under_the_other(self, store):
        store_body(store, "a", b"lower")
        with pytest.raises(NotStored):
            store.find("A")
        with store.find("a") as body:
            assert body.digest().filesize == 5

    def test_that_holds_a_name_in_another_form_refuses_it(self, store, storage, monkeypatch):
        replace = Folder.replace
        monkeypatch.setattr(FoldingFolder, "replace", lambda folder, old, new: replace(folder, old, new.lower()))
        with pytest.raises(StorageFault, match="another form"):
            store_body(store, "A", b"abc")
        assert [path.name for path in storage.iterdir() if not path.name.startswith("\x7f")] == []


@pytest.mark.parametrize(
    "name", ["con", "NUL.txt", "Com1", "lpt9.tar.gz", "aux .c", "COM²", "conin$", "a.", "a ", "a:b", "what?", "<"]
)
def test_windows_cannot_hold_a_file_of_this_name(name):
    assert windows_fault(name)


@pytest.mark.parametrize("name", ["console", "com", "com10", "nulls.txt", ".con", "a.b", " a", "日本", "x" * 255])
def test_windows_can_hold_a_file_of_this_name(name):
    assert windows_fault(name) is None


def test_names_that_the_platform_cannot_hold_are_refused(storage):
    places = Places(Folder(storage), windows_fault)
    with pytest.raises(StorageFault, match="device"):
        places.of("nul")
    assert places.of("日本") == "日本".encode()


def test_a_fault_does_not_show_paths_of_the_server():
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", str(Path("/secret/place")))
    assert "secret" not in str(StorageFault.of(error))
