"""What the command prints is readable by everyone: in a pipe, on dumb and narrow terminals, quiet and at length."""

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reported import Reported, judge_taught, run_suite
from rich.console import Console
from running import REFERENCE

from jhup.clauses import clause, clauses
from jhup_conformance.findings import CheckResult, Outcome
from jhup_conformance.reports.account import accounts
from jhup_conformance.reports.console import Rich, say_finding, styled
from jhup_conformance.reports.detail import Detail
from jhup_conformance.reports.priority import roots
from jhup_conformance.run.options import Options
from jhup_conformance.run.session import Run
from jhup_conformance.wire.transcript import Kind, Transcript


def a_run() -> Run:
    """A run with one finding of each kind."""
    run = Run(Options(target=None, known_failing={}, clauses=frozenset({"FRAME-3", "ERR-3", "STORE-1"})))
    transcript = Transcript()
    transcript.add(0.0, Kind.SENT, b'\x2d\x00\x00\x00{"cmd":"put","filename":"a.txt","filesize":3}abc')
    transcript.add(0.5, Kind.CLOSED, how="reset")
    for name, outcome in (("FRAME-3", Outcome.FAIL), ("ERR-3", Outcome.WARN), ("STORE-1", Outcome.FLAKY)):
        run.add(
            CheckResult(
                name, "suite/test.py::test_it[\x1b]", outcome, expected="this", actual="[that]", transcript=transcript
            )
        )
    return run


def printed(**settings: object) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, **settings)  # type: ignore[arg-type]
    for account in accounts(a_run()):
        say_finding(console, account)
    return out.getvalue()


def test_in_a_pipe_there_are_no_colours_and_nothing_that_moves(taught: Reported) -> None:
    assert "\x1b" not in taught.printed
    assert "\r" not in taught.printed


def test_the_table_comes_first_then_what_to_mend_then_the_verdict(taught: Reported) -> None:
    lines = taught.printed.splitlines()
    heads = ("Target: ", "Profile broad", "Framing ", "Fix this first", "Then", "Report: ", "does not conform")
    places = [next(place for place, line in enumerate(lines) if line.startswith(head)) for head in heads]

    assert places == sorted(places)
    assert lines[-1].endswith("(exit status 1)")
    assert "report.html" in lines[places[-2]]


def test_each_section_and_each_finding_is_named_once(taught: Reported) -> None:
    lines = taught.printed.splitlines()
    starts = [line.split()[0] for line in lines if line.startswith(("Framing ", "Headers ", "Names ", "Storing "))]
    failing = {each["id"] for each in taught.report["clauses"] if each["outcome"] == "FAIL"}
    rest = [line.split()[1] for line in lines if line.startswith("FAIL ")]

    assert starts == ["Framing", "Headers", "Names", "Storing"]
    assert len(rest) == len(set(rest))
    assert set(rest) < failing
    assert len(failing - set(rest)) == 1


def test_what_to_mend_first_tells_what_is_wrong_and_how_to_mend_it(taught: Reported) -> None:
    block = taught.printed[taught.printed.index("Fix this first") : taught.printed.index("\nThen")]

    for label in ("expected", "actual", "usual bug", "again"):
        assert f"\n  {label:<11}" in block, label
    assert "jhup-conformance replay" in block


def test_verbose_output_tells_all_that_a_stranger_needs(tmp_path: Path) -> None:
    said = judge_taught(tmp_path, "--verbose").printed
    finding = said[said.index("\nFRAME-8  FAIL") :]
    finding = finding[: finding.index("\n\n", 10)]

    for label in ("class", "matters", "expected", "actual", "differs", "usual bug", "again", "or", "check", "script"):
        assert f"\n  {label:<11}" in finding, label
    assert re.search(r"differs .*(too many stand behind them|ends after \d+ of|byte \d+ is)", " ".join(finding.split()))
    assert "replay" in finding
    assert "prefix    3a 00 00 00" in finding


def test_the_place_of_a_cut_is_named_by_field_and_byte(taught: Reported) -> None:
    assert taught.clause("FRAME-3")["actual"].endswith("prefix]")


@pytest.mark.parametrize(
    "settings",
    [
        {"force_terminal": True, "color_system": "truecolor", "width": 100},
        {"force_terminal": True, "color_system": "standard", "width": 100},
        {"force_terminal": True, "no_color": True, "width": 100},
        {"force_terminal": False, "width": 100},
    ],
    ids=["many colours", "eight colours", "none", "a pipe"],
)
def test_every_terminal_gets_the_same_words(settings: dict[str, object]) -> None:
    plain = printed(force_terminal=False, width=100)
    shown = printed(**settings)
    for part in ("\x1b[1m", "\x1b[0m", "\x1b[22m"):
        shown = shown.replace(part, "")

    assert "usual bug" in shown
    assert "[that]" in shown
    if settings.get("color_system") is None:
        assert shown == plain


def test_what_comes_from_a_target_is_never_a_command_to_the_terminal() -> None:
    assert "\x1b[2J" not in printed(force_terminal=True, color_system=None)


def test_prose_is_folded_to_a_narrow_terminal_and_bytes_take_fewer_columns() -> None:
    lines = printed(force_terminal=True, no_color=True, width=60).splitlines()

    commands = ("again", "or ", "check")
    prose = [line for line in lines if not line.strip().startswith(commands) and "= " not in line]

    assert [line for line in prose if len(line.replace("\x1b[1m", "").replace("\x1b[0m", "")) > 62] == []


def test_colours_stand_on_a_ground_of_their_own() -> None:
    plain = (Outcome.UNSUPPORTED, Outcome.NOT_JUDGED)
    grounds = [styled(outcome) for outcome in Outcome if outcome not in plain]

    assert all(" on " in each for each in grounds)


def on_terminal(run: Run, term: str, detail: Detail = Detail.NORMAL) -> str:
    out = io.StringIO()
    progress = Rich(Console(file=out, force_terminal=True, width=100, _environ={"TERM": term}), detail)
    progress.acquainted(run)
    for done, result in enumerate(list(run.results.values()), 1):
        progress.checked(result.checks[0], done, len(run.results))
    progress.finished(run)
    return out.getvalue()


def test_a_dumb_terminal_gets_nothing_that_moves() -> None:
    said = on_terminal(a_run(), "dumb")

    assert "\x1b[?25l" not in said
    assert clause("FRAME-3").text[:40] in said


def test_on_a_terminal_the_table_is_drawn_in_place() -> None:
    said = on_terminal(a_run(), "xterm")

    assert "\x1b[?25l" in said
    assert "3 of 3 checks done, 3 findings" in said


def test_twenty_five_failing_clauses_fit_into_sixty_lines() -> None:
    names = [each.id for each in clauses().values() if each.role == "server" and each.conformance_class != "full"]
    run = Run(Options(target=None, known_failing={}))
    for name in [name for name in names if name in run.results][::3][:25]:
        said = CheckResult(name, "suite/test.py::test_it", Outcome.FAIL, 1, 0.1, "this " * 80, "that " * 80)
        run.add(said)

    assert len(printed_whole(run)) <= 60


def printed_whole(run: Run) -> list[str]:
    out = io.StringIO()
    Rich(Console(file=out, width=100), Detail.NORMAL).finished(run)
    return out.getvalue().splitlines()


@given(st.data())
def test_what_hangs_on_another_finding_is_folded_and_nothing_is_lost(data: st.DataObject) -> None:
    names = ["FRAME-3", "FRAME-8", "HEAD-9", "STORE-1", "CONN-1"]
    run = Run(Options(target=None, known_failing={}, clauses=frozenset(names)))
    for name in names:
        run.add(CheckResult(name, "test", Outcome.FAIL, expected="this", actual="that"))
        run.results[name].root = data.draw(st.sampled_from([None, *names, "HEAD-1"]))

    found = roots(accounts(run), run.options.kind.classes)

    told = [each.clause.id for root in found for each in (root.account, *root.hanging)]
    assert sorted(told) == sorted(names)


def test_quiet_leaves_a_line_for_each_finding_and_the_verdict(tmp_path: Path) -> None:
    quiet = judge_taught(tmp_path, "--quiet")
    lines = quiet.printed.splitlines()

    assert lines[-1].startswith("does not conform")
    assert sum(line.startswith(("FAIL", "WARN", "FLAKY", "ERROR")) for line in lines) == len(lines) - 1


def test_verbose_says_each_check_and_shows_the_reproducer(tmp_path: Path) -> None:
    arguments = ("--spawn", REFERENCE, "--clause", "FRAME-11", "--profile", "broad", "--verbose")
    status, said = run_suite(*arguments, cwd=tmp_path)

    assert status == 0, said
    assert said.count("PASS FRAME-11") >= 4


def test_quiet_and_verbose_exclude_each_other(tmp_path: Path) -> None:
    status, said = run_suite("127.0.0.1:1", "--quiet", "--verbose", cwd=tmp_path)

    assert (status, "exclude each other" in said) == (2, True), said
