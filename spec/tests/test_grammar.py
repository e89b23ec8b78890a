"""The grammars of sections 2.6 and 4.3, read by a parser of ABNF, agree with the package and the vectors."""

import re

import pytest
from abnf import ParseError, Rule
from hypothesis import given
from hypothesis import strategies as st

from jhup.address import Transport, parse_address
from jhup.clauses import chapter_text
from jhup.limits import MAX_NAME
from jhup.messages import Put, Stat
from jhup.names import is_valid_name
from jhup.vectors import vectors


class Addresses(Rule):
    """The grammar of section 2.6."""


class Names(Rule):
    """The grammar of section 4.3."""


for grammar, chapter in ((Addresses, "02-framing.md"), (Names, "04-names.md")):
    [block] = re.findall(r"^```abnf\n(.*?)^```$", chapter_text(chapter), re.MULTILINE | re.DOTALL)
    grammar.load_grammar(block.replace("\n", "\r\n"))


def matches(rule: Rule, text: str) -> bool:
    try:
        rule.parse_all(text)
    except ParseError:
        return False
    return True


ADDRESSES = [
    "127.0.0.1:8080", "tcp://127.0.0.1:8080", "localhost:0", "[::1]:8080", "[fe80::1%eth0]:1", "tls://[::1]:443",
    "udp://localhost:9999", "unix:/run/jhup", "unix:///run/jhup", "unix:relative:8080", "unixgram:/run/echo",
    "unixgram://echo", "unix:/tmp/日本.sock",
]  # fmt: skip
NOT_ADDRESSES = [
    "", ":", "127.0.0.1", "127.0.0.1:", ":8080", "::1:8080", "[::1]", "[]:8080", "http://127.0.0.1:80", "host:port",
    "host:123456", "unix:", "unixgram:", "tcp://", "TCP://127.0.0.1:80", "a/b:80", "[::1:80", "udp:/run/echo",
]  # fmt: skip


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_is_one_by_the_grammar(text: str) -> None:
    assert matches(Addresses("address"), text)
    parse_address(text)


@pytest.mark.parametrize("text", NOT_ADDRESSES)
def test_what_is_no_address_is_none_by_the_grammar(text: str) -> None:
    assert not matches(Addresses("address"), text)
    with pytest.raises(ValueError, match=r"."):
        parse_address(text)


@given(st.text(":/[]a1%.tcpulsnix", min_size=1, max_size=14))
def test_grammar_and_package_agree_about_addresses(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        assert not matches(Addresses("address"), text) or int(text.rpartition(":")[2]) > 65535
        return
    kind = "stream" if address.transport.is_stream else "datagram"
    assert matches(Addresses(kind), text)
    assert address.transport in Transport


def names_of_vectors() -> list[str]:
    messages = [seen.message for vector in vectors() for meaning in vector.meanings for seen in meaning.events]
    found = [each.filename for each in messages if isinstance(each, Put | Stat) and each.filename is not None]
    return list(dict.fromkeys(found))


def fits(name: str) -> bool:
    """Tell whether a name is within the limit that ABNF can't express."""
    return len(name.encode("utf-8", "surrogatepass")) <= MAX_NAME


def test_the_names_of_the_vectors_are_valid_by_the_grammar_or_not() -> None:
    names = names_of_vectors()

    assert len(names) > 60
    for name in names:
        assert (matches(Names("name"), name) and fits(name)) == is_valid_name(name), ascii(name)


@given(st.text(st.sampled_from("..a\x00\x1f\x7f/\\\x80\ud800\ue000\uffff🎉 日"), max_size=5))
def test_grammar_and_package_agree_about_names(name: str) -> None:
    assert matches(Names("name"), name) == is_valid_name(name)
