"""Upload servers with one fault each in the names that they take: chapter 4."""

# ruff: noqa: PTH112, PTH113, PTH114, PTH118, PTH123 - names are bytes, and pathlib knows no such paths

import hashlib
import os
import re
import stat
import unicodedata
from typing import ClassVar

from upload_faults import Faithful
from upload_reading import Header
from upload_storing import Refused, Upload

# Valid names


class AsciiOnly(Faithful):
    """Refuses names with characters beyond ASCII."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name) and name.isascii()


class BasicPlaneOnly(Faithful):
    """Refuses names with characters beyond U+FFFF, such as emoji."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name) and max(name) <= "\uffff"


class CarefulNames(Faithful):
    """Takes letters, digits and a few signs in names, and refuses all others, as is advised everywhere."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name) and bool(re.fullmatch(r"[\w .\-~]+", re.sub(r"[^\x00-\x7f]", "x", name)))


class NoHiddenFiles(Faithful):
    """Refuses names that begin with a dot."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name) and not name.startswith(".")


class TrimsNames(Faithful):
    """Removes spaces at both ends of a name."""

    def entry_of(self, name: str) -> bytes:
        return (name.strip(" ") or name).encode()


class NoMoreThan254(Faithful):
    """Refuses a name of exactly 255 bytes."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name) and len(name.encode()) != 255


class NoDevicesOfDos(Faithful):
    """Refuses names that are devices on another system."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name) and name.partition(".")[0].upper() not in ("CON", "NUL", "AUX", "PRN")


# Names that are not valid


class EmptyIsUntitled(Faithful):
    """Stores under "untitled" what has no name."""

    def check_name(self, name: str) -> None:
        super().check_name(name or "untitled")

    def entry_of(self, name: str) -> bytes:
        return super().entry_of(name or "untitled")


class CutsLongNames(Faithful):
    """Stores what has a name too long under the beginning of it."""

    def check_name(self, name: str) -> None:
        super().check_name(self.shortened(name))

    def entry_of(self, name: str) -> bytes:
        return super().entry_of(self.shortened(name))

    def shortened(self, name: str) -> str:
        return name.encode("utf-8", "replace")[:255].decode("utf-8", "ignore") if len(name) > 200 else name


class CutsAt256Wide(Faithful):
    """Counts a name in characters; one that is too long in bytes loses as many of its last ones as it takes."""

    def length_of(self, name: str) -> int:
        return len(name)

    def entry_of(self, name: str) -> bytes:
        return name.encode()[:255].decode("utf-8", "ignore").encode()


class RemovesControls(Faithful):
    """Removes control characters from a name instead of refusing it."""

    def check_name(self, name: str) -> None:
        super().check_name(self.cleaned(name))

    def entry_of(self, name: str) -> bytes:
        return super().entry_of(self.cleaned(name))

    def cleaned(self, name: str) -> str:
        return re.sub("[\x00-\x1f]", "", name)


class TakesDel(Faithful):
    """Knows U+0000 to U+001F as control characters, but not U+007F."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name.replace("\x7f", "x"))


class TakesTab(Faithful):
    """Takes a tab for an ordinary character."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name.replace("\t", "x"))


class BaseName(Faithful):
    """Stores under the last component of a path, as is taught."""

    def check_name(self, name: str) -> None:
        super().check_name(self.base(name))

    def entry_of(self, name: str) -> bytes:
        return super().entry_of(self.base(name))

    def base(self, name: str) -> str:
        return name.rpartition("/")[2] if "\\" not in name else name


class TakesBackslash(Faithful):
    """Takes a backslash, which separates nothing on its platform."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name.replace("\\", "x"))


class TakesBackslashAtTheEnd(Faithful):
    """Refuses a backslash only where something follows it."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(name.removesuffix("\\") or "x")


class MapsDots(Faithful):
    """Stores what is called ".." under two underscores."""

    def check_name(self, name: str) -> None:
        super().check_name("__" if name == ".." else name)

    def entry_of(self, name: str) -> bytes:
        return b"__" if name == ".." else super().entry_of(name)


class ReplacesSurrogates(Faithful):
    """Stores under a question mark where a name has a lone surrogate."""

    def check_name(self, name: str) -> None:
        super().check_name(self.replaced(name))

    def entry_of(self, name: str) -> bytes:
        return super().entry_of(self.replaced(name))

    def replaced(self, name: str) -> str:
        return re.sub("[\ud800-\udfff]", "?", name)


# File systems


class Escapes(Faithful):
    """Joins folder and name without a look at the name."""

    def is_valid(self, name: str) -> bool:
        return super().is_valid(re.sub(r"[/]", "x", name)) and not name.endswith("/")

    def place_of(self, name: str) -> bytes:
        return os.path.normpath(os.path.join(self.folder, self.entry_of(name)))


class StatEscapes(Faithful):
    """Puts under valid names alone, but a stat reads whatever path it is given."""

    def stat(self, header: Header) -> None:
        name = header.get("filename")
        if isinstance(name, str) and "/" in name and "\0" not in name and self.wants_reply(header):
            place = os.path.join(os.fsdecode(self.folder), name)
            if os.path.isfile(place):
                with open(place, "rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    self.tell_stored(header, name, file.tell(), digest)
                return
        super().stat(header)


class FollowsLinks(Faithful):
    """Writes through a link that stands in the folder."""

    def check_free(self, name: str) -> None:
        if not os.path.islink(self.place_of(name)):
            super().check_free(name)

    def commit(self, upload: Upload) -> None:
        place = self.place_of(upload.name)
        if not os.path.islink(place):
            super().commit(upload)
            return
        with open(upload.place, "rb") as source, open(place, "wb") as target:
            target.write(source.read())


class ReplacesLinks(Faithful):
    """Lets a body take the place of a link, a FIFO or a socket."""

    def check_free(self, name: str) -> None:
        place = self.place_of(name)
        if not os.path.lexists(place) or os.path.isdir(place):
            super().check_free(name)

    def read(self, name: str) -> tuple[int, str]:
        super().check_free(name)
        return super().read(name)


class WaitsAtFifos(Faithful):
    """Opens what stands under the name of a put to see whether it can be read, and waits for ever at a FIFO."""

    def check_free(self, name: str) -> None:
        place = self.place_of(name)
        if os.path.lexists(place) and stat.S_ISFIFO(os.lstat(place).st_mode):
            with open(place, "rb"):
                raise Refused("storage", "a FIFO")
        super().check_free(name)


class Composes(Faithful):
    """Takes names that are the same when composed for one, and keeps the spelling that came first."""

    spelled: ClassVar[dict[str, str]] = {}

    def entry_of(self, name: str) -> bytes:
        return super().entry_of(self.spelled.setdefault(self.same(name), name))

    def same(self, name: str) -> str:
        return unicodedata.normalize("NFC", name)


class FoldsCase(Composes):
    """Takes names that differ in case alone for one, and keeps the spelling that came first."""

    def same(self, name: str) -> str:
        return name.lower()


class StoresInLowerCase(Faithful):
    """Stores under the name in small letters."""

    def entry_of(self, name: str) -> bytes:
        return super().entry_of(name.lower())
