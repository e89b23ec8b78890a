"""Faults are composed where they change different things, and the table says of both what has to be said."""

import hashlib
import itertools
import socket
import threading
from pathlib import Path

import pytest
from fault_pairs import Pair, combined, draw, why_not
from upload_fault_table import FAULTS, Fault


def test_two_faults_that_change_the_same_are_not_composed() -> None:
    assert why_not(FAULTS["a hundred requests"], FAULTS["a hundred requests"]) == "they are the same"
    assert why_not(FAULTS["keeps the tail"], FAULTS["loses whole blocks"]) == "both change commit"


def test_a_fault_in_replies_is_not_composed_with_one_that_has_none() -> None:
    silent = Fault(FAULTS["flushes at the end"].server, frozenset({"STORE-4"}), silent=True)

    assert "without replies" in why_not(silent, FAULTS["capital digest"])


def test_every_pair_that_can_be_composed_is_a_class_with_both_faults() -> None:
    for first, second in itertools.combinations(FAULTS.values(), 2):
        if not why_not(first, second):
            assert {first.server, second.server} <= set(combined(first.server, second.server).__mro__)


def test_a_pair_has_to_be_blamed_for_both_of_its_faults() -> None:
    pair = Pair("prefix in one read", "capital digest")

    assert pair.blamed == {"FRAME-3", "FRAME-9", "REPLY-6"}
    assert pair.related.keys() == FAULTS[pair.first].related.keys() | FAULTS[pair.second].related.keys()


@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_drawn_alike_for_a_seed_and_none_twice(seed: int) -> None:
    drawn = list(draw(200, seed))

    assert drawn == list(draw(200, seed))
    assert len({frozenset({each.first, each.second}) for each in drawn}) == 200
    assert not any(why_not(*each.faults) for each in drawn)


def test_both_faults_show_in_one_server(tmp_path: Path) -> None:
    """It keeps the tail of an old body, and tells the digest in capitals."""
    server = Pair("keeps the tail", "capital digest").server
    server.open_store(tmp_path)
    client, end = socket.socketpair()
    header = b'{"cmd":"put","filename":"a","filesize":%d,"reply":true}'

    with client:
        serving = threading.Thread(target=server(end).serve)
        serving.start()
        for body in (b"abc", b"d"):
            text = header % len(body)
            client.sendall(len(text).to_bytes(4, "little") + text + body)
        client.shutdown(socket.SHUT_WR)
        serving.join()
        told = client.recv(4096)

    assert (tmp_path / "a").read_bytes() == b"dbc"
    assert hashlib.sha256(b"d").hexdigest().upper().encode() in told
