"""Hints by language: what its usual library does by itself, and the line that mends it."""

import re
import shlex
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

__all__ = ["LANGUAGE_NAMES", "guess_language", "hints"]

LANGUAGE_NAMES: Final = MappingProxyType(
    {"python": "Python", "js": "JavaScript", "go": "Go", "java": "Java", "csharp": "C#", "rust": "Rust", "c": "C"}
)
"""The languages that there are hints for, by what `--language` calls them."""

_PROGRAMS: Final = {
    r"(python|pypy|uv|uvx)[\d.]*(w|\.exe)?": "python",
    r"(node|nodejs|npm|npx|deno|bun|tsx|ts-node)(\.exe)?": "js",
    r"go(\.exe)?": "go",
    r"(java|mvn|gradle|gradlew|kotlin|jshell)(\.exe)?": "java",
    r"dotnet(\.exe)?": "csharp",
    r"cargo(\.exe)?": "rust",
}
_SUFFIXES: Final = {
    ".py": "python", ".pyz": "python", ".js": "js", ".mjs": "js", ".cjs": "js", ".ts": "js", ".go": "go",
    ".java": "java", ".jar": "java", ".dll": "csharp", ".cs": "csharp", ".rs": "rust", ".c": "c",
}  # fmt: skip


@cache
def hints() -> Mapping[str, Mapping[str, str]]:
    """Return the hints by clause and language.

    Raises:
        ValueError: when the file holds something that is not known here.
    """
    text = files(__package__).joinpath("hints.toml").read_text("utf-8")
    found: dict[str, Mapping[str, str]] = {}
    for entry in tomllib.loads(text)["hint"]:
        if unknown := entry.keys() - {"clauses", *LANGUAGE_NAMES}:
            raise ValueError(f"hints.toml: there is no language {', '.join(sorted(unknown))}")
        by_language = MappingProxyType({name: entry[name] for name in LANGUAGE_NAMES if name in entry})
        for identifier in entry["clauses"]:
            if identifier in found:
                raise ValueError(f"hints.toml has {identifier} twice")
            found[identifier] = by_language
    return MappingProxyType(found)


def guess_language(command: str | None) -> str | None:
    """Return the language of a server, as far as the command that starts it tells; else None."""
    try:
        words = shlex.split(command or "")
    except ValueError:
        return None
    for word in words:
        if language := _SUFFIXES.get(PurePath(word).suffix.lower()):
            return language
    if not words:
        return None
    program = PurePath(words[0]).name.lower()
    return next((language for pattern, language in _PROGRAMS.items() if re.fullmatch(pattern, program)), None)
