"""`python -m jhup_site FOLDER`: build the site, and beside it the page to print. Every warning is an error.

Where nothing has changed since the last build into the same folder, nothing is built.
"""

import argparse
import os
import shutil
import sys
import time
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from sphinx.cmd.build import build_main

from jhup_site.staging import ROOT, stage
from jhup_site.trust import artefact

CONFIGURATION = Path(__file__).parents[1]
SOURCES = (ROOT / "spec", ROOT / "conformance" / "docs")
TOOLS = ("sphinx", "furo", "myst-parser")


def build(folder: Path, *, anew: bool = False) -> int:
    """Build the site into a folder, and say what was built.

    Args:
        folder: where it goes.
        anew: whether to build although nothing has changed.

    Returns:
        The exit status: 0 when nothing was wrong.
    """
    begin = time.monotonic()
    work = folder.with_name(f"{folder.name}-work")
    mark, digest = _mark(folder), digest_of_sources()
    if not anew and is_current(folder):
        print(f"nothing has changed since the last build: {folder / 'index.html'}")  # noqa: T201
        return 0
    mark.unlink(missing_ok=True)
    shutil.rmtree(work / "proven", ignore_errors=True)  # what the tests found of the site before
    sources = work / "sources"
    pages = stage(sources)
    for builder, into, tags in (("html", folder, []), ("singlehtml", folder / "print", ["-t", "print"])):
        options = ["-W", "--keep-going", "-q", "-E", "-c", str(CONFIGURATION), "-d", str(work / builder)]
        if status := build_main(["-b", builder, *tags, *options, str(sources), str(into)]):
            return status
    mark.write_text(digest, "ascii")
    seconds = time.monotonic() - begin
    print(f"{len(pages)} pages and one to print in {seconds:.1f} s: {folder / 'index.html'}")  # noqa: T201
    return 0


def _mark(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-work") / "built-from"


def is_current(folder: Path) -> bool:
    """Tell whether a site was built of the sources as they are now."""
    mark = _mark(folder)
    return (folder / "index.html").is_file() and mark.is_file() and mark.read_text("ascii") == digest_of_sources()


def digest_of_sources() -> str:
    """Return a digest of all that the site is made of: the files below the sources, and the versions of the tools."""
    found = sha256("".join(f"{name} {version(name)}\n" for name in TOOLS).encode())
    for top in SOURCES:
        for path in sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + sha256(path.read_bytes()).digest())
    if artefact().is_file():
        found.update(artefact().read_bytes())
    return found.hexdigest()


def main() -> int:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(prog="python -m jhup_site", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "build" / "site", help="where the site goes")
    parser.add_argument("--anew", action="store_true", help="build although nothing has changed")
    given = parser.parse_args()
    os.environ.setdefault("PYTHONHASHSEED", "0")
    return build(given.folder.absolute(), anew=given.anew)


if __name__ == "__main__":
    sys.exit(main())
