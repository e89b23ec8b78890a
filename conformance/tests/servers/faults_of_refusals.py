"""Upload servers with one fault each in long refused bodies, and in members and bodies that are nearly alike."""

# ruff: noqa: PTH110, PTH123, PTH202 - names are bytes, and pathlib knows no such paths

import os

from upload_faults import Faithful
from upload_reading import Header
from upload_storing import Refused, Upload

MIB = 2**20
ALIKE = 512


class RefusesAt(Faithful):
    """Says that it goes on after a refused body of so many bytes or more, and closes."""

    from_size = 0

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        if size >= self.from_size:
            self.tell_error(header, refusal, closing=False)
            raise ConnectionError("too long")
        super().refuse(header, size, refusal)


class ClosesAt1MiB(RefusesAt):
    """Says that it goes on after a refused body, and closes when it has 1 MiB or more."""

    from_size = MIB


class ClosesAt8MiB(RefusesAt):
    """Says that it goes on after a refused body, and closes when it has 8 MiB or more."""

    from_size = 8 * MIB


class ClosesAt64MiB(RefusesAt):
    """Says that it goes on after a refused body, and closes when it has 64 MiB or more."""

    from_size = 64 * MIB


class RefusesIn32Bits(Faithful):
    """Counts the bytes of a refused body in 32 bits, so that 2^62 are none."""

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        self.consume(size % 2**32)
        self.tell_error(header, refusal)


class SaysItStaysAtEndless(Faithful):
    """Answers a refused put of 2^62 bytes that it goes on, and closes."""

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        if size >= 2**62:
            self.tell_error(header, refusal, closing=False)
            raise ConnectionError("endless")
        super().refuse(header, size, refusal)


class SilentAtEndless(Faithful):
    """Closes at a refused put of more than 16 MiB without the reply that it asked for."""

    def refuse(self, header: Header, size: int, refusal: Refused) -> None:
        if size > 16 * MIB:
            raise ConnectionError("endless")
        super().refuse(header, size, refusal)


class FoldsWhereAbsent(Faithful):
    """Takes a member whose name differs in case where the exact one is absent."""

    def check_object(self, value: object) -> Header:
        header = super().check_object(value)
        folded = {name.lower(): each for name, each in header.items()}
        missing = {name: folded[name] for name in ("cmd", "filename", "filesize") if name in folded}
        return missing | header


class SkipsWhatLooksAlike(Faithful):
    """Takes a body of the same length for unchanged whose first 512 bytes are those of the old one."""

    def commit(self, upload: Upload) -> None:
        upload.file.close()
        if not self.looks_alike(upload):
            super().commit(upload)

    def looks_alike(self, upload: Upload) -> bool:
        place = self.place_of(upload.name)
        if not os.path.exists(place) or os.path.getsize(place) != upload.size or upload.size <= ALIKE:
            return False
        with open(place, "rb") as old, open(upload.place, "rb") as new:
            return old.read(ALIKE) == new.read(ALIKE)
