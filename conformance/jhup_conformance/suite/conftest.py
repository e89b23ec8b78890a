"""What the checks are given."""

from collections.abc import Iterator

import pytest

from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.judge import Judge
from jhup_conformance.outcome import SuiteError
from jhup_conformance.plugin import RUN
from jhup_conformance.unasked import unasked


@pytest.fixture(scope="session")
def judge(request: pytest.FixtureRequest) -> Judge:
    """The judge of an upload server."""
    found = request.config.stash[RUN].judge
    if not isinstance(found, Judge):
        raise SuiteError("the target is not set up")
    return found


@pytest.fixture(scope="session")
def echo(request: pytest.FixtureRequest) -> EchoJudge:
    """The judge of an echo server."""
    found = request.config.stash[RUN].judge
    if not isinstance(found, EchoJudge):
        raise SuiteError("the target is not set up")
    return found


@pytest.fixture
def replies_offered(judge: Judge) -> Iterator[None]:
    """Only where the target has replies; and nothing counts against them that fails when nobody asks for them, too."""
    judge.require_replies()
    judge.unasked = unasked
    yield
    judge.unasked = None
