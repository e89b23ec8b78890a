"""The custom process of jhup.ksy for Python, without any package: from the bytes of a header to the length of the body.

Put it where the parser that the Kaitai Struct compiler made can import it.
"""

import json
from typing import NoReturn


class JhupBodySize:
    """What the parser calls: `decode` for each header of a request."""

    def decode(self, data: bytes) -> bytes:
        """Return the length of the body as eight bytes, little-endian.

        Raises:
            ValueError: when the header is malformed (sections 3.2 and 3.3).
        """
        return body_size(data).to_bytes(8, "little")


def body_size(data: bytes) -> int:
    """Return the length of the body after a header.

    Raises:
        ValueError: when the header is malformed.
    """
    # Numbers with a fraction or an exponent stay exact: a float would round 9007199254740993.0 (HEAD-20).
    try:
        header = json.loads(data.decode("utf-8"), parse_constant=_refuse, parse_float=_Fractional)
    except RecursionError:
        raise ValueError("HEAD-19: nested too deeply for this reader") from None
    if not isinstance(header, dict):
        raise ValueError("HEAD-8: not an object")
    cmd = header.get("cmd")
    if not isinstance(cmd, str):
        raise ValueError("HEAD-10: cmd is missing or not a string")
    cmd.encode()  # a UnicodeEncodeError, which is a ValueError, for a lone surrogate (HEAD-21)
    if cmd != "put":
        return 0
    if not isinstance(header.get("filename"), str):
        raise ValueError("HEAD-11: filename is missing or not a string")
    filesize = header.get("filesize")
    if type(filesize) is not int or not 0 <= filesize < 2**63:
        raise ValueError("HEAD-12: filesize is no integer from 0 to 2^63-1")
    return filesize


class _Fractional(str):
    """A number that is written with a fraction or an exponent, which this reader takes for no integer (HEAD-15)."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"HEAD-9: {constant}")
