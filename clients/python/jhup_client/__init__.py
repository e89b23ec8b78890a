"""A client of the JSON-Header Upload Protocol: uploads files, and with replies knows what became of them.

from jhup_client import Client

with Client.at("127.0.0.1:8080").connect() as connection:
    connection.put("notes.txt")                 # written; handed over when the block is left
    connection.put("photo.jpg", reply=True)     # stored, and the digest compared
"""

from jhup_client.client import Client
from jhup_client.connection import Connection
from jhup_client.echoing import echo
from jhup_client.errors import (
    ClientError,
    ConnectionFailed,
    ConnectionLost,
    DigestDiffers,
    ErrorReply,
    Fault,
    FileFailed,
    FileShrank,
    NoAnswer,
    NoReply,
    RequestFailed,
    WrongReply,
)
from jhup_client.options import Timeouts, TlsOptions
from jhup_client.pending import Upload
from jhup_client.results import Progress, Sent

__all__ = [
    "Client",
    "ClientError",
    "Connection",
    "ConnectionFailed",
    "ConnectionLost",
    "DigestDiffers",
    "ErrorReply",
    "Fault",
    "FileFailed",
    "FileShrank",
    "NoAnswer",
    "NoReply",
    "Progress",
    "RequestFailed",
    "Sent",
    "Timeouts",
    "TlsOptions",
    "Upload",
    "WrongReply",
    "echo",
]
