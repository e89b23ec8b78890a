"""The package keeps its form: what it offers, what it imports, and that it does no input or output."""

import ast
import importlib
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import jhup
from jhup.clauses import text_root
from jhup.errors import JhupError, LocalError, Malformed, Refused, RemoteError, Truncated

FOLDER = Path(__file__).parents[1] / "jhup"
MODULES = sorted(FOLDER.rglob("*.py"))

PURE = {
    "abc", "bisect", "collections", "construct", "dataclasses", "decimal", "enum", "functools", "hashlib", "heapq",
    "html", "itertools", "jhup", "json", "math", "operator", "re", "struct", "textwrap", "types", "typing",
}  # fmt: skip
"""What the package may import: modules that do no input or output, take no time and start nothing."""

OWN_TEXT = {"importlib.resources", "importlib.resources.abc"}
"""Reads files of the package itself, the text of the specification; for `jhup.clauses` alone."""

ALLOWED = {"jhup.clauses": OWN_TEXT, "jhup.start": {"importlib", "sys"}}
"""What single modules may import besides; `jhup.start` is where the commands begin."""


def name_of(path: Path) -> str:
    parts = path.relative_to(FOLDER.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def module(path: Path) -> ModuleType:
    importlib.import_module(name_of(path))
    return sys.modules[name_of(path)]  # `jhup.clauses` as an attribute is the function of that name


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            names.add(node.module)
    return names


def defined(path: Path) -> set[str]:
    """Return the public names that a module defines at its top, as its source has them."""
    names: set[str] = set()
    for node in tree(path).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_offers_exactly_what_it_defines(path: Path) -> None:
    offered = getattr(module(path), "__all__", [])

    if path.name == "__init__.py":
        for name in offered:
            assert hasattr(module(path), name), name
    else:
        assert set(offered) == defined(path)
    assert len(set(offered)) == len(offered)


def test_the_package_offers_exactly_what_it_imports() -> None:
    [*imports] = (node for node in tree(FOLDER / "__init__.py").body if isinstance(node, ast.ImportFrom))

    assert sorted(jhup.__all__) == sorted(alias.name for node in imports for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_nothing_that_does_input_or_output(path: Path) -> None:
    foreign = {name for name in imported(path) if name.partition(".")[0] not in PURE}

    assert foreign <= ALLOWED.get(name_of(path), set())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_calls_nothing_that_does_input_or_output(path: Path) -> None:
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    called = {each.id for each in calls if isinstance(each, ast.Name)}

    assert called.isdisjoint({"open", "print", "input", "exec", "eval", "compile", "breakpoint", "__import__"})


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(tree(path))

    assert docstring is not None
    assert docstring.splitlines()[0].endswith((".", ":")) or len(docstring.splitlines()) > 1


def test_the_package_says_that_it_is_typed() -> None:
    assert (FOLDER / "py.typed").is_file()


def test_errors_say_whose_fault_it_was() -> None:
    assert issubclass(LocalError, ValueError)
    assert not issubclass(LocalError, RemoteError)
    for error in (Malformed, Refused, Truncated):
        assert issubclass(error, RemoteError)
        assert not issubclass(error, LocalError)


@pytest.mark.parametrize("kind", [JhupError, LocalError, RemoteError, Malformed, Refused, Truncated])
def test_an_error_has_its_clause_and_its_reason(kind: type[JhupError]) -> None:
    error = kind("FRAME-15", "too long")

    assert (error.clause, error.reason, str(error)) == ("FRAME-15", "too long", "FRAME-15: too long")


def test_a_malformed_request_may_ask_for_a_reply() -> None:
    assert not Malformed("HEAD-12", "x").asks_reply
    assert Malformed("HEAD-12", "x", asks_reply=True).asks_reply


@pytest.mark.parametrize("name", ["README.md", "request.schema.json", "reply.schema.json", "jhup.ksy", "jhup.lua"])
def test_the_formats_for_other_tools_are_found_beside_the_text(name: str) -> None:
    assert (text_root() / "formats" / name).is_file()


def test_the_wheel_takes_all_that_the_package_reads_from_its_own_text() -> None:
    settings = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text("utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    texts = {f"spec/{path.name}" for path in (FOLDER.parent).glob("*.md")}

    assert wheel["force-include"] == {
        path: f"jhup/text/{path.removeprefix('spec/')}"
        for path in [*texts, "spec/vectors", "spec/formats", "spec/clauses.json", "spec/versions"]
    }


def test_no_source_of_the_wheel_lies_inside_another() -> None:
    settings = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text("utf-8"))
    sources = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["sources"]

    for outer in sources:
        assert not [inner for inner in sources if inner.startswith(f"{outer}/")]
