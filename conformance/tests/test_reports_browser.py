"""The page in a real browser: with a script and without, on a wide screen and a narrow one, light, dark and printed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from reported import Reported

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium (Debian's package of that name) is installed")

PROBE = """<script>
"use strict";
const count = () => document.querySelectorAll("#table tbody tr:not([hidden])").length;
const form = document.getElementById("filters");
const told = {all: count(), wide: document.documentElement.scrollWidth - document.documentElement.clientWidth};
for (const box of form.querySelectorAll("[name=outcome]")) if (box.value !== "FAIL") box.click();
told.failing = count();
form.elements.text.value = "frame";
form.elements.text.dispatchEvent(new Event("input", {bubbles: true}));
told.framing = count();
told.said = document.getElementById("shown").textContent;
told.ground = getComputedStyle(document.body).backgroundColor;
window.dispatchEvent(new Event("beforeprint"));
told.closed = document.querySelectorAll("details:not([open])").length;
const out = document.createElement("pre");
out.id = "told";
out.textContent = JSON.stringify(told);
document.body.append(out);
</script></body>"""


def browse(folder: Path, page: Path, *flags: str) -> str:
    """Open a page as a new user of the browser; gives what it is made of in the end."""
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        f"--user-data-dir={folder / 'profile'}", *flags, page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, timeout=90, check=True).stdout.decode()


def probed(reported: Reported, folder: Path, *flags: str) -> dict[str, object]:
    """Use the page as a reader does, with a script in its end; gives what was seen."""
    page = folder / "probed.html"
    page.write_text((reported.folder / "report.html").read_text("utf-8").replace("</body>", PROBE), "utf-8")
    found = re.search(r'<pre id="told">(.*?)</pre>', browse(folder, page, "--dump-dom", *flags))
    assert found, "the page's script has ended early"
    told: dict[str, object] = json.loads(found[1])
    return told


def test_the_filters_show_the_clauses_that_were_asked_for(taught: Reported, tmp_path: Path) -> None:
    outcomes = [clause["outcome"] for clause in taught.report["clauses"]]
    framing = [clause for clause in taught.report["clauses"] if "FRAME" in clause["id"]]

    told = probed(taught, tmp_path)

    assert told["all"] == len(outcomes)
    assert told["failing"] == outcomes.count("FAIL")
    assert told["framing"] == len(framing)
    assert told["said"] == f"{len(framing)} of {len(outcomes)}"
    assert told["closed"] == 0, "what is folded up is shown in print"


def test_without_a_script_everything_is_there_and_no_filter_that_does_nothing(taught: Reported, tmp_path: Path) -> None:
    page = tmp_path / "still.html"
    forbid = """<head><meta http-equiv="Content-Security-Policy" content="script-src 'none'">"""
    page.write_text((taught.folder / "report.html").read_text("utf-8").replace("<head>", forbid), "utf-8")

    shown = browse(tmp_path, page, "--dump-dom")

    assert shown.count("<tr data-outcome") == len(taught.report["clauses"])
    assert re.search(r'<form id="filters"[^>]* hidden', shown)


def test_a_narrow_screen_need_not_be_scrolled_sideways(taught: Reported, tmp_path: Path) -> None:
    assert probed(taught, tmp_path, "--window-size=500,900")["wide"] == 0


def test_dark_screens_get_a_dark_page(taught: Reported, tmp_path: Path) -> None:
    light = probed(taught, tmp_path, "--blink-settings=preferredColorScheme=1")
    dark = probed(taught, tmp_path, "--blink-settings=preferredColorScheme=0")

    assert (light["ground"], dark["ground"]) == ("rgb(253, 253, 252)", "rgb(22, 23, 21)")


def test_it_can_be_printed_and_photographed(taught: Reported, tmp_path: Path) -> None:
    page = taught.folder / "report.html"

    browse(tmp_path, page, f"--print-to-pdf={tmp_path / 'page.pdf'}")
    browse(tmp_path, page, f"--screenshot={tmp_path / 'page.png'}", "--window-size=1200,2000")

    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "page.png").stat().st_size > 50_000, "a blank page is smaller"
