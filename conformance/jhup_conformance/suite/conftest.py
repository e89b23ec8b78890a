"""What the checks are given."""

from collections.abc import Iterator

import pytest

from jhup_conformance.echo.judge import EchoJudge
from jhup_conformance.findings import SuiteError
from jhup_conformance.plugin import RUN
from jhup_conformance.verify.judge import Judge
from jhup_conformance.verify.plain_replies import PLAIN_REPLIES


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


ON_PLAIN_REPLIES = {f"REPLY-{number}" for number in (2, 3, 5, 7, 8, 13, 20, 21, 24)}
"""The clauses of chapter 8 that are about more than how a single request is answered."""


@pytest.fixture
def replies_offered(request: pytest.FixtureRequest, judge: Judge) -> Iterator[None]:
    """Only where the target has replies; and nothing counts against them that fails when nobody asks for them, too."""
    judge.require_replies()
    mark = request.node.get_closest_marker("clause")
    judge.about_replies = True
    try:
        if mark and mark.args[0] in ON_PLAIN_REPLIES:
            for case in PLAIN_REPLIES:
                judge.control(case, why="a plain request is not answered rightly")
        yield
    finally:
        judge.about_replies = False
