"""`jhup-conformance client` as a person uses it: reports, replay, the taught client, a client elsewhere, TLS."""

import json
import re
import socket
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import trustme
from client_fault_table import CLIENTS
from jsonschema import Draft202012Validator
from judged_clients import HERE, PATIENCE, command
from reported import run_suite

SMALL = [*command("none")]
WRONG = [*command("an error is success")]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def judged(tmp_path: Path, *words: object) -> tuple[int, str, dict[str, Any]]:
    """Run the command with a report; returns its status, what it printed, and report.json."""
    status, printed = run_suite("client", "--report", tmp_path / "out", "--seed", 1, *words, cwd=tmp_path)
    return status, printed, json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))


def outcomes(report: dict[str, Any], outcome: str) -> set[str]:
    return {clause["id"] for clause in report["clauses"] if clause["outcome"] == outcome}


@pytest.mark.skipif(sys.platform == "win32", reason="the small clients wait for sockets as POSIX has them")
class TestReports:
    def test_a_finding_is_told_on_both_sides_and_replayed(self, tmp_path: Path) -> None:
        options = ("--clause", "CLIENT-16", "--profile", "quick", "--patience", PATIENCE)

        status, printed, report = judged(tmp_path, *options, "--", *WRONG)

        assert status == 1, printed
        assert outcomes(report, "FAIL") == {"CLIENT-16"}
        assert re.search(r"server <- replies .*another|server <- replies .*error", printed), printed
        assert re.search(r"client -> sends a header of \d+ bytes", printed)
        record = tmp_path / "out" / "CLIENT-16.json"
        assert f"jhup-conformance replay {record} -- " in printed
        status, again = run_suite("replay", record, "--judge", "--", *WRONG, cwd=tmp_path)
        assert (status, "now:      FAIL" in again) == (1, True), again
        status, mended = run_suite("replay", record, "--judge", "--", *SMALL, cwd=tmp_path)
        assert (status, "now:      PASS" in mended) == (0, True), mended

    def test_reports_are_those_of_servers(self, tmp_path: Path) -> None:
        _, _, report = judged(tmp_path, "--clause", "CLIENT-16", "--profile", "quick", "--", *WRONG)

        schema = json.loads(files("jhup_conformance.reports").joinpath("report.schema.json").read_text("utf-8"))
        assert [error.message for error in Draft202012Validator(schema).iter_errors(report)] == []
        assert report["role"] == "client"
        assert report["first_contact"]["line"].startswith("a plain put came, whole")
        suite = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()[0]
        assert suite.get("failures") == "1"
        page = (tmp_path / "out" / "report.html").read_text("utf-8")
        assert '<article class="finding FAIL" aria-labelledby="CLIENT-16">' in page
        assert "http://" not in page

    def test_what_is_known_to_fail_is_no_failure(self, tmp_path: Path) -> None:
        known = tmp_path / "known"
        known.write_text("CLIENT-16 it is on our list\n", "utf-8")
        options = ("--clause", "CLIENT-16", "--profile", "quick", "--known-failing", known)

        assert judged(tmp_path, *options, "--", *WRONG)[2]["verdict"] == "inconclusive"
        status, printed, _ = judged(tmp_path, *options, "--", *SMALL)
        assert (status, "listed as known to fail" in printed) == (5, True), printed

    def test_a_should_counts_when_it_is_strict(self, tmp_path: Path) -> None:
        options = ("--clause", "EXT-3", "--profile", "quick")
        wrong = command("a member of its own")

        assert judged(tmp_path, *options, "--", *wrong)[2]["verdict"] != "fails"
        assert judged(tmp_path, *options, "--strict", "--", *wrong)[2]["verdict"] == "fails"

    def test_the_plain_put_of_a_wrong_client_is_the_only_finding(self, tmp_path: Path) -> None:
        status, printed, report = judged(tmp_path, "--", *command("big-endian prefix"))

        assert (status, outcomes(report, "FAIL")) == (1, {"CLIENT-1"})
        assert "the prefix is big-endian" in report["first_contact"]["line"]
        assert report["class_met"] is None
        assert "Nothing else can be judged before that is right" in printed

    def test_an_ability_that_a_client_lacks_is_unsupported(self, tmp_path: Path) -> None:
        words = (sys.executable, HERE / "client_faults.py", "none", "{address}", "{file}")

        status, printed, report = judged(tmp_path, "--section", "11.1", "--profile", "default", "--", *words)

        assert outcomes(report, "UNSUPPORTED") == {"EXT-1", "EXT-2"}
        assert "{reply:--reply} or --ask" in printed
        assert status == 0

    def test_over_tls_the_client_has_to_speak_it(self, tmp_path: Path) -> None:
        certificate = tmp_path / "server.pem"
        trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))

        status, _, report = judged(tmp_path, "--tls-cert", certificate, "--profile", "quick", "--", *SMALL)

        assert (status, outcomes(report, "PASS")) == (1, set())
        assert "TLS" in report["first_contact"]["line"]


def test_the_taught_client_is_judged_through_its_shell(tmp_path: Path) -> None:
    port = free_port()
    program = tmp_path / "client.py"
    program.write_text((HERE / "taught_client.py").read_text("utf-8").replace("8080", str(port)), "utf-8")
    told = ("--stdin", r"put {file}\nexit\n", "--listen", f"127.0.0.1:{port}", "--patience", PATIENCE)

    status, printed, report = judged(
        tmp_path, *told, "--profile", "quick", "--", sys.executable, "-W", "ignore", program
    )

    assert status == 1, printed
    assert outcomes(report, "FAIL") == {"CLIENT-7", "CLIENT-8", "CLIENT-14", "CLIENT-15", "CLIENT-20"}
    assert {"CLIENT-1", "CLIENT-2", "CLIENT-3", "CLIENT-4", "CLIENT-6", "CLIENT-10"} <= outcomes(report, "PASS")
    told_in_one_line = " ".join(printed.split())
    assert "one `send` is called without a look at how many bytes it took" in told_in_one_line
    assert "Half-close, and wait a moment for a reset" in told_in_one_line


def test_of_a_client_elsewhere_only_bytes_are_judged(tmp_path: Path) -> None:
    port = free_port()
    trigger = subprocess.list2cmdline([sys.executable, str(HERE / "client_faults.py"), "none"]) + " {address} {file}"

    status, printed, report = judged(
        tmp_path, "--trigger", trigger, "--listen", f"127.0.0.1:{port}", "--profile", "quick", "--class", "basic"
    )

    assert status == 4, printed
    assert {"CLIENT-1", "CLIENT-2", "CLIENT-3", "CLIENT-4", "CLIENT-6"} <= outcomes(report, "PASS")
    assert "CLIENT-14" in outcomes(report, "UNVERIFIED")
    assert "let it be started with -- COMMAND" in printed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["client"], "expected either -- COMMAND, --trigger or --wait"),
        (["client", "--", "no-such-command-at-all"], "can't start no-such-command-at-all"),
        (["client", "--clause", "FRAME-1", "--", sys.executable], "FRAME-1 binds no client"),
        (["client", "-q", "-v", "--", "x"], "--quiet and --verbose exclude each other"),
    ],
)
def test_a_mistake_gets_one_line_and_status_2(tmp_path: Path, words: list[str], told: str) -> None:
    status, printed = run_suite(*words, cwd=tmp_path)

    assert status == 2, printed
    assert told in printed
    assert len(printed.strip().splitlines()) == 1


def test_the_list_names_clauses_and_cases(tmp_path: Path) -> None:
    status, printed = run_suite("client", "--list", cwd=tmp_path)

    assert status == 0
    assert "CLIENT-13  stream  MUST" in printed
    assert "a server that reads slowly for forty seconds  (--profile thorough)" in printed


def test_all_small_clients_have_names_of_their_own() -> None:
    assert len(set(CLIENTS.values())) == len(CLIENTS)
