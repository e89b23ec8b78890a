"""The rooms of the package: who imports whom."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import jhup_reference

FOLDER = Path(jhup_reference.__file__).parent


def imports(path: Path) -> set[str]:
    """The modules of the package that a module imports when it is imported."""
    body = ast.parse(path.read_text("utf-8")).body
    found = {node.module for node in body if isinstance(node, ast.ImportFrom) and node.module}
    return {name for name in found if name.startswith("jhup_reference")}


def name_of(path: Path) -> str:
    parts = path.relative_to(FOLDER.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


GRAPH = {name_of(path): imports(path) for path in FOLDER.rglob("*.py")}


def reached_from(name: str) -> set[str]:
    reached: set[str] = set()
    to_visit = [name]
    while to_visit:
        each = to_visit.pop()
        if each not in reached:
            reached.add(each)
            to_visit += GRAPH[each]
    return reached


def test_no_module_imports_itself_by_way_of_others():
    TopologicalSorter(GRAPH).prepare()  # which raises CycleError


def test_nothing_is_imported_for_types_alone():
    assert [path.name for path in FOLDER.rglob("*.py") if "TYPE_CHECKING" in path.read_text("utf-8")] == []


def test_the_plain_server_reaches_nothing_that_is_there_for_speed():
    assert [name for name in reached_from("jhup_reference.server") if ".fast" in name] == []


def test_the_plain_server_reaches_no_command():
    assert [name for name in reached_from("jhup_reference.server") if ".commands" in name or ".cli" in name] == []
