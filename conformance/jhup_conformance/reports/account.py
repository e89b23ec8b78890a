"""A finding told in full: the clause, why it matters, what was expected and came, the exchange, how to see it again."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from jhup.address import Address
from jhup.clauses import Clause
from jhup.locate import locate
from jhup_conformance.differences import StillOpen
from jhup_conformance.echo.declared import SERVINGS
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.findings import FINDINGS, CheckResult, ClauseResult, Outcome
from jhup_conformance.reports.annotated import Step, annotate
from jhup_conformance.reports.guidance import Guidance, guidance
from jhup_conformance.reports.hints import LANGUAGE_NAMES, guess_language, hints
from jhup_conformance.reports.reproducer import reproducer
from jhup_conformance.reports.right import Answering
from jhup_conformance.run.incidents import SERVES_ON
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.target.services import UPLOAD

__all__ = ["Account", "accounts", "again", "answering"]

"""The outcomes that are told in full."""


@dataclass(frozen=True)
class Account:
    """A finding with all that a stranger needs.

    Attributes:
        clause: the clause.
        outcome: of the clause.
        check: the check that decides it.
        known: why the clause is listed as known to fail; empty when it isn't.
        guidance: why it matters, and the usual bug.
        steps: the exchange; empty where nothing was recorded.
        again: commands that show it again, the shortest first.
        target: where it was seen.
        service: what the target serves.
        answering: what an echo server was taken to be.
        others: how many more checks of the clause came out the same.
        left_out: how many were left out.
        root: the clause whose failure it hangs on; None where it stands alone.
        hints: by the name of a language, what its library did and the line that mends it.
        spec: where the specification's site was put; None where nobody said.
    """

    clause: Clause
    outcome: Outcome
    check: CheckResult
    known: str
    guidance: Guidance
    steps: tuple[Step, ...]
    again: tuple[str, ...]
    target: Address | None
    service: str
    answering: Answering | None
    others: int
    left_out: int
    root: str | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    spec: str | None = None

    @property
    def stands_in(self) -> str:
        """Where the clause stands: its address in the site, or its place in the text of the specification."""
        return locate(self.clause.id).link(self.spec)

    @cached_property
    def script(self) -> str | None:
        """A stand-alone program that shows it; None where nothing was recorded."""
        return reproducer(self.clause, self.check, self.target, self.service, self.answering)


def accounts(run: Run) -> list[Account]:
    """Return the findings of a run, those that count against the target first, else in the order of the book."""
    found = [
        _account(run, result)
        for result in run.results.values()
        if result.decisive and run.outcome(result) in FINDINGS
    ]  # fmt: skip
    return sorted(found, key=lambda each: FINDINGS.index(each.outcome))


def _account(run: Run, result: ClauseResult) -> Account:
    check, known = result.decisive, run.options.known_failing.get(result.clause.id, "")
    if check is None:
        raise ValueError(f"{result.clause.id} has no check")
    if check.outcome is Outcome.PASS:  # an error all the same: somebody counts on its failing
        check = replace(check, actual=f"it passes, but is listed as known to fail: {known}")
    transcript, service = check.transcript, run.options.service
    return Account(
        clause=result.clause,
        outcome=run.outcome(result),
        check=check,
        known=known,
        guidance=_guidance(run, result.clause.id),
        steps=tuple(_steps(check, service)),
        again=tuple(again(run, result.clause.id, recorded=transcript is not None)),
        target=run.target,
        service=service,
        answering=answering(run),
        others=max(0, sum(each.outcome is check.outcome in FINDINGS for each in result.checks) - 1),
        left_out=result.left_out,
        root=result.root or _root_of_all(run, result),
        hints=_hints(run.options, _mended_like(run, result.clause.id)),
        spec=run.options.spec,
    )


def _steps(check: CheckResult, service: str) -> list[Step]:
    if check.transcript is None:
        return []
    scene = check.transcript.scene
    had_to = any(isinstance(each, StillOpen) for each in check.points) or (scene is not None and scene.must_close)
    return annotate(check.transcript, service, had_to_close=had_to)


def _mended_like(run: Run, identifier: str) -> str:
    """Return the clause whose advice mends a finding: a server that ended or hung is mended like any that does."""
    ended = any(each.clause == identifier and not each.is_of_many for each in run.incidents)
    return SERVES_ON[run.options.kind] if ended else identifier


def _guidance(run: Run, identifier: str) -> Guidance:
    own = guidance()[identifier]
    return replace(own, bug=guidance()[_mended_like(run, identifier)].bug)


def _root_of_all(run: Run, result: ClauseResult) -> str | None:
    """Return the clause that first contact has shown to be broken, where it fails: all else hangs on it."""
    contact = run.judge.first_contact if run.judge else None
    root = (contact or {}).get("root")
    if not root or root == result.clause.id or root not in run.results:
        return None
    return str(root) if run.results[root].outcome in FINDINGS else None


def _hints(options: Options, identifier: str) -> dict[str, str]:
    """Return the hints for the language that the server is in; for all languages where that isn't known."""
    known = hints().get(identifier, {})
    language = options.language or guess_language(options.spawn)
    return {LANGUAGE_NAMES[name]: text for name, text in known.items() if language in (None, name)}


def answering(run: Run) -> Answering | None:
    """Return what an echo server was taken to be; None for another service, and where nothing was learnt."""
    judge = run.judge
    return Answering(judge.rules, judge.shape) if isinstance(judge, EchoJudge) else None


def _declared(options: Options) -> Iterator[str]:
    """Return the options that tell what the target is, as they were given."""
    if options.service != UPLOAD:
        yield from ("--service", options.service)
    told = options.declared
    values: dict[str, object] = {
        "--shape": told.shape if told else None,
        "--serving": next((name for name, value in SERVINGS.items() if told and value is told.serving), None),
        "--max-message": told.max_message if told else None,
        "--transport": options.transport,
        "--storage": options.storage,
        "--witness": options.witness,
        "--pid": options.pid,
        "--tls-ca": options.tls_ca,
        "--tls-cert": options.tls_cert,
        "--tls-key": options.tls_key,
    }
    for flag, value in values.items():
        if value is not None:
            yield from (flag, str(value))
    if told and not told.trim:
        yield "--no-trim"
    if options.tls_insecure:
        yield "--tls-insecure"


def again(run: Run, identifier: str, *, recorded: bool) -> Iterator[str]:
    """Return the commands that show a finding again: the recorded exchange, and the checks of its clause."""
    options = run.options
    place = "HOST:PORT" if options.spawn or run.target is None else str(run.target)
    if recorded and options.report:
        storage = f" --storage {shlex.quote(str(options.storage))}" if options.storage and not options.spawn else ""
        yield f"jhup-conformance replay {shlex.quote(str(Path(options.report, f'{identifier}.json')))} {place}{storage}"
    words = ["jhup-conformance"]
    if options.spawn:
        words += ["--spawn", options.spawn]
    else:
        words.append(place)
    words += list(_declared(options))
    words += ["--clause", identifier, "--profile", options.profile.value, "--seed", str(options.seed)]
    yield shlex.join(words)
