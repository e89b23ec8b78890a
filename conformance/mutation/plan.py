"""What is changed, and which tests are to notice (`plan.toml`)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Planned", "plan"]

_FILE: Final = Path(__file__).parent / "plan.toml"
_ROOTS: Final = ("spec/", "conformance/")
"""Folders from which packages are imported."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A module that is to be changed.

    Attributes:
        path: its file, from the root of the checkout.
        tests: files of tests that are to notice, those that notice most first.
    """

    path: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name for imports."""
        for root in _ROOTS:
            if self.path.startswith(root):
                return self.path.removeprefix(root).removesuffix(".py").replace("/", ".")
        raise ValueError(f"{self.path} is in none of {', '.join(_ROOTS)}")


def plan() -> list[Planned]:
    """Give what is planned, the most important first."""
    content = tomllib.loads(_FILE.read_text("utf-8"))
    return [Planned(path, tuple(group["tests"])) for group in content["group"] for path in group["modules"]]
