"""Write what is made of the text, or print the text in one piece.

python spec/make.py             write clauses.json and the file of the current version in versions/
python spec/make.py check       exit with 1 where one of them is out of date
python spec/make.py markdown    print the whole text as one Markdown file
python spec/make.py text        print it as plain text of 72 columns
"""

import argparse
import sys
from pathlib import Path

from jhup.book import markdown, plain_text
from jhup.data import clauses_json, version_json
from jhup.versions import CURRENT

SPEC = Path(__file__).parent


def main() -> int:
    """Read the command line and do it; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["write", "check", "markdown", "text"], default="write")
    what = parser.parse_args().what
    if what in ("markdown", "text"):
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # a console of Windows is none of UTF-8
        sys.stdout.write(markdown() if what == "markdown" else plain_text())
        return 0
    # The version first: clauses.json says since when each clause stands.
    current = SPEC / "versions" / f"{CURRENT}.json"
    stale = [path for path, content in ((current, version_json(CURRENT)),) if _differs(path, content)]
    if what == "write":
        current.write_text(version_json(CURRENT), "utf-8", newline="\n")
    file = SPEC / "clauses.json"
    if _differs(file, clauses_json()):
        stale.append(file)
    if what == "write":
        file.write_text(clauses_json(), "utf-8", newline="\n")
        return 0
    for path in stale:
        sys.stderr.write(f"{path} is out of date: run python spec/make.py\n")
    return 1 if stale else 0


def _differs(path: Path, content: str) -> bool:
    return not path.is_file() or path.read_text("utf-8") != content


if __name__ == "__main__":
    sys.exit(main())
