r"""Session: the concatenated replies to the segments of some cutting (section 10.8).

For sent bytes d, a limit M and a service, the right answers are

    { reply(s1) + ... + reply(sn) : s1 + ... + sn = d, 1 <= length of si <= M }

There are up to 2^(length of d - 1) cuttings. Each service has its own way to decide membership exactly without looking
at them one by one, and its own module with the argument for it:

=============  ====================================================  ===============================================
service        why it is easy                                        time, for n bytes of d and m of the answer
=============  ====================================================  ===============================================
upper          a run of white space survives whole or not at all     O(n + m)
greet          a literal delimits itself: the answer tells segments  O(n + m)
worker         bytes can be consumed in one way for each number of   O(r * w * log M) operations on bytes, done
               replies so far                                        some hundreds at a time; r replies, w below
=============  ====================================================  ===============================================

For a worker w is the spread of places where the r-th reply may begin: at most M unless the data repeats the name of
the worker itself, and at most n even then.

Each of them also finds, in about the same time, the member that agrees with an answer longest, from which
`Answers.is_prefix_of_member` follows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from jhup.echo.answers import Answers, FiniteAnswers
from jhup.echo.services import Rules, Service, Shape, upper
from jhup.echo.session_greet import GreetSession
from jhup.echo.session_upper import UpperSession
from jhup.echo.session_worker import WorkerSession

__all__ = ["session_answers"]


@dataclass(frozen=True, slots=True)
class _UntrimmedUpper(FiniteAnswers):
    """Upper without trimming works byte by byte, so that no cut shows: there is one right answer."""

    data: bytes

    def members(self, name: bytes) -> Iterator[bytes]:  # noqa: ARG002  # the other finite sets need it
        """List the only member."""
        yield upper(self.data)


def session_answers(data: bytes, rules: Rules) -> Answers:
    """Return the right answers of a session server to the bytes that were sent to it (ECHO-31, ECHO-36, ECHO-37).

    End of stream makes no difference to them (ECHO-34), so it isn't asked for.

    Args:
        data: the bytes that were sent; none give the empty answer alone.
        rules: what the server is.
    """
    limit = rules.limit(Shape.SESSION)
    if rules.service is Service.GREET:
        return GreetSession(data, limit=limit, trim=rules.trim)
    if rules.service is Service.WORKER:
        return WorkerSession(data, limit=limit, name=rules.name)
    return UpperSession(data, limit=limit) if rules.trim else _UntrimmedUpper(data)
