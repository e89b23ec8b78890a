"""Words on a target, several connections at a time, and how long to wait for it."""

import itertools
import secrets
import selectors
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jhup.address import Address
from jhup.machine import NAME, NOTHING, Machine, Output, Symbol, Word
from jhup_conformance.learn.conversation import Conversation, Look
from jhup_conformance.learn.patience import Patience, Waits
from jhup_conformance.target.quiet import Quiet
from jhup_conformance.wire.channel import Channel, Unreachable, connect
from jhup_conformance.wire.network import Network, SystemNetwork

__all__ = ["Calibration", "Talker"]

_CONNECT: Final = 5.0
_RETRIES: Final = 3
_LOOKS: Final = 0.002
"""Seconds between two looks at the store."""
_QUESTIONS: Final = 0.0005
"""Seconds between two questions whether the target has anything more to say."""
_WIDTHS: Final = (16, 4, 1)
_FIRST: Final = Waits(quiet=1.0, settle=0.01)
_MOST_OF: Final = 0.8
_LEAST_QUIET, _MOST_QUIET = 0.015, 1.0
_LEAST_SETTLE, _MOST_SETTLE = 0.002, 0.2


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was learnt of the target's pace.

    Attributes:
        width: how many connections are open at a time.
        answers_within: seconds in which most of the first words had their slowest answer.
        waits: what follows from it.
        answers: whether anything was observed at all.
        first: what the word was answered by.
    """

    width: int
    answers_within: float
    waits: Waits
    answers: bool
    first: tuple[Output, ...] = ()


class Talker:
    """Carries words to a target.

    Args:
        address: where it is.
        machine: the specification's machine, which says what is worth waiting for.
        look: sees the store, where that is observed.
        context: for TLS.
        network: where the target is; the machine's own if None.
        quiet: proves that nothing more comes, where the target's process is known.
    """

    def __init__(
        self,
        address: Callable[[], Address],
        machine: Machine,
        *,
        quiet: Quiet | None = None,
        look: Look | None = None,
        context: ssl.SSLContext | None = None,
        network: Network | None = None,
    ) -> None:
        self._address = address
        self._symbols: dict[str, Symbol] = {each.key: each for each in machine.symbols}
        self._patience = Patience(machine)
        self._look = look
        self._context = context
        self._network = network or SystemNetwork()
        self._quiet = quiet
        self._numbers = itertools.count(secrets.randbelow(50_000_000))
        self.names: list[str] = []
        """All names that were put, for whoever tidies up."""
        self.connections = 0
        self.symbols_sent = 0

    def forget_what_was_missing(self) -> None:
        """Wait the whole time again for what has to come, as at the beginning."""
        self._patience.in_vain.clear()

    def calibrate(self, word: Word) -> Calibration:
        """Measure how fast a word is answered, alone and beside others.

        Raises:
            Unreachable: when no connection can be made.
        """
        alone = [self.talk([word], 1, _FIRST, in_full=True)[0] for _ in range(2)]
        if all(output == NOTHING for each in alone for output in each.outputs):
            return Calibration(1, _MOST_QUIET / 4, Waits(_MOST_QUIET / 4, _MOST_SETTLE / 4), answers=False)
        expected = alone[-1].answers()
        for width in _WIDTHS:
            beside = self.talk([word] * width, width, _FIRST, in_full=True)
            if all(each.answers() == expected for each in beside):
                break
        slow = sorted(each.slowest for each in beside)[int(_MOST_OF * len(beside))]
        quiet = min(max(4 * slow, _LEAST_QUIET), _MOST_QUIET)
        settle = min(max(slow, _LEAST_SETTLE), _MOST_SETTLE)
        return Calibration(width, slow, Waits(quiet, settle), answers=True, first=expected)

    def talk(
        self,
        words: Sequence[Word],
        width: int,
        waits: Waits,
        known: Mapping[Word, Output] | None = None,
        *,
        in_full: bool = False,
    ) -> list[Conversation]:
        """Have a conversation for each word, each on a new connection.

        Args:
            words: what to say, without symbols that are skipped.
            width: how many connections to have open at a time.
            waits: how long to wait.
            known: outputs of words that are known; a shorter wait is enough where nothing is known to come.
            in_full: whether to wait the whole time also where the target is proven to have nothing more to say.

        Raises:
            Unreachable: when no connection can be made any more.
        """
        waiting = list(enumerate(words))[::-1]
        done: list[Conversation | None] = [None] * len(words)
        active: dict[int, Conversation] = {}
        try:
            while waiting or active:
                while waiting and len(active) < width:
                    number, word = waiting.pop()
                    active[number] = self._begin(word, waits, known or {})
                self._wait(list(active.values()), in_full=in_full)
                for number, conversation in list(active.items()):
                    if conversation.is_over:
                        conversation.close()
                        done[number] = active.pop(number)
        finally:
            for conversation in active.values():
                conversation.close()
        return [each for each in done if each is not None]

    def _begin(self, word: Word, waits: Waits, known: Mapping[Word, Output]) -> Conversation:
        name = f"{NAME[: -len('00000000')]}{next(self._numbers):08d}"
        self.names.append(name)
        self.connections += 1
        self.symbols_sent += len(word)
        return Conversation(
            word,
            self._symbols,
            self._connect(),
            name,
            known=tuple(known.get(word[: place + 1]) for place in range(len(word))),
            waits=waits,
            patience=self._patience,
            look=self._look,
            now=self._network.clock.now,
        )

    def _connect(self) -> Channel:
        attempt = 0
        while True:
            try:
                return connect(self._address(), timeout=_CONNECT, context=self._context, network=self._network)
            except Unreachable:
                attempt += 1
                if attempt > _RETRIES:
                    raise
                self._network.clock.sleep(0.1 * attempt)  # it may be started again, or have a short queue

    def _wait(self, conversations: list[Conversation], *, in_full: bool) -> None:
        """Wait until something comes on a connection or enough was waited on one, and let these go on."""
        nearest = min(each.deadline for each in conversations) - self._network.clock.now()
        asks = self._is_worth_asking(conversations)
        most = min(_LOOKS if self._look else nearest, _QUESTIONS if asks else nearest)
        came = self._listen(conversations, max(0.0, min(nearest, most)))
        if self._quiet and asks and not came:
            self._ask(self._quiet, conversations, in_full=in_full)
        for each in conversations:
            if not each.is_over:
                each.tick(tells=self.trusts_quiet)
        if self._quiet and any(each.was_surprised for each in conversations):
            self._quiet.doubt()

    def _is_worth_asking(self, conversations: Iterable[Conversation]) -> bool:
        return self.trusts_quiet and any(each.may_be_quiet for each in conversations)

    @property
    def trusts_quiet(self) -> bool:
        """Whether it can be proven that nothing more comes."""
        return self._quiet is not None and self._quiet.is_trusted

    def _listen(self, conversations: Iterable[Conversation], seconds: float) -> list[Conversation]:
        """Take what comes within some seconds; returns those on whose connections that was."""
        left = [each for each in conversations if not each.is_over]
        with self._network.selector(each.channel.fileno() for each in left) as selector:
            for each in left:
                selector.register(each.channel.fileno(), selectors.EVENT_READ, each)
            ready: list[Conversation] = [key.data for key, _ in selector.select(seconds)]
        for each in ready:
            each.readable()
        return ready

    def _ask(self, quiet: Quiet, conversations: Iterable[Conversation], *, in_full: bool) -> None:
        """Go on at once where the target has nothing more to say."""
        asked = {each.channel: each for each in conversations if each.may_be_quiet}
        proven = [asked[channel] for channel in quiet.of(asked)]
        came = self._listen(proven, 0.0) if proven else []  # what came before it was quiet
        for each in proven:
            if each not in came:
                each.nothing_more(waits=in_full)
