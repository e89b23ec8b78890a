"""The package as others see it: what it exports, what it imports, and that its examples run."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import jhup_client

MODULES = [importlib.import_module(f"jhup_client.{one.name}") for one in pkgutil.iter_modules(jhup_client.__path__)
           if one.name != "__main__"]  # fmt: skip


@pytest.mark.parametrize("module", [jhup_client, *MODULES], ids=lambda module: module.__name__)
def test_every_exported_name_exists_and_says_what_it_is(module: ModuleType) -> None:
    assert list(module.__all__) == sorted(
        module.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )
    for name in module.__all__:
        assert hasattr(module, name)
        if inspect.isclass(getattr(module, name)) or inspect.isfunction(getattr(module, name)):
            assert getattr(module, name).__doc__


def imported(module: ModuleType) -> set[str]:
    assert module.__file__ is not None
    found = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_client_stands_on_the_specification_alone(module: ModuleType) -> None:
    assert not imported(module) & {"jhup_reference", "jhup_conformance"}


def test_the_example_of_the_package_runs(
    peer: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("abc")
    (tmp_path / "photo.jpg").write_text("de")
    server = peer(lambda server: server.store_all())
    assert jhup_client.__doc__ is not None
    _, _, example = jhup_client.__doc__.partition("\n\n")

    exec(textwrap.dedent(example).replace("127.0.0.1:8080", server.target), {})

    assert server.result() == {"notes.txt": b"abc", "photo.jpg": b"de"}
    assert doctest.testmod(jhup_client).failed == 0
