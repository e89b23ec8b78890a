"""Every example in the prose of the upload protocol says what comes of its bytes, and is right (section 1.3).

The examples of the echo services (chapter 10) have rules and tests of their own.
"""

import hashlib
import re
from dataclasses import dataclass, field

import pytest

from jhup.clauses import chapter_text, chapters
from jhup.errors import Malformed
from jhup.messages import Code, Failure, Greeting, Put, Request, Stat, Stored, Unknown
from jhup.names import name_fault
from jhup.reader import BodyRead, Broken, HeaderRead, PutRead, Reader
from jhup.readings import Reading, readings
from jhup.reply_reader import ReplyReader

BLOCK = re.compile(r"^```wire\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEX_LINE = re.compile(r"([CS]): ((?:[0-9a-f]{2} ?)+?)(?:  (\S.*))?")
TEXT_LINE = re.compile(r"([CS])\| (.+)")
RESULT_LINE = re.compile(r"=> (.+)")
KINDS = re.compile(r"(stored|malformed|refused|truncated|ignored|error|or (stored|malformed)) |greeting$")


@dataclass(frozen=True, slots=True)
class Example:
    """A block of the prose: what the client sends, what the server sends, and what comes of it."""

    where: str
    client: bytearray = field(default_factory=bytearray)
    server: bytearray = field(default_factory=bytearray)
    results: list[str] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """The results that the client's bytes have in the first place, those of the server's bytes left out."""
        return [each for each in self.results if not each.startswith(("error ", "or ")) and each != "greeting"]

    @property
    def alternatives(self) -> list[str]:
        """The other results that the same bytes may have."""
        return [each.removeprefix("or ") for each in self.results if each.startswith("or ")]


def parse_example(where: str, block: str) -> Example:
    example = Example(where)
    for line in block.splitlines():
        if match := RESULT_LINE.fullmatch(line):
            example.results.append(match[1])
            continue
        if match := HEX_LINE.fullmatch(line):
            data = bytes.fromhex(match[2])
        elif match := TEXT_LINE.fullmatch(line):
            data = match[2].encode()
        else:
            raise ValueError(f"{where}: not a line of an example: {line!r}")
        (example.client if match[1] == "C" else example.server).extend(data)
    return example


def examples() -> list[Example]:
    return [
        parse_example(f"{chapter} example {number}", block)
        for chapter in chapters()
        if not chapter.startswith("10-")
        for number, block in enumerate(BLOCK.findall(chapter_text(chapter)), 1)
    ]


def show(body: bytes) -> str:
    r"""Write a body as section 1.3 has it: printable ASCII as it is, other bytes as \xNN."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in body) or "(empty)"


def results_of_requests(stream: bytes) -> tuple[list[str], list[Request], dict[str, bytes]]:
    """Read a stream of requests and say what comes of it; with the requests, and what is stored in the end."""
    reader = Reader()
    results: list[str] = []
    requests: list[Request] = []
    store: dict[str, bytes] = {}
    body = b""
    for event in reader.receive(stream):
        match event:
            case HeaderRead(request):
                requests.append(request)
                body = b""
                if isinstance(request, Unknown):
                    results.append(f"ignored {request.cmd}")
            case BodyRead(data):
                body += data
            case PutRead():
                put = requests[-1]
                assert isinstance(put, Put)
                if fault := name_fault(put.filename):
                    results.append(f"refused {fault.clause}")
                else:
                    store[put.filename] = body
                    results.append(f"stored {put.filename}: {show(body)}")
            case Broken(error):
                results.append(f"malformed {error.clause}")
    if truncated := reader.receive_eof().error:
        results.append(f"truncated {truncated.clause}")
    return results, requests, store


def lines(chapter: str) -> list[tuple[int, str]]:
    return list(enumerate(chapter_text(chapter).splitlines(), 1))


def test_there_are_examples_in_every_chapter_with_rules_about_bytes() -> None:
    with_examples = {example.where[:2] for example in examples()}

    assert with_examples == {"02", "03", "04", "05", "06", "08", "09"}


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.where)
def test_an_example_says_what_comes_of_it(example: Example) -> None:
    assert example.results
    for result in example.results:
        assert KINDS.match(result), result


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.where)
def test_an_example_is_right_about_its_requests(example: Example) -> None:
    ways = {way(reading, bytes(example.client)) for reading in first_readings(bytes(example.client))}

    if example.alternatives:
        assert ways == {*example.told, *example.alternatives}
    else:
        assert results_of_requests(bytes(example.client))[0] == example.told
        assert len(ways) == 1


def first_readings(stream: bytes) -> tuple[Reading, ...]:
    """Return what the first header of a stream may be taken for; nothing but an error where there is none."""
    header = stream[4 : 4 + max(0, int.from_bytes(stream[:4], "little", signed=True))]
    return readings(header) if len(header) >= 2 else (Malformed("FRAME-14", "no header"),)


def way(reading: Reading, stream: bytes) -> str:
    """Say what one reading of the only header of a stream comes to."""
    match reading:
        case Malformed(clause=clause):
            return f"malformed {clause}"
        case Put(filename, filesize):
            return f"stored {filename}: {show(stream[len(stream) - filesize :])}"
        case _:
            return "another request"


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.where)
def test_an_example_is_right_about_its_replies(example: Example) -> None:
    _, requests, store = results_of_requests(bytes(example.client))
    reader = ReplyReader()
    replies = list(reader.receive(bytes(example.server)))

    assert reader.receive_eof() is None
    broken = [event.error for event in Reader().receive(bytes(example.client)) if isinstance(event, Broken)]
    errors = []
    if any(error.asks_reply for error in broken):
        assert replies.pop() == Failure(Code.MALFORMED, "filesize is missing", closing=True)
        errors.append("error malformed")
    assert len(replies) == sum(request.reply for request in requests)
    for request, reply in zip((each for each in requests if each.reply), replies, strict=True):
        if isinstance(reply, Failure):
            errors.append(f"error {reply.code}")
            assert (reply.code == Code.NOT_FOUND) == (isinstance(request, Stat) and request.filename not in store)
        elif isinstance(reply, Stored):
            assert isinstance(request, Put | Stat)
            assert reply.filename == request.filename
            body = store[reply.filename]
            assert (reply.filesize, reply.sha256) == (len(body), hashlib.sha256(body).hexdigest())
        else:
            assert isinstance(reply, Greeting)
            errors.append("greeting")
    assert errors == [result for result in example.results if result.startswith("error ") or result == "greeting"]


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.where)
def test_an_example_comes_to_the_same_byte_by_byte(example: Example) -> None:
    reader = Reader()
    stream = bytes(example.client)
    dripped = [event for at in range(len(stream)) for event in reader.receive(stream[at : at + 1])]

    requests = [event.request for event in dripped if isinstance(event, HeaderRead)]
    assert requests == results_of_requests(stream)[1]


@pytest.mark.parametrize("chapter", chapters())
def test_no_line_of_an_example_ends_in_white_space(chapter: str) -> None:
    """White space at the end of a line can't be seen, and editors remove it."""
    for block in BLOCK.findall(chapter_text(chapter)):
        for line in block.splitlines():
            assert line == line.rstrip(), line


@pytest.mark.parametrize("chapter", [each for each in chapters() if not each.startswith("10-")])
def test_a_prefix_of_an_example_is_explained_with_its_own_number(chapter: str) -> None:
    for number, line in lines(chapter):
        if match := re.fullmatch(r"[CS]: ([0-9a-f]{2}(?: [0-9a-f]{2}){3})  prefix: (-?[\d,]+)\b.*", line):
            value = int.from_bytes(bytes.fromhex(match[1]), "little", signed=True)
            assert value == int(match[2].replace(",", "")), f"{chapter}:{number}"


def test_a_line_that_is_no_line_of_an_example_is_found() -> None:
    for line in ("C:2d", "C: 2D 00", "C: 2", "X| abc", "C|", "stored a: b"):
        with pytest.raises(ValueError, match="not a line of an example"):
            parse_example("here", line)


def test_an_example_that_is_wrong_is_found() -> None:
    example = parse_example("here", 'C: 2e 00 00 00  prefix\nC| {"cmd":"put","filename":"a.txt","filesize":3}\nC| abc')

    assert results_of_requests(bytes(example.client))[0] == ["malformed HEAD-7"]


def test_an_example_with_a_bad_reply_is_found() -> None:
    with pytest.raises(Malformed):
        list(ReplyReader().receive(parse_example("here", "S: 02 00 00 00  prefix\nS| []").server))
