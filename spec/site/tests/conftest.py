"""The built site as fixtures: its pages, a server for it, and a browser. `tox -e spec` builds it before."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from built_page import Page

from jhup_site.__main__ import digest_of_sources, is_current

ROOT = Path(__file__).parents[3]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip


@pytest.fixture(scope="session")
def site() -> Path:
    """Where the site was built."""
    folder = Path(os.environ.get("JHUP_SITE", ROOT / "build" / "site"))
    assert (folder / "index.html").is_file(), f"no site in {folder}: tox -e spec builds it"
    return folder


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, Page]:
    """All pages by their paths from the top of the site."""
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture
def proof(site: Path, request: pytest.FixtureRequest) -> Callable[[], None]:
    """Call it at the end of a test that takes long: it is skipped then until the site changes."""
    path = site.absolute().with_name(f"{site.name}-work") / "proven" / re.sub(r"\W+", "-", request.node.name)
    digest = digest_of_sources()
    if is_current(site.absolute()) and path.is_file() and path.read_text("ascii") == digest:
        pytest.skip("this very site passed it before; python -m jhup_site --anew forgets that")

    def note() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(digest, "ascii")

    return note


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """The address of a plain static server with the site."""
    handler = functools.partial(_Silent, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., str]:
    """Run a browser once with some options and an address; what it prints comes back."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("no browser: install Debian's package chromium")

    def run(*options: str) -> str:
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        done = subprocess.run(
            [program, *QUIET, profile, "--virtual-time-budget=10000", *options],
            capture_output=True, text=True, timeout=380, check=True,
        )  # fmt: skip
        return done.stdout

    return run
