"""Counts what a reader of the suite has to take in: floors of imports, and names that a file of checks imports.

`python conformance/tests/shape.py [CHECKOUT]` prints both for this checkout, or for another one to compare with.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2])
PACKAGE = ROOT / "conformance" / "jhup_conformance"


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a file imports of the package: module and name, as they are when it is loaded."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == PACKAGE.name:
            yield from ((node.module, alias.name) for alias in node.names)


@cache
def floor(module: str) -> int:
    """Return how many modules stand below one another under a module, itself included."""
    below = {
        f"{source}.{name}" if f"{source}.{name}" in MODULES else source for source, name in imports(MODULES[module])
    }
    return 1 + max((floor(each) for each in below if each in MODULES and each != module), default=0)


def main() -> None:
    product = [module for module in MODULES if ".suite" not in module]
    highest = max(product, key=floor)
    print(f"{len(product)} modules on {floor(highest)} floors of imports, the highest {highest}")
    files = {path.name: list(imports(path)) for path in sorted((PACKAGE / "suite").glob("test_*.py"))}
    names = {file: len(found) for file, found in files.items()}
    modules = {file: len({module for module, _ in found}) for file, found in files.items()}
    worst = max(names, key=lambda file: names[file])
    print(
        f"{len(files)} files of checks import a median of {median(names.values()):g} names "
        f"from {median(modules.values()):g} modules; worst {worst}: {names[worst]} from {modules[worst]}"
    )


if __name__ == "__main__":
    main()
