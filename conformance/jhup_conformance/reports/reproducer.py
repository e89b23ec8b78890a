"""A stand-alone program of the standard library alone that shows a fault again, to be pasted into a bug report.

It says what was said, step by step, and then compares what came with what is right, as far as the record tells it.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from jhup.address import Address, Transport
from jhup.clauses import Clause
from jhup_conformance.findings import CheckResult
from jhup_conformance.reports.fields import request_fields
from jhup_conformance.reports.literals import HELPERS, bytes_expression
from jhup_conformance.reports.right import Answering
from jhup_conformance.reports.right_code import checks_of
from jhup_conformance.target.services import UPLOAD
from jhup_conformance.wire.frames import header, prefix
from jhup_conformance.wire.transcript import Kind, Transcript

__all__ = ["reproducer"]

_LONGEST: Final = 200_000
"""Characters of a program beyond which nobody pastes it."""
_LEAST_PAUSE: Final = 0.05
"""Seconds between two segments: more than the suite's, because the program does not know the target's pace."""
_AT_ONCE: Final = 0.0005
"""Seconds below which two steps were meant to follow each other at once."""
_MANY: Final = 100
"""Steps from which on the recorded pauses are kept, so that the program ends."""
_LONG: Final = 5.5
"""Seconds to wait for the end of a connection: the 5 of the clauses, and the way there and back."""
_SHORT: Final = 2
_RUN: Final = re.compile(rb"jc-[0-9a-zA-Z]{8}-")

_CONNECT: Final = {
    Transport.TCP: [
        'host, port = sys.argv[1].rsplit(":", 1)',
        'PEER = socket.create_connection((host.strip("[]"), int(port)), WAIT)',
        "PEER.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)",
    ],
    Transport.TLS: [
        'host, port = sys.argv[1].rsplit(":", 1)',
        'PEER = socket.create_connection((host.strip("[]"), int(port)), WAIT)',
        "PEER = ssl._create_unverified_context().wrap_socket(PEER)",
    ],
    Transport.UNIX: ["PEER = socket.socket(socket.AF_UNIX)", "PEER.settimeout(WAIT)", "PEER.connect(sys.argv[1])"],
    Transport.UDP: [
        'host, port = sys.argv[1].rsplit(":", 1)',
        'found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]',
        "PEER = socket.socket(*found[:2])",
        "PEER.settimeout(WAIT)",
        "PEER.connect(found[4])",
    ],
    Transport.UNIXGRAM: [
        "PEER = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
        'PEER.bind(os.path.join(tempfile.mkdtemp(), "peer"))',
        "PEER.settimeout(WAIT)",
        "PEER.connect(sys.argv[1])",
    ],
}
_MODULES: Final = (
    "base64", "hashlib", "json", "os", "pathlib", "re", "socket", "ssl", "struct", "sys", "tempfile", "time", "zlib",
)  # fmt: skip


@dataclass(slots=True)
class _Program:
    """The lines of a program under way.

    Attributes:
        run: what the names of the recorded run begin with; the program puts something new in its place.
        steps: what is said.
        peers: the names of the connections opened so far.
    """

    run: bytes
    connect: list[str]
    steps: list[str] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)

    def say(self, peer: str, expression: str) -> None:
        self.steps.append(f"{peer}.sendall({expression})")

    def express(self, data: bytes, borders: Iterable[int] = ()) -> str:
        """Return an expression for some bytes, with the names of a new run in them."""
        expression = bytes_expression(data, borders)
        return f"new({expression})" if self.run and self.run in data else expression

    def open(self, peer: str) -> None:
        self.peers.append(peer)
        self.steps.append(f"{peer} = connect()")


def reproducer(
    clause: Clause, check: CheckResult, target: Address | None, service: str, answering: Answering | None = None
) -> str | None:
    """Return a program that shows a finding again.

    Args:
        clause: the clause that is broken.
        check: the check that showed it, with its transcript.
        target: where it was seen; tells the transport.
        service: what the target serves.
        answering: of an echo server, what it is.

    Returns:
        Its text; None where nothing was said, or where it would be too long to be of use.
    """
    transcript = check.transcript
    if transcript is None or not transcript.entries:
        return None
    transport = target.transport if target else Transport.TCP
    code = checks_of(check, transcript, service, answering)
    wait = str(_LONG if code.waits_for_end else _SHORT)
    connect = [line.replace("WAIT", wait) for line in _CONNECT[transport]]
    program = _Program(b"" if code.fixed_names else _run_of(transcript), connect)
    _steps(program, transcript, service)
    again = [line.replace("PEER", "peer") for line in connect]
    lines = _lines(program, code.lines(program.express, again))
    text = f"{_head(clause, check, transport, code.sees_store, bool(code.checks) or code.connects_again)}\n{lines}\n"
    return text if len(text) <= _LONGEST else None


def _run_of(transcript: Transcript) -> bytes:
    """Return what all names of the recorded run begin with; empty where a segment ends inside it, or it is in no name.

    With something new in its place, the names are of files that nobody has stored before.
    """
    actions = transcript.actions()
    sent = b"".join(action.data for action in actions)
    runs = set(_RUN.findall(sent))
    bodies = b"".join(sent[each.start : each.end] for each in request_fields(sent) if each.name == "body")
    if len(runs) != 1 or runs & set(_RUN.findall(bodies)) or (transcript.scene and transcript.scene.beside):
        return b""
    (run,) = runs
    return run if sum(action.data.count(run) for action in actions) == sent.count(run) else b""


def _head(clause: Clause, check: CheckResult, transport: Transport, sees_store: bool, tells: bool) -> str:
    place = "SOCKET" if transport.is_local else "HOST:PORT"
    usage = f"python {clause.id}.py {place}" + (" STORE" if sees_store else "")
    store = " (STORE: the folder in which the server stores)" if sees_store else ""
    end = (
        "Exit status 1: the fault shows again; 2: it can't tell." if tells else "What comes has to be compared by eye."
    )
    parts = [
        f"{clause.id}: {clause.text}",
        f"Expected: {check.expected}",
        f"Seen: {check.actual}",
        f"Run {usage}{store}. {end}",
    ]
    folded = "\n\n".join("\n".join(textwrap.wrap(part, 116, break_long_words=False)) for part in parts)
    return '"""' + folded.replace("\\", "\\\\").replace('"""', "'''") + '\n"""'


def _lines(program: _Program, checks: list[str]) -> str:
    """Put a program together: imports, helpers, what is said, what has to be right."""
    one_peer = program.peers == ["peer"]
    connect = [line.replace("PEER", "peer") for line in program.connect]
    if one_peer:
        steps = [step for step in program.steps if step != "peer = connect()"]
        opening = connect
    else:
        steps = program.steps
        opening = ["def connect():", *(f"    {line}" for line in connect), "    return peer", "", ""]
    body = "\n".join([*steps, *checks])
    helpers = [f"{HELPERS[name]}\n" for name in HELPERS if f"{name}(" in body]
    if program.run:
        helpers.append(
            f'RUN = b"jc-%08x-" % (time.time_ns() // 1000 % 2**32)  # new names each time\n\n\n'
            f"def new(data):\n    return data if data is None else data.replace({program.run!r}, RUN)\n\n"
        )
    code = "\n".join(
        [
            *helpers,
            *opening,
            'got, end, until = b"", "closed", time.monotonic() + 30',
            "try:",
            *(f"    {step}" for step in steps),
            "    while (data := peer.recv(65536)) and time.monotonic() < until:",
            "        got = (got + data)[:1000000]",
            '    end = "open" if data else "closed"',
            "except TimeoutError:",
            '    end = "open"',
            "except OSError:",
            "    pass  # a reset",
            'print("received:", got[:500], " connection:", end)',
            *checks,
        ]
    )
    imports = [f"import {name}" for name in _MODULES if re.search(rf"\b{name}\.", code)]
    return "\n".join([*imports, "", "", code] if "def " in code else [*imports, "", code])


# What is said


_ENDS: Final = {Kind.HALF_CLOSED: "end", Kind.RESET: "reset", Kind.LEFT: "leave"}
_SILENT: Final = "nothing"
"""The only step of a connection that is just open."""


def _steps(program: _Program, transcript: Transcript, service: str) -> None:
    scene = transcript.scene
    for name, body in scene.before.items() if scene else ():
        head = header(cmd="put", filename=name, filesize=len(body))
        parts = ", ".join(program.express(part) for part in (prefix(len(head)), head, body) if part)
        program.peers.append("before")
        program.steps += [
            "before = connect()  # what was stored before",
            f"for part in ({parts},):",
            "    before.sendall(part)",
            "    time.sleep(0.1)",
        ]
    steps = [(when, "peer", step) for when, step in _own_steps(program, transcript, service)]
    for number, other in enumerate(scene.beside if scene else (), 1):
        own = list(_own_steps(program, other.transcript, service)) or [(0.0, _SILENT)]
        steps += [(other.after + when, f"peer{number}", step) for when, step in own]
    steps.sort(key=lambda step: step[0])
    last = min((when for when, _, _ in steps), default=0.0)  # from the first step on
    for when, peer, step in steps:
        if when - last > _AT_ONCE:
            pause = when - last if len(steps) > _MANY else max(when - last, _LEAST_PAUSE)
            program.steps.append(f"time.sleep({pause:.3f})")
        if peer not in program.peers:
            program.open(peer)
        last = when
        if step == _SILENT:
            continue
        if step == "end":
            program.steps.append(f"{peer}.shutdown(socket.SHUT_WR)")
        elif step == "reset":
            program.steps += [
                f'{peer}.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))',
                f"{peer}.close()  # a reset",
                "time.sleep(0.5)",
            ]
        elif step == "leave":
            program.steps += [f"{peer}.close()  # whatever is still to come", "time.sleep(0.5)"]
        else:
            program.say(peer, step)
    if "peer" not in program.peers:
        program.open("peer")


def _own_steps(program: _Program, transcript: Transcript, service: str) -> Iterator[tuple[float, str]]:
    """Return when each step was taken, or would have been: an expression of the bytes, "end", "reset" or "leave"."""
    actions = transcript.actions()
    sent = b"".join(action.data for action in actions)
    borders = [each.start for each in request_fields(sent)] if service == UPLOAD else []
    at, place = 0.0, 0
    for action in actions:
        at += action.pause
        if action.kind is Kind.SENT:
            yield at, program.express(action.data, [border - place for border in borders])
            place += len(action.data)
        else:
            yield at, _ENDS[action.kind]
