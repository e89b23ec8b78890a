"""What the checks are given."""

from random import Random

import pytest

from jhup.clauses import clauses
from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.findings import SuiteError
from jhup_conformance.plugin import RUN
from jhup_conformance.verify.bench import Bench
from jhup_conformance.verify.judge import Judge


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Judge:
    """The judge of an upload server, for the clause that the check names."""
    run = request.config.stash[RUN]
    mark = request.node.get_closest_marker("clause")
    if not isinstance(run.judge, Bench) or mark is None:
        raise SuiteError("the target is not set up")
    random = Random(f"{run.options.seed} {request.node.nodeid}")
    judge = Judge(run.judge, clauses()[mark.args[0]], random, mark.kwargs.get("presumes", ()))
    if judge.about_replies and judge.presumes:
        judge.require_replies()
    judge.require(*judge.presumes, why="a plain request is not answered rightly")
    return judge


@pytest.fixture
def replies_offered(judge: Judge) -> None:
    """Only where the target has replies."""
    judge.require_replies()


@pytest.fixture(scope="session")
def echo(request: pytest.FixtureRequest) -> EchoJudge:
    """The judge of an echo server."""
    found = request.config.stash[RUN].judge
    if not isinstance(found, EchoJudge):
        raise SuiteError("the target is not set up")
    return found
