"""`python -m jhup_site.kaitai FOLDER`: install the compiler of Kaitai Struct, if npm is here; else say so in a line.

Its tests need it and are skipped without it, so that this never fails.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

__all__ = ["PACKAGE", "install"]

PACKAGE: Final = "kaitai-struct-compiler"
VERSION: Final = "0.11.0"
_WITHIN: Final = 120
_AGAIN_AFTER: Final = 24 * 3600.0
"""Seconds after which an installation that failed is tried again: without a network, each try takes a minute."""


def install(folder: Path) -> str:
    """Install the compiler, unless it is there; return one line about it, empty where there is nothing to say."""
    if (folder / "node_modules" / PACKAGE / "package.json").is_file():
        return ""
    failed = folder / "failed"
    if failed.is_file() and time.time() - failed.stat().st_mtime < _AGAIN_AFTER:
        return failed.read_text("utf-8")
    if line := _install(folder):
        folder.mkdir(parents=True, exist_ok=True)
        failed.write_text(line, "utf-8")
    return line


def _install(folder: Path) -> str:
    npm = shutil.which("npm")
    if npm is None:
        return "no npm: the tests of the Kaitai Struct format are skipped"
    options = ["--silent", "--no-save", "--no-audit", "--no-fund", "--prefix", str(folder)]
    try:
        done = subprocess.run([npm, "install", *options, f"{PACKAGE}@{VERSION}"], capture_output=True, timeout=_WITHIN)
    except subprocess.TimeoutExpired:
        return f"npm did not install {PACKAGE} within {_WITHIN} s: its tests are skipped"
    if done.returncode:
        return f"npm could not install {PACKAGE} (exit status {done.returncode}): its tests are skipped"
    return ""


def main() -> int:
    """Read the command line and install."""
    parser = argparse.ArgumentParser(prog="python -m jhup_site.kaitai", description=__doc__)
    parser.add_argument("folder", type=Path)
    if line := install(parser.parse_args().folder):
        sys.stderr.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
