"""Each report is valid by a tool that isn't ours: JSON Schema, XSD, an HTML5 parser, and what reads captures."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import dpkt
import jsonschema
import pytest
from lxml import etree
from reported import Reported
from tinyhtml5.parser import HTMLParser

from jhup.clauses import ConformanceClass
from jhup_conformance.findings import ExitStatus, Outcome, Verdict
from jhup_conformance.profiles import Profile
from jhup_conformance.target.services import SERVICES

SCHEMAS = Path(__file__).parent / "schemas"


@pytest.fixture(params=["taught", "shouting", "faultless"])
def reported(request: pytest.FixtureRequest) -> Reported:
    found: Reported = request.getfixturevalue(request.param)
    return found


def test_report_json_is_valid_by_its_published_schema(reported: Reported) -> None:
    schema = json.loads(files("jhup_conformance.reports").joinpath("report.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    jsonschema.Draft202012Validator.check_schema(schema)

    assert [error.message for error in validator.iter_errors(reported.report)] == []


def test_the_schema_knows_every_word_that_a_report_may_hold() -> None:
    schema = json.loads(files("jhup_conformance.reports").joinpath("report.schema.json").read_text("utf-8"))
    words, clause = schema["properties"], schema["$defs"]["clause"]["properties"]

    assert set(words["profile"]["enum"]) == set(Profile)
    assert set(words["service"]["enum"]) == set(SERVICES)
    assert set(words["verdict"]["enum"]) == set(Verdict)
    assert set(words["exit_status"]["enum"]) == set(ExitStatus) - {ExitStatus.USAGE}
    assert set(words["class_met"]["enum"]) == {*ConformanceClass, None}
    assert set(clause["outcome"]["enum"]) == set(Outcome)


def test_junit_xml_is_valid_by_the_schema_of_jenkins(reported: Reported) -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))

    schema.assertValid(etree.parse(reported.folder / "junit.xml"))


def test_junit_xml_has_a_case_for_each_clause_and_a_failure_for_each_that_fails(reported: Reported) -> None:
    suite = ElementTree.parse(reported.folder / "junit.xml").getroot()[0]
    clauses = reported.report["clauses"]

    judged = [clause["id"] for clause in clauses if clause["outcome"] != "NOT_JUDGED"]
    assert [case.get("name") for case in suite] == judged
    assert {case.get("name") for case in suite if case.find("failure") is not None} == {
        clause["id"] for clause in clauses if clause["outcome"] == "FAIL"
    }
    assert suite.get("tests") == str(len(judged))
    assert all(case.findtext("failure", "usual bug").count("usual bug") == 1 for case in suite)


def test_report_html_is_valid_html_and_asks_for_nothing_from_elsewhere(reported: Reported) -> None:
    text = (reported.folder / "report.html").read_text("utf-8")
    parser = HTMLParser()

    parser.parse(text)

    assert parser.errors == []
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "<link" not in text
    assert " src=" not in text


def test_every_link_inside_the_page_leads_somewhere(reported: Reported) -> None:
    tree = etree.HTML((reported.folder / "report.html").read_text("utf-8"))
    identifiers = set(tree.xpath("//@id"))
    targets = tree.xpath("//a/@href")

    assert [target for target in targets if target.startswith("#") and target[1:] not in identifiers] == []
    assert [t for t in targets if not t.startswith("#") and not (reported.folder / t).is_file()] == []
    assert len(identifiers) == len(tree.xpath("//@id"))


def test_the_badge_says_the_class_met_in_both_forms(taught: Reported, faultless: Reported) -> None:
    failing = json.loads((taught.folder / "badge.json").read_text("utf-8"))
    passing = json.loads((faultless.folder / "badge.json").read_text("utf-8"))
    picture = ElementTree.parse(faultless.folder / "badge.svg").getroot()

    assert (failing["schemaVersion"], failing["color"]) == (1, "red")
    assert passing == {"schemaVersion": 1, "label": "JHUP", "message": "stream met", "color": "brightgreen"}
    assert picture.get("aria-label") == "JHUP: stream met"


def captures(reported: Reported) -> Iterator[Path]:
    found = sorted(reported.folder.glob("*.pcap"))
    assert found
    yield from found


def test_a_capture_holds_the_bytes_of_the_exchange_under_sequence_numbers_without_a_gap(taught: Reported) -> None:
    for path in captures(taught):
        record = json.loads(path.with_suffix(".json").read_text("utf-8"))
        sent = b"".join(_bytes(entry) for entry in record["entries"] if entry["kind"] == "sent")
        seen = b""
        for segment in segments(path):
            if segment.sport == 50000 and segment.data:  # the connection that the finding is about
                assert segment.seq == 1001 + len(seen), path
                seen += segment.data

        assert seen == sent, path


def segments(path: Path) -> Iterator[dpkt.tcp.TCP]:
    with path.open("rb") as file:
        yield from [dpkt.ethernet.Ethernet(frame).data.data for _, frame in dpkt.pcap.Reader(file)]


def _bytes(entry: dict[str, str]) -> bytes:
    return bytes.fromhex(entry["hex"]) if "hex" in entry else entry["text"].encode()


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark (Debian's package of that name) is not installed")
def test_wireshark_opens_a_capture_and_finds_nothing_wrong_in_it(taught: Reported, shouting: Reported) -> None:
    wrong = "_ws.malformed || tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0"
    checks = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    for path in (taught.folder / "STORE-9.pcap", taught.folder / "STORE-7.pcap", shouting.folder / "ECHO-3.pcap"):
        for only, expected in (((), True), (("-Y", wrong), False)):
            command = ["tshark", "-r", str(path), *checks, *only]
            done = subprocess.run(command, capture_output=True, timeout=60, check=False)

            assert (done.returncode, bool(done.stdout)) == (0, expected), (path, done.stdout)
