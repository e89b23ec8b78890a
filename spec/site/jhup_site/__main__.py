"""`python -m jhup_site FOLDER`: build the site, and beside it the page to print. Every warning is an error."""

import argparse
import os
import sys
import time
from pathlib import Path

from sphinx.cmd.build import build_main

from jhup_site.staging import ROOT, stage

CONFIGURATION = Path(__file__).parents[1]


def build(folder: Path) -> int:
    """Build the site into a folder, and say what was built.

    Returns:
        The exit status: 0 when nothing was wrong.
    """
    begin = time.monotonic()
    work = folder.with_name(f"{folder.name}-work")
    sources = work / "sources"
    pages = stage(sources)
    for builder, into, tags in (("html", folder, []), ("singlehtml", folder / "print", ["-t", "print"])):
        options = ["-W", "--keep-going", "-q", "-E", "-c", str(CONFIGURATION), "-d", str(work / builder)]
        if status := build_main(["-b", builder, *tags, *options, str(sources), str(into)]):
            return status
    seconds = time.monotonic() - begin
    print(f"{len(pages)} pages and one to print in {seconds:.1f} s: {folder / 'index.html'}")  # noqa: T201
    return 0


def main() -> int:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(prog="python -m jhup_site", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "build" / "site", help="where the site goes")
    os.environ.setdefault("PYTHONHASHSEED", "0")
    return build(parser.parse_args().folder.absolute())


if __name__ == "__main__":
    sys.exit(main())
