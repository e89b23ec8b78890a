"""Every serving in a thread of a program: the same conversation, and what each has to take care of by itself."""

import contextlib
import os
import socket
import threading

import pytest
import structlog

from jhup import Code, Failure, Greeting, Stored
from jhup.address import Address, Transport
from jhup_reference.serving import running_upload_server
from jhup_reference.settings import Durability, Limits, Serving, Tuning

needs_unix = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this platform lacks Unix sockets")

IN_A_THREAD = [Serving.ITERATIVE, Serving.THREADING, Serving.MULTIPLEXING]
CONCURRENT = [Serving.THREADING, Serving.MULTIPLEXING]
MIB = 1024 * 1024
QUICK = Tuning(linger=0.1)
"""Of a server that doesn't wait long for a client that won't close."""


@pytest.mark.parametrize("serving", IN_A_THREAD)
class TestEvery:
    def test_has_the_same_conversation(self, serving, storage, connect):
        with running_upload_server(
            storage, serving=serving, limits=Limits(max_filesize=8 * MIB), tuning=QUICK
        ) as address:
            client = connect(address)
            body = os.urandom(3 * MIB)
            client.request('{"cmd":"hello","reply":true}')
            client.request('{"cmd":"put","filename":"silent","filesize":3145728}', body)
            client.request('{"cmd":"put","filename":"a/b","filesize":3,"reply":true}', b"abc")
            client.request('{"cmd":"put","filename":"long","filesize":3145728,"reply":true}', body)
            client.request('{"cmd":"stat","filename":"silent","reply":true}')
            client.request('{"cmd":"put","filename":"huge","filesize":99999999999,"reply":true}')
            kinds = [type(reply) for reply in client.rest()]
        assert kinds == [Greeting, Failure, Stored, Stored, Failure]
        assert {path.name: path.read_bytes() == body for path in storage.iterdir()} == {"silent": True, "long": True}

    def test_serves_a_client_after_another(self, serving, storage, connect):
        with running_upload_server(storage, serving=serving) as address:
            for number in range(3):
                client = connect(address)
                assert isinstance(client.put(f"f{number}", b"abc"), Stored)
                client.end()
                assert client.rest() == []

    def test_survives_resets_and_nonsense(self, serving, storage, connect):
        with running_upload_server(storage, serving=serving) as address:
            for nonsense in (
                b"",
                b"\x2d",
                b"\x2d\0\0\0{",
                b"\xff\xff\xff\xff",
                b"\x02\0\0\0{}",
                b"GET / HTTP/1.0\r\n\r\n",
            ):
                client = connect(address)
                client.send(nonsense)
                client.reset()
            assert isinstance(connect(address).put("a", b"abc"), Stored)

    @pytest.mark.parametrize("where", ["session.Session.receive", "store.Store.begin"])
    def test_survives_what_no_one_foresaw(self, serving, storage, connect, monkeypatch, eventually, where):
        def fail(*_: object) -> None:
            raise RuntimeError("unforeseen")

        with (
            structlog.testing.capture_logs() as logs,
            running_upload_server(storage, serving=serving, tuning=QUICK) as address,
        ):
            with monkeypatch.context() as patch:
                patch.setattr(f"jhup_reference.{where}", fail)
                client = connect(address)
                client.request('{"cmd":"put","filename":"x","filesize":3,"reply":true}', b"abc")
                replies = client.rest()
            assert [reply.code for reply in replies] == ([Code.INTERNAL] if "Store" in where else [])
            assert isinstance(connect(address).put("a", b"abc"), Stored)
            eventually(lambda: [log["event"] for log in logs if log["log_level"] == "error"] == ["internal"])

    @needs_unix
    def test_serves_unix_sockets(self, serving, storage, connect, tmp_path):
        where = Address(Transport.UNIX, path=str(tmp_path / "s"))
        with running_upload_server(storage, address=where, serving=serving) as address:
            assert address == where
            assert isinstance(connect(address).put("a", b"abc"), Stored)
        assert not (tmp_path / "s").exists()

    def test_ends_with_the_block_although_clients_are_connected(self, serving, storage, connect):
        with running_upload_server(storage, serving=serving) as address:
            client = connect(address)
            client.put("a", b"abc")
        assert client.rest() == []
        with pytest.raises(ConnectionRefusedError):
            connect(address)

    def test_can_wait_for_the_disk(self, serving, storage, connect):
        with running_upload_server(storage, serving=serving, durability=Durability.FSYNC) as address:
            client = connect(address)
            assert isinstance(client.put("a", b"abc"), Stored)
            assert isinstance(client.put("b", b"abc"), Stored)


@pytest.mark.parametrize("serving", CONCURRENT)
class TestConcurrent:
    def test_a_client_that_reads_no_replies_delays_no_other(self, serving, storage, connect):
        with running_upload_server(storage, serving=serving, tuning=Tuning(grace=0.2)) as address:
            deaf = connect(address)
            deaf.socket.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                while True:
                    deaf.request('{"cmd":"x","reply":true}' + " " * 100)
            assert isinstance(connect(address).put("a", b"abc"), Stored)
            deaf.socket.settimeout(30)
            assert isinstance(deaf.reply(), Failure)

    def test_many_clients_are_each_answered_in_order(self, serving, storage, connect):
        failures: list[str] = []

        def converse(address: Address, number: int) -> None:
            client = connect(address)
            for size in (0, 1, 1000, 70_000, 300_000, 2 * MIB):
                reply = client.put(f"{number}-{size}", bytes([number]) * size)
                if not (isinstance(reply, Stored) and reply.filesize == size):
                    failures.append(f"{number}: {reply}")

        with running_upload_server(storage, serving=serving) as address:
            threads = [threading.Thread(target=converse, args=(address, number)) for number in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert failures == []
        for number in range(12):
            assert (storage / f"{number}-300000").read_bytes() == bytes([number]) * 300_000

    def test_writers_of_one_name_leave_one_whole_body_and_readers_see_no_other(self, serving, storage, connect):
        bodies = [bytes([number]) * 100_000 for number in range(8)]
        done = threading.Event()
        partial: list[int] = []

        def watch() -> None:
            while not done.is_set():
                if (storage / "same").exists() and (body := (storage / "same").read_bytes()) not in bodies:
                    partial.append(len(body))

        def write(address: Address, body: bytes) -> None:
            client = connect(address)
            for _ in range(5):
                assert isinstance(client.put("same", body), Stored)

        with running_upload_server(storage, serving=serving) as address:
            threads = [threading.Thread(target=write, args=(address, body)) for body in bodies]
            watcher = threading.Thread(target=watch)
            for thread in [watcher, *threads]:
                thread.start()
            for thread in threads:
                thread.join()
            done.set()
            watcher.join()
        assert partial == []
        assert (storage / "same").read_bytes() in bodies


def test_forking_is_for_processes_of_its_own(storage):
    with pytest.raises(ValueError, match="fork"), running_upload_server(storage, serving=Serving.FORKING):
        pass


def test_a_name_that_is_taken_is_refused_as_storage(storage, connect):
    (storage / "folder").mkdir()
    with running_upload_server(storage) as address:
        client = connect(address)
        refused = client.put("folder", b"abc")
        assert isinstance(refused, Failure)
        assert refused.code is Code.STORAGE
        assert isinstance(client.put("a", b"abc"), Stored)
