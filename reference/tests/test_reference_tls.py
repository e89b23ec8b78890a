"""Connections secured by TLS, with and without certificates of clients."""

import socket
import ssl

import pytest
import trustme

from jhup import Code, Failure, Stored
from jhup_reference.runtime.tls import server_context
from jhup_reference.serving import running_upload_server
from jhup_reference.settings import Serving, Tuning


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    chain, key, both, ca = (folder / name for name in ("chain.pem", "key.pem", "both.pem", "ca.pem"))
    chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(str(key))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(both))
    authority.cert_pem.write_to_path(str(ca))
    return {"chain": chain, "key": key, "both": both, "ca": ca}


@pytest.fixture
def trusting(authority) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("serving", ["threading", "multiplexing", "forking", "iterative"])
def test_serves_over_tls(start, connect, files, trusting, serving, storage):
    server = start("--serving", serving, "--tls-cert", str(files["chain"]), "--tls-key", str(files["key"]))
    assert server.line == f"listening tls 127.0.0.1:{server.address.port}"
    client = connect(server.address, trusting)
    client.request('{"cmd":"put","filename":"long","filesize":3000000}', bytes(3_000_000))
    assert isinstance(client.put("a", b"abc"), Stored)
    client.socket.unwrap()
    assert (storage / "long").stat().st_size == 3_000_000


def test_client_that_asks_for_no_reply_sees_an_orderly_end(files, trusting, storage, connect):
    with running_upload_server(storage, tls=server_context(files["both"])) as address:
        client = connect(address, trusting)
        client.request('{"cmd":"put","filename":"a","filesize":3}', b"abc")
        client.socket.unwrap()
    assert (storage / "a").read_bytes() == b"abc"


def test_error_reply_arrives_before_an_orderly_end(files, trusting, storage, connect):
    tls = server_context(files["both"])
    with running_upload_server(storage, tls=tls, tuning=Tuning(linger=0.1)) as address:
        client = connect(address, trusting)
        client.request('{"cmd":"put","filename":"a","filesize":null,"reply":true}', bytes(100_000))
        (failure,) = client.rest()
        assert isinstance(failure, Failure)
        assert failure.code is Code.MALFORMED


@pytest.mark.parametrize("serving", [Serving.THREADING, Serving.MULTIPLEXING])
def test_client_that_never_shakes_hands_delays_no_other(files, trusting, storage, connect, serving):
    with running_upload_server(storage, tls=server_context(files["both"]), serving=serving) as address:
        mute = [connect(address) for _ in range(3)]
        mute[0].send(b"\x16\x03\x01")
        mute[1].send(b"\x2d\0\0\0{")
        assert isinstance(connect(address, trusting).put("a", b"abc"), Stored)


def test_only_clients_of_the_authority_may_connect_where_one_is_named(files, trusting, storage, connect, authority):
    context = server_context(files["chain"], files["key"], files["ca"])
    with running_upload_server(storage, tls=context) as address:
        # A client learns of it at the handshake or with its first answer, as its version of TLS has it.
        with pytest.raises((ssl.SSLError, ConnectionResetError, AssertionError)):
            connect(address, trusting).put("a", b"abc")

        authority.issue_cert("client").configure_cert(trusting)
        assert isinstance(connect(address, trusting).put("b", b"abc"), Stored)
    assert [path.name for path in storage.iterdir()] == ["b"]


def test_plain_client_is_turned_away(files, storage, connect):
    with running_upload_server(storage, tls=server_context(files["both"])) as address:
        client = connect(address)
        client.request('{"cmd":"put","filename":"a","filesize":3,"reply":true}', b"abc")
        client.socket.shutdown(socket.SHUT_WR)
        while client.socket.recv(65536):
            pass  # an alert of TLS at most
    assert list(storage.iterdir()) == []
