"""What has to be right in an exchange, as lines of Python: the second half of a reproducer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jhup.messages import Failure, Greeting, Stored
from jhup.model import Ending, Expected
from jhup_conformance.findings import CheckResult
from jhup_conformance.reports.right import Answering, echo_pattern, right_bodies, right_outcomes
from jhup_conformance.target.services import UPLOAD
from jhup_conformance.wire.transcript import Kind, Transcript

__all__ = ["Code", "checks_of"]

_TOLD: Final = re.compile(
    r"(?P<name>jc-[\w-]+):? (?:stored \()?(?:(?P<nothing>not stored)|(?P<size>\d+) bytes, sha256 (?P<digest>\w{12})…)"
)
_LONGEST_REPLIES: Final = 3000
"""Characters of all right replies, beyond which they are left to the eye."""
_CLOSED: Final = "the connection closed"
"""How the expectation of a closed connection begins."""

Express = Callable[[bytes], str]


@dataclass(slots=True)
class Code:
    """Lines under way.

    Attributes:
        checks: each makes lines that add to `wrong`, given what makes expressions of bytes.
        sees_store: whether they look into the store's folder.
        fixed_names: whether they only fit the names of the recorded run.
        waits_for_end: whether the end of the connection has to be waited for.
    """

    checks: list[Callable[[Express], list[str]]] = field(default_factory=list)
    sees_store: bool = False
    fixed_names: bool = False
    waits_for_end: bool = False

    def lines(self, express: Express) -> list[str]:
        """Give the lines, the verdict last; none where nothing can be told."""
        if not self.checks:
            return []
        made = [line for check in self.checks for line in check(express)]
        return ["wrong = []", *made, 'print("\\n".join(wrong) or "the fault does not show")', "sys.exit(bool(wrong))"]

    def add(self, *lines: str) -> None:
        """Add lines that have no names in them."""
        self.checks.append(lambda _: list(lines))


def checks_of(check: CheckResult, transcript: Transcript, service: str, answering: Answering | None) -> Code:
    """Give the lines that tell whether a fault shows again."""
    code = Code()
    if service != UPLOAD:
        pattern = echo_pattern(transcript, answering) if answering else None
        if pattern is not None:
            code.add(f"if not re.fullmatch({pattern!r}, got, re.DOTALL):", '    wrong.append("no right answer")')
    else:
        _check_store(code, check, transcript)
        _check_replies(code, [outcome.replies for outcome in right_outcomes(transcript)])
    _check_closing(code, check, transcript)
    return code


def _check_store(code: Code, check: CheckResult, transcript: Transcript) -> None:
    bodies = right_bodies(transcript)
    if bodies:
        code.checks.append(lambda express: _store_lines(bodies, express))
    elif told := _told(check.expected) if transcript.scene and transcript.scene.limits is None else {}:
        code.fixed_names = True
        code.add(
            f"for name, right in {told!r}.items() if len(sys.argv) > 2 else ():  # length, begin of SHA-256",
            "    path = pathlib.Path(sys.argv[2], name)",
            "    body = path.read_bytes() if path.is_file() else None",
            "    if (body if body is None else (len(body), hashlib.sha256(body).hexdigest()[:12])) not in right:",
            "        wrong.append(f\"{name} holds {'nothing' if body is None else len(body)}\")",
        )
    code.sees_store = bool(bodies or code.fixed_names)


def _store_lines(bodies: Mapping[str, list[bytes | None]], express: Express) -> list[str]:
    rights = []
    for name, right in bodies.items():
        shown = [express(body) if body is not None else "None" for body in right]
        rights.append(f"    ({express(name.encode('utf-8', 'surrogatepass'))}, [{', '.join(shown)}]),")
    return [
        "for name, right in [  # what may be stored in the end",
        *rights,
        "] if len(sys.argv) > 2 else ():",
        '    path = pathlib.Path(sys.argv[2], name.decode("utf-8", "surrogatepass"))',
        '    body = path.read_bytes() if b"\\0" not in name and path.is_file() else None',
        "    if body not in right:",
        "        wrong.append(f\"{name} holds {body and body[:99]}, {len(body or b'')} bytes\")",
    ]


def _told(expected: str) -> dict[str, list[tuple[int, str] | None]]:
    """Read what the words of a finding say is to be stored, where the record is of a conversation."""
    told: dict[str, list[tuple[int, str] | None]] = {}
    for found in _TOLD.finditer(expected):
        body = None if found["nothing"] else (int(found["size"]), found["digest"])
        told.setdefault(found["name"], []).append(body)
    return told


def _check_replies(code: Code, allowed: list[tuple[Expected, ...]]) -> None:
    if not allowed:
        return
    if not any(allowed):
        code.add("if got:", '    wrong.append("bytes came that nobody asked for")')
        return
    lists = list(dict.fromkeys(repr([_wanted(each) for each in replies]) for replies in allowed))
    if sum(map(len, lists)) > _LONGEST_REPLIES or any(each.optional for replies in allowed for each in replies):
        return
    code.fixed_names = True
    code.add(
        "replies = []",
        "while len(got) >= 4:",
        '    size = 4 + max(0, int.from_bytes(got[:4], "little", signed=True))',
        "    replies, got = [*replies, json.loads(got[4:size])], got[size:]",
        "if not any(  # members and their right values, in each right sequence of replies",
        "    len(right) == len(replies)",
        "    and all(got.get(name) in values for one, got in zip(right, replies) for name, values in one.items())",
        f"    for right in [{', '.join(lists)}]",
        "):",
        '    wrong.append(f"replied: {replies}")',
    )


def _wanted(expected: Expected) -> dict[str, list[Any]]:
    match expected.reply:
        case Stored(filename, filesize, digest):
            return {"status": ["ok"], "filename": [filename], "filesize": [filesize], "sha256": [digest]}
        case Failure(code, _, closing):
            codes = sorted({code.value, *(each.value for each in expected.also)})
            wanted: dict[str, list[Any]] = {"status": ["error"], "code": codes}
            return wanted if expected.any_closing else {**wanted, "closing": [closing]}
        case Greeting():
            return {"status": ["ok"], "protocol": [1]}


def _check_closing(code: Code, check: CheckResult, transcript: Transcript) -> None:
    """Check whether the connection is closed where it has to be, or open where it has to stay."""
    endings = {outcome.ending for outcome in right_outcomes(transcript)}
    must_close = transcript.scene is not None and transcript.scene.must_close
    if check.expected.startswith(_CLOSED) or (must_close and endings == {Ending.CLOSED}):
        code.waits_for_end = True
        code.add('if end == "open":', '    wrong.append("not closed within 5 s")')
    elif endings == {Ending.OPEN} and all(action.kind is Kind.SENT for action in transcript.actions()):
        code.add('if end != "open":', '    wrong.append("the server closed the connection")')
