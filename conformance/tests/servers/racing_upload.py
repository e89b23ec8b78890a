"""Upload servers with one fault each that only shows when several clients are at work: what histories are for."""

import itertools
import threading
import time
from typing import ClassVar

from faults_of_connections import OneBodyAtATime
from faults_of_races import DigestAfterRename, IndexAfterRename
from faults_of_storing import CopiesIntoPlace, LastBegunWins, MissingForAMoment, OpensAtOnce
from faults_of_upload_replies import SaysOkTooEarly
from upload_faults import Faithful, pause
from upload_storing import Refused, Upload


class StaleCache(Faithful):
    """Keeps what it told of a name for a moment, and tells it again although another body is stored by then."""

    told: ClassVar[dict[str, tuple[float, tuple[int, str]]]] = {}

    def read(self, name: str) -> tuple[int, str]:
        until, answer = self.told.get(name, (0.0, (0, "")))
        if time.monotonic() < until:
            return answer
        answer = super().read(name)
        self.told[name] = time.monotonic() + 0.03, answer
        return answer


class SwapsTwoNames(Faithful):
    """Returns two bodies each other's name where they are completed at the same time."""

    lock = threading.Lock()
    waiting: ClassVar[list[Upload]] = []

    def commit(self, upload: Upload) -> None:
        with self.lock:
            self.waiting.append(upload)
            other = next((each for each in self.waiting if each.name != upload.name), None)
            if other and len(self.waiting) > 2:
                upload.name, other.name = other.name, upload.name
        pause(0.001)
        super().commit(upload)
        with self.lock:
            self.waiting.remove(upload)

    def finish(self, header: dict[str, object], upload: Upload) -> None:
        name = upload.name
        self.commit(upload)
        self.tell_stored(header, name, upload.size, upload.digest.hexdigest())


class LosesUpdatesOfOneProcess(Faithful):
    """Writes the whole index anew for each put, as several processes would that each have read it before."""

    index: ClassVar[dict[str, tuple[int, str]]] = {}

    def commit(self, upload: Upload) -> None:
        mine = dict(self.index)
        super().commit(upload)
        pause(0.001)
        mine[upload.name] = upload.size, upload.digest.hexdigest()
        type(self).index = mine

    def read(self, name: str) -> tuple[int, str]:
        if name not in self.index:
            raise Refused("not-found", "not stored")
        return self.index[name]


class TornWrites(Faithful):
    """Writes bodies in their place in blocks of 512 bytes, so that two at a time are mixed."""

    numbers = itertools.count(1)

    def commit(self, upload: Upload) -> None:
        upload.file.close()
        self.check_free(upload.name)
        with open(upload.place, "rb") as source, open(self.place_of(upload.name), "wb", buffering=0) as target:  # noqa: PTH123 - names are bytes
            while block := source.read(512):
                target.write(block)
                time.sleep(0)


RACES: dict[str, type[Faithful]] = {
    "stale cache": StaleCache,
    "ok before the rename": SaysOkTooEarly,
    "digest read after the rename": DigestAfterRename,
    "index stored after the rename": IndexAfterRename,
    "last started wins": LastBegunWins,
    "two names swapped under load": SwapsTwoNames,
    "a lock held over a body": OneBodyAtATime,
    "torn writes": TornWrites,
    "copies into place": CopiesIntoPlace,
    "opens at once": OpensAtOnce,
    "missing for a moment": MissingForAMoment,
    "lost update of one process of several": LosesUpdatesOfOneProcess,
}
"""Servers that are wrong only beside others."""
