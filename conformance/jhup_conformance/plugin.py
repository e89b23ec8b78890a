"""The pytest plugin: runs the checks of `jhup_conformance.suite` against a target and turns them into verdicts.

Load it with ``-p jhup_conformance.plugin``; it is no entry point, so that it stays out of other people's tests.
"""

import argparse
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, Final

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from jhup_conformance.findings import CheckResult, NotSeen
from jhup_conformance.language import words_in
from jhup_conformance.profiles import EFFORTS, Profile
from jhup_conformance.progress import Progress
from jhup_conformance.reports import console
from jhup_conformance.results import causes, result_of, shape
from jhup_conformance.run import last_failed
from jhup_conformance.run.declarations import DECLARATIONS
from jhup_conformance.run.examples import configure_hypothesis
from jhup_conformance.run.helping import Helped
from jhup_conformance.run.machine import is_learnt
from jhup_conformance.run.options import Options, UsageError
from jhup_conformance.run.session import Run
from jhup_conformance.run.shares import Share, Whole
from jhup_conformance.selection import Selection, clause_mark
from jhup_conformance.target.process import Spawned
from jhup_conformance.verify.bench import Bench

__all__ = ["RUN", "ConformancePlugin"]

_NAME: Final = "jhup-conformance"
RUN: Final = pytest.StashKey[Run]()
_COUNTS: Final = pytest.StashKey[tuple[int, int, int]]()
_AGAIN: Final = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the suite beside those of pytest."""
    group = parser.getgroup("jhup", "JHUP conformance")
    group.addoption("--target", metavar="TARGET", help="The server to judge: HOST:PORT, tls://…, unix:PATH, udp://….")
    for option in DECLARATIONS:
        settings: dict[str, Any] = {"help": option.help, "default": option.default, "dest": f"jhup_{option.name}"}
        if option.default is False:
            settings["action"] = "store_true"
        else:
            settings |= {"type": option.kind, "metavar": option.metavar, "choices": option.choices or None}
            if option.repeated:
                settings["action"] = "append"
        try:
            group.addoption(option.flag, **settings)
        except (ValueError, argparse.ArgumentError):  # pytest has one of that name itself
            group.addoption(f"--jhup-{option.flag.removeprefix('--')}", **settings)


def pytest_configure(config: pytest.Config) -> None:
    """Set up a run from pytest's own command line."""
    if config.getoption("help", default=False):
        return
    values = {option.name: config.getoption(f"jhup_{option.name}") for option in DECLARATIONS}
    try:
        options = Options.read(config.getoption("--target"), values, listing=config.getoption("collectonly"))
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    if options.jobs:  # the others would not know what else pytest was told, such as -k
        raise pytest.UsageError("--jobs: the command jhup-conformance has it; under pytest one process judges")
    config.pluginmanager.register(ConformancePlugin(options, console.Plain(say=words_in(options.lang))), _NAME)


class ConformancePlugin:
    """Runs the checks and keeps the results in a `Run`."""

    def __init__(
        self, options: Options, progress: Progress, *, spawned: Spawned | None = None, share: Share | None = None
    ) -> None:
        self.run = Run(options, spawned=spawned)
        self._share = share or (Helped(options, options.jobs) if options.jobs and options.jobs > 1 else Whole())
        self._progress = progress
        self._selection = Selection(self.run)
        self._done = 0
        self._total = 0
        self._not_run: dict[str, str] = {}
        configure_hypothesis(options.profile)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the mark, and leave the run where the fixtures of the suite find it."""
        config.stash[RUN] = self.run
        config.option.tbstyle = "native"  # reading the sources for each verdict takes as long as reaching it
        config.addinivalue_line("markers", "clause(id, blind, late, last, quick): the clause that a check judges")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Start the target before the checks are collected: it takes its time to listen."""
        if not session.config.option.collectonly:
            self.run.prepare()
            if not self.run.problem:
                self._share.begin()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makeitem(self, obj: object) -> list[pytest.Item] | None:
        """Leave out a test of clauses that are not to be checked, before it is multiplied by its parameters."""
        marks = [mark for mark in getattr(obj, "pytestmark", ()) if isinstance(mark, pytest.Mark)]
        clauses = [mark for mark in marks if mark.name == "clause"]
        of_parameters = any(getattr(each, "marks", ()) for mark in marks for each in _parameters(mark))
        if isinstance(obj, type) or of_parameters or not clauses or any(map(self._selection.is_asked_for, clauses)):
            return None
        return []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the checks that were asked for, in the order of the classes and the book, the hard ones last."""
        kept, left = self._selection.divide(items)
        for item in kept:
            function = getattr(item, "obj", None)
            if function is not None and getattr(function, "is_hypothesis_test", False):
                hypothesis.seed(self.run.options.seed)(function)
        self._total = len(kept)
        self._not_run = {item.nodeid: clause_mark(item).args[0] for item in kept}
        items[:] = kept
        if left:
            config.hook.pytest_deselected(items=left)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Set the target up before the first check, and take it down after the last."""
        if session.config.option.collectonly:
            return (yield)
        try:
            self.run.open()
            if self.run.problem:
                session.shouldstop = self.run.problem
            else:
                self._leave_out_what_does_not_apply(session)
                self._progress.acquainted(self.run)
            ended = yield
            self._hear(() if session.shouldstop else self._share.rest())
            if self._share.is_lead and is_learnt(self.run.options):
                self.run.learn()
            return ended
        except pytest.Session.Interrupted:
            return True
        finally:
            self.run.close()

    def _hear(self, results: Iterable[CheckResult]) -> None:
        """Take note of what others have checked."""
        for each in results:
            self.run.add(each)
            self._done += 1
            self._progress.checked(each, self._done, self._total)

    def _leave_out_what_does_not_apply(self, session: pytest.Session) -> None:
        """Take out the checks of clauses that are not about this target, which shows only once it is known."""
        kept: list[pytest.Item] = []
        left: list[pytest.Item] = []
        for item in session.items:
            (left if self.run.results[clause_mark(item).args[0]].does_not_apply else kept).append(item)
        session.items[:] = kept
        self._total = len(kept)
        self._not_run = {item.nodeid: clause_mark(item).args[0] for item in kept}
        if left:
            session.config.hook.pytest_deselected(items=left)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run a check, and once more where the one before it had ended the target; none where there is no target."""
        self._hear(self._share.heard())
        if self.run.judge is None or not self._share.takes(clause_mark(item).args[0]):
            return True
        following = self._next_of(item) if nextitem else None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for _ in range(2):
            item.stash[_AGAIN] = False
            reports = runtestprotocol(item, nextitem=following, log=False)
            if not item.stash[_AGAIN]:
                break
        else:
            self.run.not_run(clause_mark(item).args[0], item.nodeid, "the target was not there, twice while it ran")
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        self._not_run.pop(item.nodeid, None)
        return True

    def _next_of(self, item: pytest.Item) -> pytest.Item | None:
        """Return the check that this process makes after another: until then fixtures are kept that both have."""
        items = item.session.items
        return next(
            (each for each in items[items.index(item) + 1 :] if self._share.takes(clause_mark(each).args[0])), None
        )

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Hold back checks that could not tell anything."""
        mark, judge = clause_mark(item), self.run.judge
        if judge is None:
            return
        self.run.begin_check()
        if self.run.is_past_limit:
            item.session.shouldstop = "the time limit is reached"
            raise NotSeen("the time limit was reached before: a higher --time-limit would help")
        result = self.run.results[mark.args[0]]
        judge.random.seed(f"{self.run.options.seed} {item.nodeid}")
        if not mark.kwargs["blind"]:
            judge.admit(result.clause, tried=bool(result.checks))
        if reason := self._selection.why_left_out(item, result):
            result.left_out += 1
            pytest.skip(reason)
        if self._selection.is_long:
            judge.effort = EFFORTS[Profile.QUICK]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note how many exchanges a check makes, and how many cuts arrive."""
        judge = self.run.judge
        executions, (proven, paced) = (judge.executions, judge.cuts) if judge else (0, (0, 0))
        try:
            return (yield)
        finally:
            if judge:
                proven, paced = judge.cuts[0] - proven, judge.cuts[1] - paced
                item.stash[_COUNTS] = (judge.executions - executions, proven, paced)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn what happened into an outcome, for the run and for pytest."""
        report = yield
        if call.when == "teardown" or (call.when == "setup" and call.excinfo is None):
            return report
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, pytest.skip.Exception):
            return report
        if isinstance(error, KeyboardInterrupt):
            return report
        result = result_of(
            error,
            self.run.results[clause_mark(item).args[0]].clause,
            item.nodeid,
            folder=judge.folder.folder if isinstance(judge := self.run.judge, Bench) and judge.folder else None,
        )
        result.executions, result.cuts_proven, result.cuts_paced = item.stash.get(_COUNTS, (0, 0, 0))
        result.seconds = call.duration
        if self.run.look_after(result, error):
            item.stash[_AGAIN] = True
            return report
        self.run.add(result)
        if call.when == "call" and any(isinstance(each, NotSeen) for each in causes(error)):
            self._selection.came_to_nothing(item)
        self._done += 1
        self._progress.checked(result, self._done, self._total)
        if self.run.problem:
            item.session.shouldstop = self.run.problem
        elif self.run.options.stop_first and self.run.counts_against(self.run.results[result.clause]):
            item.session.shouldstop = "-x: a clause fails"
        shape(report, item, result, self.run.options.service)
        return report

    def pytest_keyboard_interrupt(self) -> None:
        """Note that a person ended the run."""
        self.run.interrupted = True

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep an error of the suite itself for the verdict."""
        self.run.suite_problem = str(excinfo.value) or type(excinfo.value).__name__

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports, also of a run that was interrupted, and set the exit status."""
        if session.config.option.collectonly:
            return
        self._share.stop()
        self.run.close()
        self._note_what_was_not_run(session, self._share.join(self.run, self._not_run))
        if not self._share.is_lead:
            return
        self.run.fold()
        last_failed.keep(self.run)
        # Imported where it is needed: pages and captures have libraries of their own.
        from jhup_conformance.reports.written import publish

        self.run.report_problem = publish(self.run)
        self._progress.finished(self.run)
        session.exitstatus = self.run.exit_status

    def _note_what_was_not_run(self, session: pytest.Session, planned: Mapping[str, str]) -> None:
        """Let no clause pass of which a check was planned and did not run."""
        if self.run.judge is None or not planned:
            return
        why = self.run.problem or self.run.suite_problem or str(session.shouldstop or "") or "the run was interrupted"
        for node, clause in planned.items():
            if not any(each.node == node for each in self.run.results[clause].checks):
                self.run.not_run(clause, node, f"not run: {why}")


def _parameters(mark: pytest.Mark) -> Sequence[object]:
    """Return the sets of parameters of a mark that has some."""
    values = mark.args[1] if mark.name == "parametrize" and len(mark.args) > 1 else ()
    return values if isinstance(values, Sequence) else tuple(values)
