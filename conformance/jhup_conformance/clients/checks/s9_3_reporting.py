"""Section 9.3, reporting: what went wrong is said, and what went well."""

from typing import Final

from jhup_conformance.clients.case import Broken, Case, Check, Effort, NotSeen, Seen, about_report
from jhup_conformance.clients.checks.s9_1_sending import BIG
from jhup_conformance.clients.files import Content, File
from jhup_conformance.clients.judges import fails, fails_with_a_message, succeeds, was_asked
from jhup_conformance.clients.script import (
    Do,
    Script,
    Step,
    body,
    confirm,
    header,
    probe_half_close,
    refuse,
    request,
    reset,
    say,
    serve,
    shut_window,
    to_end,
)

__all__ = ["CASES", "asked_and_fails", "asked_and_succeeds"]

_MESSAGE: Final = {"CLIENT-17": about_report(fails_with_a_message)}
_CLOSE: Final = Step(do=Do.CLOSE)
_END: Final = Step(do=Do.HALF_CLOSE)


def waits_for_a_reset(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-15: bytes that a reset destroyed were not handed over."""
    if was_asked(seen):
        return NotSeen("the client asks for replies although it was not told to")
    if seen.reported_success:
        return Broken(
            "failure: the server reset the connection as soon as it had the last byte",
            f"success, without waiting for a reset: {seen.how_it_ended}",
        )
    return None


def half_closes(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-15: the direction is half-closed, and the other one stays open for a moment."""
    if was_asked(seen):
        return NotSeen("the client asks for replies although it was not told to")
    probed = [talk.was_closed for talk in seen.talks if talk.was_closed is not None and talk.inbox.count]
    if not probed:
        return NotSeen("no end of stream could be probed")
    if any(probed):
        return Broken(
            "a half-close, and after it a wait for a reset",
            "the client had closed both directions when its end of stream arrived",
        )
    return None


def asked_and_fails(seen: Seen) -> Broken | NotSeen | None:
    """CLIENT-16: what a reply says is reported, and that there is none."""
    return fails(seen) if was_asked(seen) else NotSeen("the client did not ask for a reply")


def asked_and_succeeds(seen: Seen) -> Broken | NotSeen | None:
    """The reply says that all went well, and so does the client."""
    return succeeds(seen) if was_asked(seen) else NotSeen("the client did not ask for a reply")


def _broken_off(name: str, script: Script, *, needs_tls: bool = False, effort: Effort = Effort.DEFAULT) -> Case:
    return Case(
        name=name,
        checks={"CLIENT-14": about_report(fails), **_MESSAGE},
        script=script,
        file=File(name="broken-off.bin", content=Content.BINARY, size=BIG),
        needs_tls=needs_tls,
        effort=effort,
    )


def _replied(name: str, *script: Step, needs_tcp: bool = False, effort: Effort = Effort.DEFAULT) -> Case:
    return Case(
        name=name,
        checks={"CLIENT-16": about_report(asked_and_fails), **_MESSAGE},
        script=(request, *script, to_end),
        asks=True,
        needs_tcp=needs_tcp,
        effort=effort,
    )


def _cut(name: str, *cuts: int, effort: Effort = Effort.DEFAULT) -> Case:
    return Case(
        name=name,
        checks={"CLIENT-18": about_report(asked_and_succeeds)},
        script=(request, confirm(cuts=cuts), to_end),
        asks=True,
        effort=effort,
    )


CASES: Final[tuple[Case, ...]] = (
    Case(
        name="a server that refuses connections",
        checks={"CLIENT-14": about_report(fails), **_MESSAGE},
        refuses=True,
        effort=Effort.QUICK,
    ),
    _broken_off("a reset after the prefix", (Step(do=Do.READ_PREFIX), reset)),
    _broken_off("a reset inside the body", (header, body(100_000), reset), effort=Effort.QUICK),
    _broken_off("a close inside the body", (header, body(100_000), _CLOSE)),
    _broken_off("a close of TLS inside the body, no close_notify", (header, body(100_000), _CLOSE), needs_tls=True),
    Case(
        name="a reset as soon as the last byte came",
        checks={"CLIENT-15": about_report(waits_for_a_reset), **_MESSAGE},
        script=(request, reset),
        effort=Effort.QUICK,
        needs_tcp=True,
    ),
    Case(
        name="a look at the half-close",
        checks={"CLIENT-15": Check(half_closes, needs_ending=False)},
        script=(to_end, probe_half_close, shut_window(5.0)),
    ),
    Case(
        name="a server that speaks without being asked",
        checks={"CLIENT-19": about_report(succeeds)},
        script=(say(b"220 welcome\r\n"), serve),
    ),
    Case(
        name="the right reply",
        checks={"CLIENT-19": about_report(asked_and_succeeds)},
        script=(request, confirm(), to_end),
        asks=True,
        effort=Effort.QUICK,
    ),
    Case(
        name="the right reply, two seconds late",
        checks={"CLIENT-19": about_report(asked_and_succeeds)},
        script=(request, confirm(seconds=2.0), to_end),
        asks=True,
    ),
    _replied("an error in reply", refuse(), effort=Effort.QUICK),
    _replied("an error that says closing, and the end", refuse({"closing": True}), _END),
    _replied("another digest in reply", confirm({"sha256": "0" * 64}), effort=Effort.QUICK),
    _replied("no reply but the end of the stream", _END),
    _replied("half a reply and the end of the stream", say(b"\x7b\x00\x00\x00{"), _END),
    _replied("a reset in place of a reply", reset, needs_tcp=True),
    Case(
        name="an error before anything was sent",
        checks={"CLIENT-16": about_report(fails), **_MESSAGE},
        script=(refuse({"code": "busy", "closing": True}), _END, to_end),
        asks=True,
        effort=Effort.THOROUGH,
    ),
    _cut("the right reply, one byte at a time", -1, effort=Effort.QUICK),
    _cut("the right reply, cut in its prefix", 2),
    _cut("the right reply, cut after its prefix", 4),
    *(_cut(f"the right reply, cut at byte {cut}", cut, effort=Effort.THOROUGH) for cut in (1, 3, 5, 20, 64, 100, 121)),
    Case(
        name="an error in reply, one byte at a time",
        checks={"CLIENT-18": about_report(asked_and_fails)},
        script=(request, refuse(cuts=(-1,)), to_end),
        asks=True,
    ),
)
