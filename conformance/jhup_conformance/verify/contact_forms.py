"""The forms in which a simplest upload is tried on a target that is not known yet."""

from dataclasses import dataclass, replace
from typing import Final

from jhup_conformance.wire.frames import header, prefix

__all__ = ["ALIASES", "BODY", "COMMANDS", "Form", "aliased", "big_endian", "paced", "sized", "whole"]

BODY: Final = b"first contact"
COMMANDS: Final = ("put", "upload")
"""What an upload is called, in JHUP and in other dialects."""
_COMMAND: Final = ("command", "opt", "mode", "operation_type", "action")
_NAME: Final = ("file_name", "fileName", "name")
_SIZE: Final = ("file_size", "total_size", "fileSize", "size")
ALIASES: Final = (*_COMMAND, *_NAME, *_SIZE)
"""Members that other dialects have in place of cmd, filename and filesize."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to send an upload.

    Attributes:
        title: what it is, for people.
        data: the bytes.
        cuts: offsets before which a new segment begins.
        name: the name to store under.
        size: bytes of its body.
    """

    title: str
    data: bytes
    cuts: tuple[int, ...]
    name: str
    size: int = len(BODY)


def paced(name: str, title: str = "a put, each field in a segment of its own") -> Form:
    """Return a put as the taught client sends it."""
    head = header(cmd="put", filename=name, filesize=len(BODY))
    return Form(title, prefix(len(head)) + head + BODY, (4, 4 + len(head)), name)


def sized(name: str, size: int) -> Form:
    """Return a put with a body of some length."""
    head = header(cmd="put", filename=name, filesize=size)
    data = prefix(len(head)) + head + b"x" * size
    return Form(f"a put of {size:,} bytes", data, (4, 4 + len(head)), name, size)


def whole(name: str) -> Form:
    """Return a put in one segment."""
    return Form("a put in one segment", paced(name).data, (), name)


def big_endian(form: Form) -> Form:
    """Return a form whose prefix has its bytes the other way round."""
    return replace(form, title=f"{form.title}, its prefix big-endian", data=form.data[3::-1] + form.data[4:])


def aliased(name: str, command: str, aliases: tuple[str, ...] = ALIASES) -> Form:
    """Return an upload that carries the members of other dialects beside those of JHUP.

    Args:
        name: the name to store under.
        command: the value of the members that name the command.
        aliases: which members of other dialects.
    """
    values: dict[str, object] = {**dict.fromkeys(_COMMAND, command), **dict.fromkeys(_NAME, name)}
    values |= dict.fromkeys(_SIZE, len(BODY))
    members = {"cmd": "put", "filename": name, "filesize": len(BODY)} | {each: values[each] for each in aliases}
    head = header(**members)
    title = f"an upload with the members of other dialects, {command!r} as command"
    return Form(title, prefix(len(head)) + head + BODY, (4, 4 + len(head)), name)
