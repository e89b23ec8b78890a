"""Every rule of section 3.2, broken in the ways in which senders break it and careless servers read over it."""

from collections.abc import Mapping
from typing import Final

from jhup_conformance.suite.support.malformed import Malformed, mutate

__all__ = ["DOUBTFUL", "MALFORMED", "PLAIN"]

PLAIN: Final = b'{"cmd":"put","filename":"@","filesize":3}'
_NOTED: Final = '{"cmd":"put","filename":"@","filesize":3,"note":"é"}'.encode()
_NAMED: Final = '{"cmd":"put","filename":"@é","filesize":3}'.encode()
_VALUED: Final = b'{"cmd":"put","filename":"@","filesize":3,"x":["1",2]}'
_E: Final = "é".encode()

_NOT_UTF8: Final = {
    "a byte that no character has": (_E, b"\xff"),
    "a continuation byte alone": (_E, b"\xa9"),
    "a character cut short": (_E, b"\xc3"),
    "an over-long form of a letter": (_E, b"\xc1\xa5"),
    "an over-long slash": (_E, b"\xc0\xaf"),
    "an over-long NUL": (_E, b"\xc0\x80"),
    "a surrogate written as three bytes": (_E, b"\xed\xa0\xbd"),
    "a surrogate pair written as six bytes": (_E, b"\xed\xa0\xbd\xed\xb8\x80"),
    "a code point beyond U+10FFFF": (_E, b"\xf4\x90\x80\x80"),
    "Latin-1": (_E, b"\xe9"),
    "Shift JIS": (_E, b"\x93\xfa\x96\x7b"),
    "a five-byte form": (_E, b"\xf8\x88\x80\x80\x80"),
}

HEAD_4: Final = (
    *mutate(_NOTED, _NOT_UTF8),
    *mutate(
        _NAMED,
        {
            "Latin-1 in the filename": (_E, b"\xe9"),
            "an over-long slash in the filename": (_E, b"\xc0\xaf"),
            "a surrogate written as three bytes in the filename": (_E, b"\xed\xb3\xa9"),
        },
        ("@é", "@\ufffd", "@\ufffd\ufffd", "@\ufffd\ufffd\ufffd", "@?"),
    ),
    *mutate(PLAIN, {"a wrong byte in the name of an unknown member": (b"3}", b'3,"\xfe":1}')}),
    Malformed("UTF-16 with its mark", "\ufeff".encode() + PLAIN, PLAIN, codec="utf-16-be"),
    Malformed("UTF-16, little-endian, with its mark", "\ufeff".encode() + PLAIN, PLAIN, codec="utf-16-le"),
    Malformed("UTF-32, little-endian, with its mark", "\ufeff".encode() + PLAIN, PLAIN, codec="utf-32-le"),
)

HEAD_5: Final = (
    Malformed("a byte order mark", b"\xef\xbb\xbf" + PLAIN, PLAIN),
    Malformed("a byte order mark before white space", b"\xef\xbb\xbf " + PLAIN, b" " + PLAIN),
)

HEAD_6: Final = (
    Malformed("two byte order marks", 2 * b"\xef\xbb\xbf" + PLAIN, PLAIN),
    Malformed("UTF-16 without a mark", PLAIN, PLAIN, codec="utf-16-be"),
    Malformed("UTF-16, little-endian, without a mark", PLAIN, PLAIN, codec="utf-16-le"),
    Malformed("UTF-32 without a mark", PLAIN, PLAIN, codec="utf-32-be"),
    *mutate(
        PLAIN,
        {
            "a comma after the last member": (b"3}", b"3,}"),
            "a comma before the first member": (b"{", b"{,"),
            "two commas": (b'",', b'",,'),
            "no comma": (b'",', b'" '),
            "a semicolon for a comma": (b'",', b'";'),
            "an equals sign for a colon": (b":", b"="),
            "no colon": (b":", b" "),
            "two colons": (b":", b"::"),
            "no closing brace": (b"}", b""),
            "a bracket for the closing brace": (b"}", b"]"),
            "a parenthesis for the opening brace": (b"{", b"("),
            "single quotes": (b'"put"', b"'put'"),
            "no quotes around a value": (b'"put"', b"put"),
            "no quotes around a name": (b'"cmd"', b"cmd"),
            "typographic quotes": (b'"put"', "“put”".encode()),
            "a string that doesn't end": (b'"put"', b'"put'),
            "a name that is a number": (b"3}", b"3,1:1}"),
            "no value": (b"3}", b'3,"x":}'),
            "a leading zero": (b"3}", b"03}"),
            "a plus sign": (b"3}", b"+3}"),
            "a size in hexadecimal": (b"3}", b"0x3}"),
            "a size with an underscore": (b"3}", b"0_3}"),
            "a comment": (b"3}", b"3/* three */}"),
            "a comment to the end of the line": (b"3}", b"3 // three\n}"),
            "a form feed for white space": (b'",', b'",\x0c'),
            "a vertical tab for white space": (b'",', b'",\x0b'),
            "a no-break space for white space": (b'",', '",\u00a0'.encode()),
            "a line separator for white space": (b'",', '",\u2028'.encode()),
            "a mark of byte order after white space": (b"{", b" \xef\xbb\xbf{"),
            "NUL before the object": (b"{", b"\0{"),
            "a closing bracket before the object": (b"{", b"){"),
            "nothing but white space": (PLAIN, b" " * len(PLAIN)),
            "a literal of Python": (PLAIN, PLAIN.replace(b'"', b"'")),
        },
    ),
    *mutate(
        _NOTED,
        {
            "a raw line end in a string": (_E, b"a\nb"),
            "a raw tab in a string": (_E, b"a\tb"),
            "a raw NUL in a string": (_E, b"a\0b"),
            "a raw control character in a string": (_E, b"a\x1fb"),
            "an escape that JSON hasn't": (_E, b"\\x41"),
            "an escaped single quote": (_E, b"\\'"),
            "an escape of three digits": (_E, b"\\u041"),
            "an escape of digits that aren't hexadecimal": (_E, b"\\u00g1"),
            "a backslash before the end of a string": (_E, b"\\"),
            "quotes that aren't escaped": (_E, b'a"b'),
        },
    ),
    *mutate(
        _VALUED,
        {
            "a comma after the last element": (b"2]", b"2,]"),
            "a point without digits after it": (b"2]", b"2.]"),
            "a point without digits before it": (b"2]", b".2]"),
            "an exponent without digits": (b"2]", b"2e]"),
            "a minus sign alone": (b"2]", b"-]"),
            "two minus signs": (b"2]", b"--2]"),
            "True": (b"2]", b"True]"),
            "None": (b"2]", b"None]"),
            "nan": (b"2]", b"nan]"),
            "inf": (b"2]", b"inf]"),
            "undefined": (b"2]", b"undefined]"),
            "a bracket that isn't closed": (b"2]", b"2"),
            "a brace for the closing bracket": (b"2]", b"2}"),
        },
    ),
)

HEAD_7: Final = mutate(
    PLAIN,
    {
        "a letter after the object": (b"}", b"}x"),
        "NUL after the object": (b"}", b"}\0"),
        "a comma after the object": (b"}", b"},"),
        "another closing brace": (b"}", b"}}"),
        "a closing bracket": (b"}", b"}]"),
        "an empty object after the object": (b"}", b"}{}"),
        "the object twice": (PLAIN, PLAIN + PLAIN),
        "the object twice, a line each": (PLAIN, PLAIN + b"\n" + PLAIN),
        "a letter after white space": (b"}", b"} \r\n\tx"),
        "a form feed after the object": (b"}", b"}\x0c"),
        "a no-break space after the object": (b"}", "}\u00a0".encode()),
        "a byte order mark after the object": (b"}", b"}\xef\xbb\xbf"),
        "a comment after the object": (b"}", b"}//"),
    },
)

HEAD_8: Final = (
    *mutate(
        PLAIN,
        {
            "the object in an array": (PLAIN, b"[" + PLAIN + b"]"),
            "the object in a string": (PLAIN, b'"' + PLAIN.replace(b'"', b'\\"') + b'"'),
            "an array of its members": (PLAIN, b'["cmd","put","filename","@","filesize",3]'),
            "an array of pairs": (PLAIN, b'[["cmd","put"],["filename","@"],["filesize",3]]'),
            "an empty array": (PLAIN, b"[]"),
            "a string": (PLAIN, b'"put"'),
            "a number": (PLAIN, b"12"),
            "true": (PLAIN, b"true"),
            "null": (PLAIN, b"null"),
        },
    ),
)

HEAD_9: Final = (
    *mutate(
        _VALUED,
        {
            "NaN": (b'["1",2]', b"NaN"),
            "Infinity": (b'["1",2]', b"Infinity"),
            "-Infinity": (b'["1",2]', b"-Infinity"),
            "NaN in an array": (b"2]", b"NaN]"),
            "Infinity in an array": (b"2]", b"Infinity]"),
            "NaN twelve levels deep": (b"2]", b'[[[[[{"y":[[[[[NaN]]]]]}]]]]]]'),
            "-Infinity in an object": (b"2]", b'{"y":{"z":-Infinity}}]'),
        },
    ),
    *mutate(
        PLAIN,
        {
            "NaN as filesize": (b"3}", b"NaN}"),
            "Infinity as filesize": (b"3}", b"Infinity}"),
            "NaN as reply": (b"3}", b'3,"reply":NaN}'),
        },
    ),
)

HEAD_10: Final = mutate(
    PLAIN,
    {
        "no cmd": (b'"cmd":"put",', b""),
        "an empty object": (PLAIN, b"{}"),
        "cmd is null": (b'"put"', b"null"),
        "cmd is true": (b'"put"', b"true"),
        "cmd is a number": (b'"put"', b"1"),
        "cmd is an array": (b'"put"', b'["put"]'),
        "cmd is an object": (b'"put"', b'{"cmd":"put"}'),
        "cmd stands in an unknown member": (b'"cmd":"put"', b'"x":{"cmd":"put"}'),
    },
)

HEAD_21: Final = mutate(
    PLAIN,
    {
        "a lone high surrogate in cmd": (b'"put"', b'"put\\ud800"'),
        "a lone low surrogate in cmd": (b'"put"', b'"\\udc80put"'),
        "surrogates the wrong way round in cmd": (b'"put"', b'"put\\ude00\\ud83d"'),
    },
)

HEAD_11: Final = mutate(
    PLAIN,
    {
        "no filename": (b'"filename":"@",', b""),
        "name for filename": (b"filename", b"name"),
        "filename stands in an unknown member": (b'"filename":"@"', b'"x":{"filename":"@"}'),
        "filename is null": (b'"@"', b"null"),
        "filename is true": (b'"@"', b"true"),
        "filename is false": (b'"@"', b"false"),
        "filename is a number": (b'"@"', b"12"),
        "filename is an array": (b'"@"', b'["@"]'),
        "filename is an empty array": (b'"@"', b"[]"),
        "filename is an object": (b'"@"', b'{"name":"@"}'),
    },
    ("['@']", '["@"]', "name=@"),
)

HEAD_12: Final = mutate(
    PLAIN,
    {
        "no filesize": (b',"filesize":3', b""),
        "size for filesize": (b"filesize", b"size"),
        "filesize stands in an unknown member": (b'"filesize":3', b'"x":{"filesize":3}'),
        "filesize is -3": (b"3}", b"-3}"),
        "filesize is -1": (b"3}", b"-1}"),
        "filesize is -2^63": (b"3}", b"-9223372036854775808}"),
        "filesize is 3-2^32": (b"3}", b"-4294967293}"),
        "filesize is 3-2^64": (b"3}", b"-18446744073709551613}"),
        "filesize is -1e0": (b"3}", b"-1e0}"),
        "filesize is 3.5": (b"3}", b"3.5}"),
        "filesize is 0.3": (b"3}", b"0.3}"),
        "filesize is 3e-1": (b"3}", b"3e-1}"),
        "filesize is 3.0000001": (b"3}", b"3.0000001}"),
        "filesize is a string": (b"3}", b'"3"}'),
        "filesize is an empty string": (b"3}", b'""}'),
        "filesize is true": (b"3}", b"true}"),
        "filesize is false": (b"3}", b"false}"),
        "filesize is null": (b"3}", b"null}"),
        "filesize is an array": (b"3}", b"[3]}"),
        "filesize is an empty array": (b"3}", b"[]}"),
        "filesize is an object": (b"3}", b'{"filesize":3}}'),
    },
)

MALFORMED: Final[Mapping[str, tuple[Malformed, ...]]] = {
    "HEAD-4": HEAD_4,
    "HEAD-6": HEAD_6,
    "HEAD-7": HEAD_7,
    "HEAD-8": HEAD_8,
    "HEAD-9": HEAD_9,
    "HEAD-10": HEAD_10,
    "HEAD-11": HEAD_11,
    "HEAD-12": HEAD_12,
}
"""Malformed headers by the clause that they break."""

DOUBTFUL: Final[Mapping[str, tuple[Malformed, ...]]] = {"HEAD-5": HEAD_5, "HEAD-21": HEAD_21}
"""Headers that a server may take for malformed or not, by the clause that says so."""
