"""TLS: trust, client certificates, and a half-close that loses nothing (section 2.1)."""

import io
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jhup import Stored
from jhup_client import ConnectionFailed, ConnectionLost, Fault, Sent, TlsOptions
from jhup_client.dial import dial

StartPeer = Callable[..., Any]

MIB = 1 << 20
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(params=VERSIONS, ids=["TLS 1.2", "TLS 1.3"])
def tls(request: pytest.FixtureRequest, authority: Any) -> Any:
    """The authority, with a server that speaks only one version."""
    authority.server.minimum_version = authority.server.maximum_version = request.param
    return authority


def trusting(authority: Any, **options: Any) -> TlsOptions:
    return TlsOptions(ca_file=authority.ca_file, **options)


def test_files_arrive_over_tls(peer: StartPeer, tls: Any) -> None:
    server = peer(lambda server: server.read_to_end(), wrap=tls.wrap)

    sent = server.client(tls=trusting(tls), settle=3600).put(io.BytesIO(b"abc"), name="a")

    assert sent == Sent("a", 3)
    assert server.result() == b'\x29\x00\x00\x00{"cmd":"put","filename":"a","filesize":3}abc'


def test_large_files_are_confirmed_over_tls(peer: StartPeer, tls: Any, tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(range(256)) * (20 * MIB // 256))

    def script(server: Any) -> int:
        header, body = server.read_request()
        server.confirm(header, body)
        assert server.read_to_end() == b""
        return len(body)

    server = peer(script, wrap=tls.wrap)

    stored = server.client(tls=trusting(tls)).put(path, reply=True)

    assert stored.filesize == 20 * MIB
    assert server.result() == 20 * MIB


def test_a_silent_server_over_tls_is_waited_for_within_a_bound(peer: StartPeer, tls: Any) -> None:
    released = threading.Event()

    def script(server: Any) -> bytes:
        data = server.read_to_end()
        assert released.wait(20)
        return data

    server = peer(script, wrap=tls.wrap)

    server.client(tls=trusting(tls), settle=0.05).put(io.BytesIO(b"abc"), name="a")
    released.set()

    assert server.result().endswith(b"abc")


def test_what_the_server_says_after_our_end_of_stream_is_still_read(peer: StartPeer, tls: Any) -> None:
    """The end goes out while a reply is already waiting, and more comes after it."""
    said = threading.Event()

    def script(server: Any) -> None:
        server.send(b"before")
        said.set()
        assert server.read_to_end() == b""
        server.send(b", after" + bytes(5 * MIB))

    server = peer(script, wrap=tls.wrap)
    client = server.client(tls=trusting(tls))
    transport = dial(client.address, tls=client.tls, within=10)
    transport.socket.setblocking(True)
    transport.socket.settimeout(20)
    assert said.wait(20)
    buffer = memoryview(bytearray(65536))
    received = b""
    while len(received) < 6:
        received += buffer[: transport.receive(buffer)].tobytes()
    transport.socket.setblocking(False)

    assert transport.half_close()
    transport.socket.settimeout(20)
    while count := transport.receive(buffer):
        received += buffer[:count].tobytes()
    transport.close()

    assert received == b"before, after" + bytes(5 * MIB)
    server.result()


def test_replies_that_are_on_their_way_when_the_client_is_done_are_not_lost(peer: StartPeer, tls: Any) -> None:
    def script(server: Any) -> None:
        requests = [server.read_request() for _ in range(50)]
        for header, body in requests:
            server.confirm(header, body)
        assert server.read_to_end() == b""

    server = peer(script, wrap=tls.wrap)

    with server.client(tls=trusting(tls)).connect() as connection:
        uploads = [connection.submit(io.BytesIO(bytes([i])), name=f"f{i}", reply=True) for i in range(50)]

    assert all(isinstance(upload.outcome, Stored) for upload in uploads)
    server.result()


def end_without_notice(server: Any) -> None:
    socket.close(server.socket.detach())


def test_a_server_that_ends_without_close_notify_has_closed_all_the_same(peer: StartPeer, tls: Any) -> None:
    server = peer(lambda server: (server.read_to_end(), end_without_notice(server)), wrap=tls.wrap)

    assert server.client(tls=trusting(tls), settle=3600).put(io.BytesIO(b"abc"), name="a") == Sent("a", 3)
    server.result()


def test_a_server_that_ended_so_before_we_did_has_taken_everything(peer: StartPeer, tls: Any) -> None:
    server = peer(lambda server: (server.read_request(), end_without_notice(server)), wrap=tls.wrap)

    with server.client(tls=trusting(tls), settle=3600).connect() as connection:
        upload = connection.submit(io.BytesIO(b"abc"), name="a")
        server.result()

    assert upload.outcome == Sent("a", 3)


def test_memory_stays_small_when_a_tls_server_reads_nothing(peer: StartPeer, tls: Any) -> None:
    given_up = threading.Event()

    def script(server: Any) -> None:
        assert given_up.wait(20)

    server = peer(script, wrap=tls.wrap)
    connection = server.client(tls=trusting(tls), stall=0.2).connect()

    with pytest.raises(ConnectionLost, match=r"took no bytes for 0.2 s"):
        connection.put(io.BytesIO(bytes(32 * MIB)), name="a")

    assert connection._channel._transport._outgoing.pending < MIB
    given_up.set()
    server.result()


def fails_to_shake_hands(server_side: Any, sock: Any) -> Any:
    """Wrap as a server whose client will not trust it."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        server_side.wrap(sock)
    return sock


@pytest.mark.parametrize(
    ("options", "words"),
    [({}, "isn't trusted"), ({"server_name": "elsewhere.example"}, "isn't trusted.*mismatch")],
    ids=["unknown authority", "another name"],
)
def test_a_certificate_that_is_not_trusted_ends_the_attempt(
    peer: StartPeer, authority: Any, options: dict[str, Any], words: str
) -> None:
    tls = trusting(authority, **options) if options else TlsOptions()
    server = peer(lambda server: None, wrap=partial(fails_to_shake_hands, authority))

    with pytest.raises(ConnectionFailed, match=words):
        server.client(tls=tls).hello()

    server.result()


def test_any_certificate_is_trusted_only_when_that_is_asked_for(peer: StartPeer, tls: Any) -> None:
    server = peer(lambda server: server.read_to_end(), wrap=tls.wrap)

    server.client(tls=TlsOptions(insecure=True)).put(io.BytesIO(b"abc"), name="a")

    assert server.result().endswith(b"abc")


def test_the_name_in_the_certificate_may_be_given(peer: StartPeer, authority: Any) -> None:
    authority.ca.issue_cert("files.example").configure_cert(authority.server)
    server = peer(lambda server: server.read_to_end(), wrap=authority.wrap)

    server.client(tls=trusting(authority, server_name="files.example")).put(io.BytesIO(b"abc"), name="a")

    assert server.result().endswith(b"abc")


def test_a_client_certificate_is_shown(peer: StartPeer, tls: Any) -> None:
    tls.server.verify_mode = ssl.CERT_REQUIRED
    server = peer(lambda server: server.store_all(), wrap=tls.wrap)

    stored = server.client(tls=trusting(tls, certificate=tls.client_file)).put(io.BytesIO(b"abc"), name="a", reply=True)

    assert stored.filesize == 3
    assert server.result() == {"a": b"abc"}


def test_a_missing_client_certificate_is_reported_even_for_a_silent_upload(peer: StartPeer, tls: Any) -> None:
    """With TLS 1.3 the client's side of the handshake is over before the server can object."""
    tls.server.verify_mode = ssl.CERT_REQUIRED
    server = peer(lambda server: None, wrap=partial(fails_to_shake_hands, tls))

    with pytest.raises((ConnectionFailed, ConnectionLost)):
        server.client(tls=trusting(tls), settle=20).put(io.BytesIO(b"abc"), name="a")

    server.result()


def test_a_server_that_does_not_speak_tls_is_named(peer: StartPeer) -> None:
    server = peer(
        lambda server: (server.read(5), server.send(b"HTTP/1.0 400 Bad Request\r\n\r\n"), server.count_to_end())
    )

    with pytest.raises(ConnectionFailed, match="doesn't speak TLS"):
        server.client(tls=TlsOptions()).hello()

    server.result()


def test_a_server_that_closes_inside_the_handshake_is_named(peer: StartPeer) -> None:
    server = peer(lambda server: server.read(5 + struct.calcsize(">BH")))

    with pytest.raises(ConnectionFailed):
        server.client(tls=TlsOptions()).hello()

    server.result()


def test_a_server_that_never_shakes_hands_is_given_up(peer: StartPeer) -> None:
    server = peer(lambda server: server.count_to_end())

    with pytest.raises(ConnectionFailed, match=r"no answer within 0.2 s"):
        server.client(tls=TlsOptions(), connect=0.2).hello()

    server.result()


def test_certificates_that_cannot_be_used_are_our_own_fault(peer: StartPeer, tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")

    for options in (TlsOptions(ca_file=junk), TlsOptions(certificate=junk), TlsOptions(ca_file=tmp_path / "missing")):
        server = peer()
        with pytest.raises(ConnectionFailed, match=r"can't use .* for TLS") as caught:
            server.client(tls=options).hello()
        assert caught.value.fault is Fault.LOCAL
