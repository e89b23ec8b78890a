"""Ends a wait early where the target is proven to have nothing more to say, and sees where that was not so."""

from collections.abc import Iterable, Sequence

from jhup_conformance.target.quiet import Quiet
from jhup_conformance.wire.line import Line, overhear

__all__ = ["Rest"]


class Rest:
    """Watches some exchanges.

    Args:
        quiet: knows the target's processes; None where they aren't known.
        is_hurried: whether a wait may end early: not the last one before something counts as missing.
    """

    def __init__(self, quiet: Quiet | None, *, is_hurried: bool) -> None:
        self._quiet = quiet
        self._is_hurried = is_hurried
        self._heard: dict[Line, int] = {}
        self._looked: set[Line] = set()

    def on_lines(self, lines: Sequence[Line]) -> list[Line]:
        """Return connections on which nothing more comes; none where the whole time is to be waited."""
        proven = self._proven(line for line in lines if line not in self._heard)
        before = {line: len(line.received) for line in proven}
        overhear(proven)  # what came before quiet; then it is asked again, and not said to have spoken after it
        at_rest = {line: count for line, count in before.items() if len(line.received) == count}
        self._heard |= at_rest
        return list(at_rest) if self._is_hurried else []

    def on_store(self, lines: Iterable[Line]) -> bool:
        """Tell whether the exchanges on some connections will change the store no more, as a look since has shown."""
        pending = set(lines)
        if self._is_hurried and pending and pending <= self._looked:
            return True
        if new := pending - self._looked:
            self._looked |= set(self._proven(new))
        return False

    def came(self, line: Line) -> None:
        """Take note that an exchange has changed the store."""
        if self._quiet and line in self._looked:
            self._quiet.doubt()

    def review(self) -> None:
        """Trust quiet no more where something was heard after it."""
        if self._quiet and any(len(line.received) > count for line, count in self._heard.items()):
            self._quiet.doubt()

    def _proven(self, lines: Iterable[Line]) -> list[Line]:
        if self._quiet is None or not self._quiet.is_trusted:
            return []
        open_ones, ended = {}, []
        for line in lines:
            if line.closed and not line.dropped:
                ended.append(line)
            elif not line.dropped:
                open_ones[line.channel] = line
        proven = [open_ones[channel] for channel in self._quiet.of(open_ones)] if open_ones else []
        if ended and len(proven) == len(open_ones) and self._quiet.sleeps():
            proven += ended
        return proven
