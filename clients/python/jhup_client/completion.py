"""Completion of commands and file names in the shell."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

__all__ = ["ShellCompleter", "last_word", "quoted"]

# What shlex gives a meaning to, outside quotes.
_SPECIAL: Final = re.compile(r"([\s\\\"'])")


def quoted(text: str) -> str:
    """Return a word as it can be typed. Backslashes, unlike quotes, leave it open for more."""
    return _SPECIAL.sub(r"\\\1", text)


def last_word(line: str) -> tuple[int, str]:
    """Find the word that is being typed at the end of a line.

    Returns:
        Where it begins in the line, and what it says so far without quotes and backslashes.
    """
    start, word, quote, escaped, inside = len(line), "", "", False, False
    for position, character in enumerate(line):
        if not inside and not character.isspace():
            start, word, inside = position, "", True
        if escaped:
            word, escaped = word + character, False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            word, quote = (word, "") if character == quote else (word + character, quote)
        elif character in "\"'":
            quote = character
        elif character.isspace():
            inside = False
        else:
            word += character
    return (start, word) if inside else (len(line), "")


class ShellCompleter(Completer):
    """Completes the first word of a line to a command, and the others to what the command takes."""

    def __init__(self, words: Mapping[str, Iterable[str] | None]) -> None:
        """Know the commands.

        Args:
            words: each command with the words that may follow it; None where files may.
        """
        self._words = words

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
        """Yield what may stand in place of the word before the cursor."""
        line = document.text_before_cursor
        start, word = last_word(line)
        before = line[:start].split()
        if not before:
            choices: Iterable[str] = (f"{command} " for command in self._words if command.startswith(word))
        elif (known := self._words.get(before[0], ())) is None:
            choices = _paths(word)
        else:
            choices = (choice for choice in known if choice.startswith(word))
        for choice in choices:
            yield Completion(choice, start_position=start - len(line))


def _paths(word: str) -> Iterator[str]:
    """Yield files and folders whose paths begin as the word does; hidden ones only when asked for by their dot."""
    head, separator, tail = word.rpartition("/")
    try:
        folder = Path(head + separator).expanduser() if separator else Path()
        entries = sorted(folder.iterdir())
    except (OSError, RuntimeError):  # RuntimeError: ~ of an unknown user
        return
    for entry in entries:
        if entry.name.startswith(tail) and (tail or not entry.name.startswith(".")):
            yield quoted(head + separator + entry.name) + ("/" if entry.is_dir() else "")
