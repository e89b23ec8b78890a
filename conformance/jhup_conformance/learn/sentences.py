"""What a difference means: the clause it is about, and the sentence that a person reads first."""

import re
from collections.abc import Iterable
from typing import Final

from jhup.machine import NOTHING, SYMBOLS, Output, Word

__all__ = ["clause_of", "kind_of", "list_right", "tell"]

_BETWEEN: Final = "between requests"
_REFUSED: Final = ("in a refused body", "inside a refused body")
_BODY: Final = ("in a body", "inside a body")
_ASKS: Final = frozenset({"put", "hello", "stat", "unknown"})
_SERVED: Final = frozenset({"ok", "ok for other bytes", "greeting", "not-found", "unknown-command"})
_QUALIFIED: Final = re.compile(r",.*| \(\d+\)$")


def kind_of(state: str) -> str:
    """Return the name of a state without what is stored, what was said before, and a number."""
    return _QUALIFIED.sub("", state).replace("inside", "in")


def clause_of(state: str, key: str, output: Output) -> str:
    """Return the clause that says what is right in a state of the specification's machine after a symbol."""
    if SYMBOLS[key].ends:
        return "ERR-8" if state.startswith(_BETWEEN) else "ERR-6"
    if state.startswith("after something malformed"):
        return "ERR-2"
    if state.startswith(_REFUSED):
        return "ERR-5"
    if state.startswith(_BODY):
        return "FRAME-5" if state.startswith("inside") or SYMBOLS[key].half else _of_a_body(output)
    if state.startswith("in a prefix"):
        return "FRAME-3" if SYMBOLS[key].half == 2 else "FRAME-16"
    if output.stored and not output.replies:
        if "header" in key:
            return "STORE-6"
        if "malformed" in key or key == "bad prefix":
            return "ERR-1"
    if key == "unknown" and output.closes:
        return "ERR-11"
    if key == "stat" and ", stored" not in state:
        return "REPLY-10" if len(output.replies) == 1 else "REPLY-1"
    if len(output.replies) > 1 or (output == NOTHING and key in _ASKS):
        return "REPLY-1"
    return SYMBOLS[key].clause


def _of_a_body(output: Output) -> str:
    return "FRAME-2" if output.replies != ("ok for other bytes",) else "REPLY-6"


def tell(word: Word, output: Output, right: Iterable[Output], state: str) -> str:
    """Say in one sentence what a target does after a word that no correct server does there."""
    *before, last = (SYMBOLS[key].about for key in word)
    if state.startswith((*_REFUSED, *_BODY)) and not SYMBOLS[word[-1]].half and not SYMBOLS[word[-1]].ends:
        last = f"a body that reads like {last}"
    after = f"After {_listed(before)}: " if before else ""
    meaning = _meaning(state, word[-1], output)
    shown = f"{last} is answered by {output}" if output != NOTHING else f"nothing is observed after {last}"
    sentence = f"{after}{shown}; right is {list_right(right)}."
    return f"{meaning} {_capital(sentence)}" if meaning else _capital(sentence)


def _meaning(state: str, key: str, output: Output) -> str:
    """Name what the target does, where it is one of the usual things."""
    answered = bool(output.replies) or output.stored
    match kind_of(state), key:
        case ("in a refused body", _) if output.stored or _SERVED.intersection(output.replies):
            return "It reads the body of a refused put as requests."
        case ("in a body", _) if "greeting" in output.replies:
            return "It reads a body as requests."
        case ("after something malformed", _) if answered:
            return "It reads on after a malformed header."
        case "between requests", ("header" | "quiet header") if output.stored:
            return "It changes what is stored before the body has come."
        case _, "bad prefix" if not output.closes:
            return "It does not close a connection with a bad prefix."
        case _, "malformed" if not answered and not output.closes:
            return "It neither answers nor closes after a malformed header."
        case _, ("malformed" | "quiet malformed") if "ok" in output.replies or output.stored:
            return "It takes a malformed header for a request."
        case _, "end" if not output.closes:
            return "It does not close a connection whose stream has ended."
        case "between requests", ("unknown" | "quiet unknown") if output.closes:
            return "It closes after an unknown command."
        case "between requests", key if output.closes and answered and SYMBOLS[key].clause.startswith("REPLY"):
            return "It serves one request and closes."
        case "in a prefix", "rest" if not answered:
            return "It does not put a prefix together that arrives in two pieces."
        case _, ("quiet put" | "quiet stat") if output.replies:
            return "It answers a request that asked for no reply."
    return ""


def list_right(right: Iterable[Output]) -> str:
    """Name all right outputs in one phrase."""
    shown = list(dict.fromkeys(map(str, right)))
    if len(shown) > 5:
        shown = [*(each for each in shown if "," not in each), "an error and the end of the connection"]
    return " or ".join(shown)


def _listed(parts: list[str]) -> str:
    return ", then ".join(parts)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
