"""A recorded exchange can be read again, sent again, and shown."""

import json
from pathlib import Path

import pytest
from running import Judge, Servers

from jhup_conformance.reports.annotated import annotate, step_lines
from jhup_conformance.wire.dump import show_bytes
from jhup_conformance.wire.transcript import Action, Beside, Kind, Scene, Transcript


def some_transcript() -> Transcript:
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, b"\x2d\x00")
    transcript.add(0.25, Kind.SENT, b"ab")
    transcript.add(0.5, Kind.RECEIVED, b"\xff" * 600)
    transcript.add(0.75, Kind.HALF_CLOSED)
    transcript.add(1.0, Kind.CLOSED, how="end of stream")
    return transcript


def test_what_is_written_is_read_again() -> None:
    written = json.loads(json.dumps(some_transcript().to_json()))

    assert Transcript.from_json(written) == some_transcript()


def test_the_scene_of_an_exchange_is_read_again_and_what_was_not_sent_any_more() -> None:
    transcript = some_transcript()
    left = Action(Kind.SENT, b"c" * 700, 0.001)
    beside = Transcript()
    beside.add(0.0, Kind.SENT, b"x")
    transcript.scene = Scene(
        plan=(*transcript.actions(), left),
        watched=("a\udc80", "b"),
        before={"b": b"\x00"},
        must_close=True,
        limits=(65536, 2**63 - 1, False),
        beside=(Beside(-0.5, beside, 2),),
        number=1,
    )

    read = Transcript.from_json(json.loads(json.dumps(transcript.to_json())))

    assert read == transcript
    assert read.unsent == (left,)
    assert read.actions()[-1] == left


def test_a_record_gives_the_steps_of_the_suite_with_their_pauses() -> None:
    assert some_transcript().actions() == [
        Action(Kind.SENT, b"\x2d\x00", 0.0),
        Action(Kind.SENT, b"ab", 0.25),
        Action(Kind.HALF_CLOSED, b"", 0.5),
    ]


def test_a_client_that_left_leaves_at_once_when_it_is_shown_again() -> None:
    """However long the machine took for it: later it would have heard what it must not hear."""
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, b"a")
    transcript.add(0.016, Kind.LEFT)

    assert transcript.actions() == [Action(Kind.SENT, b"a"), Action(Kind.LEFT)]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({}, "format"),
        ({"format": 1, "entries": [{"kind": "sent"}]}, "entry 0"),
        ({"format": 1, "entries": [{"at": 0, "kind": "sung"}]}, "entry 0"),
        ({"format": 1, "entries": [{"at": 0, "kind": "sent", "hex": "zz"}]}, "entry 0"),
    ],
)
def test_what_is_no_record_is_named(record: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Transcript.from_json(record)


def test_a_long_segment_is_shown_by_head_length_and_tail() -> None:
    assert "600 bytes" in show_bytes(b"\xff" * 600)
    assert show_bytes(b"a\\\n") == "a\\x5c\\x0a"


def test_the_middle_of_a_long_transcript_is_left_out_and_said_to_be() -> None:
    transcript = Transcript()
    for number in range(100):
        transcript.add(number, Kind.SENT, b"x")

    lines = list(step_lines(annotate(transcript)))

    assert len(lines) < 100
    assert any("76 more" in line for line in lines)


def test_a_failing_exchange_shows_the_fault_again_when_it_is_replayed(
    tmp_path: Path, servers: Servers, judge: Judge
) -> None:
    address = servers.start("taught_upload.py", "--storage", tmp_path)
    exchange = tmp_path / "FRAME-3.json"
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, b"\x2d")
    transcript.add(0.2, Kind.SENT, b'\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc')
    exchange.write_text(json.dumps({"clause": "FRAME-3", **transcript.to_json()}))

    replayed = judge("replay", exchange, address, reported=False)

    assert replayed.status == 0, replayed.printed
    assert replayed.printed.count("end of stream") == 1
    assert not (tmp_path / "a.txt").exists()


def test_what_can_not_be_replayed_is_a_usage_error(tmp_path: Path, judge: Judge) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("[]")

    judged = judge("replay", broken, "127.0.0.1:1", reported=False)

    assert (judged.status, "not a recorded exchange" in judged.printed) == (2, True), judged.printed
