"""The numbers of the specification, each with the clause that sets it and the reason for it."""

from typing import Final

__all__ = [
    "CLOSE_WITHIN",
    "CONNECTIONS_AT_LEAST",
    "DISCARD_AT_LEAST",
    "EXACT_FILESIZE",
    "HEADER_CEILING",
    "IDLE_AT_LEAST",
    "MAX_FILESIZE",
    "MAX_HEADER",
    "MAX_NAME",
    "MIN_HEADER",
    "PREFIX_SIZE",
    "PROTOCOL_VERSION",
]

PROTOCOL_VERSION: Final = 1
"""The `protocol` of a hello (REPLY-12)."""

PREFIX_SIZE: Final = 4
"""Bytes of a prefix (FRAME-1)."""

MIN_HEADER: Final = 2
"""Bytes of the shortest header, `{}` (FRAME-14). Check before reading: a prefix can be negative."""

MAX_HEADER: Final = 64 * 1024
"""Bytes of the longest header that every server accepts (FRAME-12). Check before reading: a prefix can claim 2 GiB."""

HEADER_CEILING: Final = 1024 * 1024
"""Bytes of the longest header that any server may accept (FRAME-13, FRAME-15)."""

MAX_FILESIZE: Final = 2**63 - 1
"""Bytes of the longest body that a header can announce (HEAD-13): the largest file offset of today's systems."""

EXACT_FILESIZE: Final = 2**53 - 1
"""Bytes of the longest body that every server understands exactly (HEAD-13): beyond it a double rounds (RFC 7493)."""

MAX_NAME: Final = 255
"""Bytes of the longest name in UTF-8 (NAME-4): what one path component may be on the common file systems."""

CLOSE_WITHIN: Final = 5.0
"""Seconds within which a connection that has to be closed is closed (FRAME-16, ERR-3, ERR-6, ERR-8, REPLY-20)."""

DISCARD_AT_LEAST: Final = 1.0
"""Seconds for which a server that ends a connection should go on discarding input (ERR-13)."""

CONNECTIONS_AT_LEAST: Final = 32
"""Connections that every server of class safe serves at a time (CONN-2)."""

IDLE_AT_LEAST: Final = 30.0
"""Seconds of silence, or of replies not taken, before a server may give a connection up (CONN-4, -5, -7, -8)."""
