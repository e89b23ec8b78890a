"""Counts what a reader of the suite has to take in: floors of imports, and names that a file of checks imports.

`python conformance/tests/shape.py [CHECKOUT]` prints both for this checkout, or for another one to compare with;
`--tree` prints every module of the product with its lines and what it is for, and the lines of each folder.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

WORDS = [word for word in sys.argv[1:] if word != "--tree"]
ROOT = Path(WORDS[0] if WORDS else Path(__file__).parents[2]).resolve()
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


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def print_tree() -> None:
    """Print the modules of each part with the first line of their docstrings, then the lines by folder."""
    for part in ("spec/jhup", "reference/jhup_reference", "conformance/jhup_conformance", "clients/python/jhup_client"):
        for folder in [ROOT / part, *sorted(each for each in (ROOT / part).rglob("*") if each.is_dir())]:
            if files := sorted(folder.glob("*.py")):
                print(f"{folder.relative_to(ROOT)}/")
            for path in files:
                told = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]
                print(f"    {path.name:28} {lines_of(path):4}  {told}")
    for part in ("spec", "reference", "conformance", "clients", "benchmarks"):
        found = [path for path in (ROOT / part).rglob("*.py") if not {".venv", ".tox", "node_modules"} & {*path.parts}]
        tests = [path for path in found if "tests" in path.relative_to(ROOT).parts]
        product = sum(map(lines_of, found)) - sum(map(lines_of, tests))
        print(f"{part}: {product} lines of Python, {sum(map(lines_of, tests))} of tests")


def main() -> None:
    if "--tree" in sys.argv:
        print_tree()
        return
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
