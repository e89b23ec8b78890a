"""report.html: one file with everything in it, which needs no network and no script to be read."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from jhup.clauses import ConformanceClass
from jhup_conformance import __version__
from jhup_conformance.findings import ClauseResult, Outcome
from jhup_conformance.language import ENGLISH, Words
from jhup_conformance.learn.page import MACHINE, draw_specification, draw_target
from jhup_conformance.reports.account import Account
from jhup_conformance.reports.annotated import Piece, hex_lines
from jhup_conformance.reports.as_json import count_by_class, environment
from jhup_conformance.reports.compiled import compiled_templates
from jhup_conformance.reports.output import PRINTED
from jhup_conformance.reports.priority import roots
from jhup_conformance.reports.section import section_html
from jhup_conformance.reports.sentences import one_line
from jhup_conformance.reports.words import status_words, verdict_words
from jhup_conformance.run.session import Run

__all__ = ["page"]

_SLOWEST: Final = 8
_REASON: Final = 200
"""Characters of a reason why clauses could not be verified; the table has it whole."""
_STEP: Final = 46
_BAR: Final = 360
_LEFT: Final = 110
ORDER: Final = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.WARN,
    Outcome.FLAKY,
    Outcome.ERROR,
    Outcome.UNVERIFIED,
    Outcome.UNSUPPORTED,
)
"""The outcomes as they stand in pictures, from left to right."""


@dataclass(frozen=True, slots=True)
class _Share:
    """A part of a bar."""

    outcome: Outcome
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class _Bar:
    """A class of conformance as a bar."""

    name: str
    met: bool
    y: int
    shares: tuple[_Share, ...]

    @property
    def words(self) -> str:
        """The bar for those who can't see it."""
        return ", ".join(f"{share.count} {share.outcome}" for share in self.shares)


def page(run: Run, found: Sequence[Account], names: Mapping[str, Mapping[str, str]], say: Words = ENGLISH) -> str:
    """Return the text of report.html.

    Args:
        run: a run that has ended.
        found: its findings.
        names: of the files of failing exchanges beside it, by clause and kind.
        say: in which language.
    """
    results = list(run.results.values())
    ordered = roots(found, run.options.kind.classes)
    template = _templates().get_template("report.html.j2")
    return template.render(
        run=run,
        found=[each for root in ordered for each in (root.account, *root.hanging)],
        names=names,
        bars=_bars(run),
        bar_left=_LEFT,
        bar_width=_BAR,
        bar_step=_STEP,
        rows=[(result, run.outcome(result), _said(result)) for result in results],
        outcomes=[
            each for each in (*ORDER, Outcome.NOT_JUDGED) if any(run.outcome(result) is each for result in results)
        ],
        classes=list(count_by_class(run)),
        slowest=sorted((each for each in results if each.seconds > 0), key=lambda each: -each.seconds)[:_SLOWEST],
        status=status_words(run.exit_status, say),
        checks=sum(len(result.checks) for result in results),
        executions=sum(result.executions for result in results),
        environment=environment(),
        spec=run.options.spec_version,
        suite=__version__,
        facts=run.judge.facts if run.judge else [],
        pace=str(run.judge.pace) if run.judge else "",
        helps=[textwrap.shorten(reason, _REASON, placeholder=" …") for reason in run.what_would_help()[:3]],
        ordered=ordered,
        sentence=verdict_words(run, say),
        say=say,
        printed=PRINTED,
        one_line=lambda check: one_line(check, say),
        machine=run.machine,
        machine_folder=MACHINE,
        target_drawing=draw_target(run.machine, f"{MACHINE}/machine.html") if run.machine else "",
        specified_drawing=draw_specification(run.machine) if run.machine else "",
        sections={each.clause.id: section_html(each.clause) for each in found},
    )


def _said(result: ClauseResult) -> str:
    """Say in a table's cell why a clause has its outcome, where that isn't told elsewhere."""
    if result.outcome in (Outcome.UNVERIFIED, Outcome.UNSUPPORTED, Outcome.NOT_JUDGED):
        return result.why
    return ""


def _bars(run: Run) -> list[_Bar]:
    counted = count_by_class(run)
    most = max((sum(counts.values()) for counts in counted.values()), default=1)
    met_names = _names_up_to(list(counted), run.class_met)
    bars = []
    for index, (name, counts) in enumerate(counted.items()):
        shares, x = [], float(_LEFT)
        for outcome in ORDER:
            if counts[outcome]:
                width = counts[outcome] / most * _BAR
                shares.append(_Share(outcome, counts[outcome], round(x, 1), round(width, 1)))
                x += width
        bars.append(_Bar(name.value, name.value in met_names, index * _STEP, tuple(shares)))
    return bars


def _names_up_to(names: Sequence[ConformanceClass], met: str | None) -> set[str]:
    values = [name.value for name in names]
    return set(values[: values.index(met) + 1]) if met in values else set()


@cache
def _templates() -> Environment:
    folder = files(__package__) / "templates"

    def load(name: str) -> str:
        return folder.joinpath(name).read_text("utf-8")

    made = Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=compiled_templates(),
    )
    made.filters["hex_lines"] = _hex_text
    made.filters["marked"] = _marked
    made.globals["style"] = load("report.css")
    made.globals["script"] = load("report.js")
    return made


def _marked(text: str) -> Markup:
    """Return a text in which what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped one step before


def _hex_text(piece: Piece) -> str:
    """Return the bytes of a piece as lines of hexadecimal and text."""
    rows: list[tuple[str, Any]] = list(hex_lines(piece.data))
    width = max((len(shown) for shown, _ in rows), default=0)
    return "\n".join(f"{shown:<{width}}  {text}".rstrip() for shown, text in rows)
