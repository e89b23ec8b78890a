"""Upload servers with one fault each that shows when several connections put one name at a time."""

import hashlib
from typing import ClassVar

from upload_faults import Faithful, pause
from upload_reading import Header
from upload_storing import Refused, Upload


class DigestAfterRename(Faithful):
    """Reads the digest for its reply from the store, after the body has its name: another one may have it by then."""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        if header.get("cmd") == "put" and self.wants_reply(header):
            pause(0.001)
            _, digest = self.read(name)
        super().tell_stored(header, name, size, digest)


class SizeAfterRename(Faithful):
    """Reads the length for its reply from the store, after the body has its name."""

    def tell_stored(self, header: Header, name: str, size: int, digest: str) -> None:
        if header.get("cmd") == "put" and self.wants_reply(header):
            pause(0.001)
            size, _ = self.read(name)
        super().tell_stored(header, name, size, digest)


class IndexAfterRename(Faithful):
    """Keeps length and digest of each body in an index, which is written a moment after the body has its name."""

    index: ClassVar[dict[str, tuple[int, str]]] = {}

    def commit(self, upload: Upload) -> None:
        super().commit(upload)
        pause(0.001)
        self.index[upload.name] = upload.size, upload.digest.hexdigest()

    def read(self, name: str) -> tuple[int, str]:
        found = super().read(name)
        return self.index.get(name, found)


class ChecksThenReplaces(Faithful):
    """Looks whether a name is stored, and then makes or replaces: of two puts at once the second one is refused."""

    begun: ClassVar[set[str]] = set()

    def begin(self, name: str, size: int) -> Upload:
        if name in self.begun:
            raise Refused("storage", "another put of this name is under way")
        self.begun.add(name)
        return super().begin(name, size)

    def discard(self, upload: Upload) -> None:
        super().discard(upload)
        self.begun.discard(upload.name)


class SharesTheDigest(Faithful):
    """Has one digest for all connections, which a put begins anew."""

    shared: ClassVar[list[object]] = []

    def begin(self, name: str, size: int) -> Upload:
        upload = super().begin(name, size)
        upload.digest = hashlib.sha256()
        self.shared[:] = [upload.digest]
        return upload

    def digest(self, upload: Upload, data: bytes) -> None:
        self.shared[0].update(data)  # type: ignore[attr-defined]  # as the class that made it has no public name
