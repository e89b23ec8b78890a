"""What has to be right in an exchange, as lines of Python: the second half of a reproducer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from jhup.messages import Failure, Greeting, Stored
from jhup.model import Ending, Expected
from jhup_conformance.differences import (
    Difference,
    Gone,
    NotReplies,
    Other,
    StillOpen,
    Unsolicited,
    WrongBody,
    WrongReplies,
)
from jhup_conformance.findings import CheckResult
from jhup_conformance.reports.right import Answering, echo_pattern, right_bodies, right_outcomes
from jhup_conformance.target.services import UPLOAD
from jhup_conformance.verify.traits import RACING, races
from jhup_conformance.wire.transcript import Kind, Transcript

__all__ = ["Code", "checks_of"]

_LONGEST_REPLIES: Final = 3000
"""Characters of all right replies, beyond which they are left to the eye."""

Express = Callable[[bytes], str]


@dataclass(slots=True)
class Code:
    """Lines under way.

    Attributes:
        checks: each makes lines that add to `wrong`, given what makes expressions of bytes.
        sees_store: whether they look into the store's folder.
        fixed_names: whether they only fit the names of the recorded run.
        waits_for_end: whether the end of the connection has to be waited for.
        unknown: what the lines can't tell; empty where they tell everything.
        connects_again: whether the server has to accept a connection after it all.
    """

    checks: list[Callable[[Express], list[str]]] = field(default_factory=list)
    sees_store: bool = False
    fixed_names: bool = False
    waits_for_end: bool = False
    unknown: str = ""
    connects_again: bool = False

    def lines(self, express: Express, connect: Sequence[str]) -> list[str]:
        """Return the lines, the verdict last: exit status 1 shows the fault, 2 says that nothing can be told.

        Args:
            express: makes expressions of bytes.
            connect: the lines that open a connection.
        """
        told = [f"unknown = {self.unknown!r}"]
        if self.sees_store:
            told.append('unknown = unknown or ("" if len(sys.argv) > 2 else "the store: name its folder, too")')
        made = [line for check in self.checks for line in check(express)]
        again = [
            "peer.close()",
            "time.sleep(0.5)  # a process takes a moment to die",
            "try:",
            *(f"    {line}" for line in connect),
            "except OSError as error:",
            '    wrong.append(f"the server is gone: {error}")',
        ]
        return [
            "wrong = []",
            *made,
            *(again if self.connects_again else ()),
            *told,
            "if wrong:",
            '    print("\\n".join(wrong))',
            "    sys.exit(1)",
            "if unknown:",
            '    print("can\'t tell:", unknown)',
            "    sys.exit(2)",
            'print("the fault does not show")',
        ]

    def add(self, *lines: str) -> None:
        """Add lines that have no names in them."""
        self.checks.append(lambda _: list(lines))


def checks_of(check: CheckResult, transcript: Transcript, service: str, answering: Answering | None) -> Code:
    """Return the lines that tell whether a fault shows again."""
    code = Code()
    if gone := next((each for each in check.points if isinstance(each, Gone)), None):
        code.connects_again = True
        code.unknown = "it accepts connections: whether it serves them has to be seen" if gone.hung else ""
        return code
    if service != UPLOAD:
        pattern = echo_pattern(transcript, answering) if answering else None
        if pattern is not None:
            code.add(f"if not re.fullmatch({pattern!r}, got, re.DOTALL):", '    wrong.append("no right answer")')
    else:
        _check_store(code, check, transcript)
        compares = _check_replies(code, [outcome.replies for outcome in right_outcomes(transcript)])
        if not compares and any(isinstance(each, WrongReplies | NotReplies) for each in check.points):
            code.unknown = "too many answers are right: the replies have to be compared by eye"
    _check_closing(code, check, transcript)
    code.unknown = code.unknown or _unknown(code, check, transcript, service)
    return code


def _unknown(code: Code, check: CheckResult, transcript: Transcript, service: str) -> str:
    """Return what stands against a verdict of "does not show"; empty where nothing does."""
    scene = transcript.scene
    if scene is not None and scene.taken:
        return "it takes something else than a file under a name in the store"
    if not code.checks:
        return "what comes has to be compared by eye"
    if races(transcript):
        return RACING
    if service == UPLOAD and any(isinstance(each, Other | Unsolicited) for each in check.points):
        return "the suite saw it by means that a program has not"
    return ""


def _check_store(code: Code, check: CheckResult, transcript: Transcript) -> None:
    bodies = right_bodies(transcript)
    if bodies:
        # Names under which something must come first: once they are right, what must not come has had its time.
        ordered = dict(sorted(bodies.items(), key=lambda each: None in each[1]))
        code.checks.append(lambda express: _store_lines(ordered, express))
    elif told := _told(check.points):
        code.fixed_names = True
        code.add(
            f"for name, right in {told!r}.items() if len(sys.argv) > 2 else ():  # length, SHA-256",
            "    path = pathlib.Path(sys.argv[2], name)",
            "    body = path.read_bytes() if path.is_file() else None",
            "    if (body if body is None else (len(body), hashlib.sha256(body).hexdigest())) not in right:",
            "        wrong.append(f\"{name} holds {'nothing' if body is None else len(body)}\")",
        )
    code.sees_store = bool(bodies or code.fixed_names)


def _store_lines(bodies: Mapping[str, list[bytes | None]], express: Express) -> list[str]:
    rights = []
    for name, right in bodies.items():
        shown = [express(body) if body is not None else "None" for body in right]
        rights.append(f"    ({express(name.encode('utf-8', 'surrogatepass'))}, [{', '.join(shown)}]),")
    return [
        "stored = [  # what may be stored in the end, what must be there first",
        *rights,
        "] if len(sys.argv) > 2 else []",
        "for _ in range(40):",
        "    wrong = []",
        "    for name, right in stored:",
        '        path = os.path.join(sys.argv[2], name.decode("utf-8", "surrogatepass"))',
        '        body = open(path, "rb").read() if b"\\0" not in name and os.path.isfile(path) else None',
        "        if body not in right:",
        "            wrong.append(f\"{name} holds {body and body[:99]}, {len(body or b'')} bytes\")",
        "    if not wrong:",
        "        break",
        "    time.sleep(0.05)",
    ]


def _told(points: Sequence[Difference]) -> dict[str, list[tuple[int, str] | None]]:
    """Return what is to be stored by a finding about a conversation, of which the model can't tell it again."""
    return {
        each.name: [(body.size, body.sha256) if body else None for body in each.wanted]
        for each in points
        if isinstance(each, WrongBody)
    }


def _check_replies(code: Code, allowed: list[tuple[Expected, ...]]) -> bool:
    """Compare the replies with those that are right; returns whether that can be done in a few lines."""
    if not allowed:
        return False
    if not any(allowed):
        code.add("if got:", '    wrong.append("the server sent unsolicited bytes")')
        return True
    sequences = list(dict.fromkeys(allowed))
    if sum(map(len, map(repr, sequences))) > _LONGEST_REPLIES or any(
        each.optional for replies in allowed for each in replies
    ):
        return False
    code.checks.append(lambda express: _reply_lines(sequences, express))
    return True


def _reply_lines(allowed: Sequence[tuple[Expected, ...]], express: Express) -> list[str]:
    lists = [f"[{', '.join(_wanted(each, express) for each in replies)}]" for replies in allowed]
    return [
        "replies = []",
        "while len(got) >= 4:",
        '    size = 4 + max(0, int.from_bytes(got[:4], "little", signed=True))',
        "    replies, got = [*replies, json.loads(got[4:size])], got[size:]",
        "if not any(  # members and their right values or types, in each right sequence of replies",
        "    len(right) == len(replies)",
        "    and all(",
        "        isinstance(got.get(name), values) if isinstance(values, tuple) else got.get(name) in values",
        "        for one, got in zip(right, replies) for name, values in one.items()",
        "    )",
        f"    for right in [{', '.join(dict.fromkeys(lists))}]",
        "):",
        '    wrong.append(f"replied: {replies}")',
    ]


def _wanted(expected: Expected, express: Express) -> str:
    """Return an expression of the members of a reply, each with its right values."""
    match expected.reply:
        case Stored(filename, filesize, digest):
            name = express(filename.encode("utf-8", "surrogatepass"))
            named = f'"filename": [{name}.decode("utf-8", "surrogatepass")]'
            return f'{{"status": ["ok"], {named}, "filesize": [{filesize}], "sha256": ["{digest}"]}}'
        case Failure(code, _, closing):
            codes = sorted({code.value, *(each.value for each in expected.also)})
            ending = "(bool,)" if expected.any_closing else f"[{closing}]"
            return f'{{"status": ["error"], "code": {codes}, "message": (str,), "closing": {ending}}}'
        case Greeting():
            limits = '"max_header": (int,), "max_filesize": (int, type(None))'
            return f'{{"status": ["ok"], "protocol": [1], "server": (str,), "features": (list,), {limits}}}'


def _check_closing(code: Code, check: CheckResult, transcript: Transcript) -> None:
    """Check whether the connection is closed where it has to be, or open where it has to stay."""
    endings = {outcome.ending for outcome in right_outcomes(transcript)}
    must_close = transcript.scene is not None and transcript.scene.must_close
    if any(isinstance(each, StillOpen) for each in check.points) or (must_close and endings == {Ending.CLOSED}):
        code.waits_for_end = True
        code.add('if end == "open":', '    wrong.append("not closed within 5 s")')
    elif endings == {Ending.OPEN} and all(action.kind is Kind.SENT for action in transcript.actions()):
        code.add('if end != "open":', '    wrong.append("the server closed the connection")')
