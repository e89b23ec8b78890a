"""Addresses as people write them (section 2.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jhup.address import Address, Transport, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", Address(Transport.TCP, "127.0.0.1", 8080)),
        ("tcp://127.0.0.1:8080", Address(Transport.TCP, "127.0.0.1", 8080)),
        ("localhost:0", Address(Transport.TCP, "localhost", 0)),
        ("files.example:65535", Address(Transport.TCP, "files.example", 65535)),
        ("[::1]:8080", Address(Transport.TCP, "::1", 8080)),
        ("[fe80::1%eth0]:1", Address(Transport.TCP, "fe80::1%eth0", 1)),
        ("tls://[::1]:443", Address(Transport.TLS, "::1", 443)),
        ("udp://localhost:9999", Address(Transport.UDP, "localhost", 9999)),
        ("unix:/run/jhup", Address(Transport.UNIX, path="/run/jhup")),
        ("unix:///run/jhup", Address(Transport.UNIX, path="/run/jhup")),
        ("unix:relative:8080", Address(Transport.UNIX, path="relative:8080")),
        ("unixgram:/run/echo", Address(Transport.UNIXGRAM, path="/run/echo")),
        ("unixgram://echo", Address(Transport.UNIXGRAM, path="echo")),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address(Transport.TCP, "127.0.0.1", 8080), "127.0.0.1:8080"),
        (Address(Transport.TCP, "::1", 8080), "[::1]:8080"),
        (Address(Transport.TLS, "localhost", 443), "tls://localhost:443"),
        (Address(Transport.UDP, "::1", 9999), "udp://[::1]:9999"),
        (Address(Transport.UNIX, path="/run/jhup"), "unix:/run/jhup"),
        (Address(Transport.UNIXGRAM, path="echo"), "unixgram:echo"),
    ],
)
def test_an_address_is_shown_as_people_write_it(address: Address, text: str) -> None:
    assert str(address) == text
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'' is not an address; expected HOST:PORT"),
        ("localhost", "'localhost' is not an address; expected HOST:PORT"),
        ("localhost:", "is not an address"),
        (":8080", "is not an address"),
        ("8080", "is not an address"),
        ("::1:8080", "is not an address"),
        ("[::1]", "is not an address"),
        ("[]:80", "is not an address"),
        ("[[::1]]:80", "is not an address"),
        ("localhost:http", "is not an address"),
        ("localhost:-1", "is not an address"),
        ("localhost:١", "is not an address"),
        ("localhost:8080/", "is not an address"),
        ("localhost:8080\n", "is not an address"),
        ("tcp://a/b:80", "is not an address"),
        ("localhost:65536", "'localhost:65536': port 65536 is above 65535"),
        ("localhost:99999", "port 99999 is above 65535"),
        ("http://localhost:80", "'http://localhost:80': unknown scheme 'http'; expected HOST:PORT"),
        ("://localhost:80", "unknown scheme ''"),
        ("TCP://localhost:80", "unknown scheme 'TCP'"),
        ("unix:", "'unix:' has no path after 'unix:'"),
        ("unix://", "has no path after 'unix:'"),
        ("unixgram:", "has no path after 'unixgram:'"),
    ],
)
def test_what_is_no_address_is_said_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_address(text)

    assert message in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("transport", "is_stream", "is_local"),
    [
        (Transport.TCP, True, False),
        (Transport.TLS, True, False),
        (Transport.UNIX, True, True),
        (Transport.UDP, False, False),
        (Transport.UNIXGRAM, False, True),
    ],
)
def test_a_transport_is_a_stream_or_not_and_local_or_not(transport: Transport, is_stream: bool, is_local: bool) -> None:
    assert (transport.is_stream, transport.is_local) == (is_stream, is_local)


hosts = st.text("abc0123456789.-", min_size=1) | st.text("abcdef0123456789:", min_size=2)
networks = st.sampled_from([each for each in Transport if not each.is_local])
paths = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda path: not path.startswith("//"))
addresses = st.builds(Address, networks, hosts, st.integers(0, 65535)) | st.builds(
    lambda transport, path: Address(transport, path=path),
    st.sampled_from([Transport.UNIX, Transport.UNIXGRAM]),
    paths,
)


@given(addresses)
def test_every_address_is_read_as_it_is_shown(address: Address) -> None:
    assert parse_address(str(address)) == address


@given(st.text("[]:/.abc109 unixtcp-\n", max_size=24) | st.text(max_size=24))
def test_any_text_is_an_address_or_an_error_of_value(text: str) -> None:
    try:
        address: Address | None = parse_address(text)
    except ValueError:
        address = None

    assert address is None or parse_address(str(address)) == address
