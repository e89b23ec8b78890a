"""`gallery`: one page of many reports, to compare implementations and versions."""

import sys
from pathlib import Path

import click

from jhup_conformance.cli.group import FOLDER
from jhup_conformance.cli.records import read_record
from jhup_conformance.findings import ExitStatus
from jhup_conformance.reports.gallery import exhibit, gallery_page
from jhup_conformance.run.report_folder import put_file, settle
from jhup_conformance.run.usage import UsageError

__all__ = ["gallery"]


@click.command(epilog="Exit status: 0; 2 usage.")
@click.argument("folders", metavar="DIR…", nargs=-1, required=True, type=FOLDER)
@click.option("--out", metavar="DIR", default="gallery", show_default=True, help="Write index.html into this folder.")
def gallery(folders: tuple[str, ...], out: str) -> None:
    """Make a page of many reports: implementations × classes.

    DIR is a folder that a run filled with --report, or one that has such folders in it. A folder's name is that of the
    implementation; NAME@VERSION tells versions apart.
    """
    try:
        found = _reports(folders)
        place = Path(out)
        try:
            settle(place)
            rows = [exhibit(read_record(path, "report"), path.parent, place) for path in found]
            put_file(place / "index.html", gallery_page(rows).encode())
        except OSError as error:
            raise UsageError(f"--out: can't write to {place}: {error.strerror}") from error
    except UsageError as error:
        click.echo(f"jhup-conformance: {error}", err=True)
        sys.exit(ExitStatus.USAGE)
    click.echo(f"{len(found)} reports in {place / 'index.html'}")


def _reports(folders: tuple[str, ...]) -> list[Path]:
    """Return the report.json of each folder, or of the folders in it.

    Raises:
        UsageError: when a folder has none.
    """
    found: list[Path] = []
    for name in folders:
        folder = Path(name)
        own = folder / "report.json"
        here = [own] if own.is_file() else sorted(folder.glob("*/report.json"))
        if not here:
            raise UsageError(f"{folder} has no report.json, and no folder in it has one")
        found += here
    return list(dict.fromkeys(found))
