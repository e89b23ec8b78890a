"""One connection of the scripted server: it does what the script says, and notes all that the client does."""

import contextlib
import ssl
import struct
import threading
from collections.abc import Callable
from socket import SHUT_WR, SO_LINGER, SO_SNDBUF, SOL_SOCKET, socket
from typing import Final

from jhup_conformance.clients.files import Change, Placed
from jhup_conformance.clients.inbox import SentRequest
from jhup_conformance.clients.replies import framed, ok_members, refusal_members, segments
from jhup_conformance.clients.script import Do, Script, Step
from jhup_conformance.clients.talk import Talk
from jhup_conformance.clients.timeline import Side, Timeline, shown

__all__ = ["LONGEST", "Following"]

_PIECE: Final = 256 * 1024
_BETWEEN_CUTS: Final = 0.003
"""Seconds between two segments, so that a client which reads at once gets them one by one."""
_PACED: Final = 40
"""Segments that are paced; more would take long on a busy machine, and show nothing new."""
_DEADLOCK: Final = 5.0
"""Seconds in which nothing moves: then both sides wait for each other."""
_PROBE: Final = 0.05
LONGEST: Final = 600.0
"""Seconds that any single wait may take: only a client that never ends comes near it, and it is ended before."""


class _Over(Exception):
    """The client has ended its direction, or the connection."""


class Following:
    """Follows a script on one connection.

    Args:
        sock: the connection.
        talk: what comes of it.
        file: the file that the client sends, which the script may change.
        timeline: where all is noted.
        gone: set once the client has ended.
        memory: returns the memory of the client in bytes; 0 where its process can't be seen.
    """

    def __init__(
        self,
        sock: socket,
        talk: Talk,
        file: Placed,
        timeline: Timeline,
        gone: threading.Event,
        memory: Callable[[], int],
    ) -> None:
        self._socket = sock
        self._talk = talk
        self._inbox = talk.inbox
        self._file = file
        self._timeline = timeline
        self._gone = gone
        self._memory = memory

    def run(self, script: Script) -> None:
        """Follow it; when the client ends early, what is left to read is left out."""
        try:
            for step in script:
                with contextlib.suppress(_Over):
                    self._do(step)
                if self._talk.ended and not self._inbox.count:
                    return  # a connection that was opened and not used: nothing is to be done on it
        except OSError as error:
            self._ended(error)
        finally:
            self._socket.close()

    def _do(self, step: Step) -> None:
        match step.do:
            case Do.READ_PREFIX | Do.READ_HEADER | Do.READ_REQUEST | Do.READ_BODY:
                self._read(step)
            case Do.READ_TO_END:
                self._read_to_end()
            case Do.READ_SLOWLY:
                self._note(f"reads {step.count:,} bytes each {step.seconds:g} s, {step.times} times")
                for _ in range(step.times):
                    self._gone.wait(step.seconds)
                    self._read_body(step.count)
            case Do.SERVE:
                self._serve(step)
            case Do.WAIT:
                self._gone.wait(step.seconds)
            case Do.SHUT_WINDOW:
                self._note("reads nothing more")
                self._gone.wait(step.seconds)
            case Do.CHANGE:
                self._change(step.change or Change.GROW)
            case Do.SAMPLE:
                self._gone.wait(0.2)  # what was read ahead is in the client's memory by then
                if size := self._memory():
                    self._talk.samples.append(size)
            case Do.CONFIRM | Do.REFUSE:
                self._answer(step)
            case Do.SAY:
                self._note(f"says {shown(step.data)}")
                self._socket.sendall(step.data)
            case Do.PROBE:
                self._probe()
            case Do.HALF_CLOSE:
                self._note("half-closes")
                self._socket.shutdown(SHUT_WR)
            case Do.CLOSE:
                self._note("closes")
                self._socket.close()
            case Do.RESET:
                self._note("resets the connection")
                self._socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                self._socket.close()

    # Reading

    def _read(self, step: Step) -> None:
        if step.do is Do.READ_BODY:
            self._read_body(step.count)
            return
        while not self._has(step.do) and not self._inbox.is_lost:
            self._receive(self._inbox.wants)

    def _has(self, what: Do) -> bool:
        request = self._inbox.current
        if request is None:
            return False
        if what is Do.READ_PREFIX:
            return True
        return request.has_header if what is Do.READ_HEADER else request.is_whole

    def _read_body(self, count: int) -> None:
        self._read(Step(do=Do.READ_HEADER))
        request = self._inbox.current
        if request is None or self._inbox.is_lost:
            self._receive(count or _PIECE)
            return
        end = request.filesize if count == 0 else min(request.filesize, request.came + count)
        while request.came < end:
            self._receive(min(end - request.came, _PIECE))

    def _receive(self, most: int) -> None:
        """Take some bytes.

        Raises:
            _Over: when the client has ended.
        """
        if self._talk.ended:
            raise _Over
        try:
            data = self._socket.recv(max(1, min(most, _PIECE)))
        except ssl.SSLError as error:
            data = b""
            self._timeline.add(Side.CLIENT, f"breaks TLS: {error.reason}", self._talk.number)
        except ConnectionError as error:
            self._ended(error)
            raise _Over from error
        if not data:
            self._talk.ended = "end of stream"
            self._told()
            self._timeline.add(Side.CLIENT, "ends the stream", self._talk.number)
            raise _Over
        before = self._inbox.current
        was_whole = before is not None and before.is_whole
        self._inbox.feed(data)
        self._tell_progress(before, was_whole=was_whole)

    def _tell_progress(self, before: SentRequest | None, *, was_whole: bool) -> None:
        request = self._inbox.current
        if request is None or self._inbox.is_lost:
            return
        if request.has_header and request.came == 0 and request.header and self._told_header is not request:
            self._told_header = request
            self._timeline.add(
                Side.CLIENT, f"sends a header of {request.length} bytes: {shown(request.header)}", self._talk.number
            )
        if request.is_whole and not (was_whole and request is before):
            self._told()

    _told_header: SentRequest | None = None
    _told_body: SentRequest | None = None

    def _told(self) -> None:
        """Note how much of a body has come: when it is whole, and when it ends early."""
        request = self._inbox.current
        if request is None or self._told_body is request or self._inbox.is_lost or not request.has_header:
            return
        self._told_body = request
        of_all = "all" if request.is_whole else f"{request.came:,} of"
        self._timeline.add(Side.CLIENT, f"has sent {of_all} {request.filesize:,} bytes of the body", self._talk.number)

    def _read_to_end(self) -> None:
        while True:
            self._receive(_PIECE)

    def _serve(self, step: Step) -> None:
        """Carry out requests until the client ends; after `seconds` without one, half-close."""
        padding = {"x-padding": "." * step.count} if step.count else {}
        if padding:
            self._socket.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
        if step.seconds:
            self._socket.settimeout(step.seconds)
        while True:
            try:
                self._receive(_PIECE if self._inbox.is_lost else self._inbox.wants)
            except TimeoutError:
                if not self._inbox.is_between:
                    continue
                self._socket.settimeout(LONGEST)
                self._note(f"half-closes, as nothing came for {step.seconds:g} s")
                self._socket.shutdown(SHUT_WR)
                continue
            request = self._inbox.current
            if self._inbox.is_between and request is not None and request.members.get("reply") is True:
                self._answer(Step(do=Do.CONFIRM, members={**step.members, **padding}))

    # Doing

    def _answer(self, step: Step) -> None:
        request = self._inbox.current
        if request is None:
            return
        self._gone.wait(step.seconds)
        members = ok_members(request) if step.do is Do.CONFIRM else refusal_members()
        members |= step.members
        data = framed({name: value for name, value in members.items() if value is not None})
        self._note(f"replies {shown(data[4:])}" + (" in several segments" if step.cuts else ""))
        for number, piece in enumerate(segments(data, step.cuts)):
            self._send(piece)
            if step.cuts and number < _PACED:
                self._gone.wait(_BETWEEN_CUTS)

    def _send(self, data: bytes) -> None:
        self._socket.settimeout(_DEADLOCK)
        try:
            self._socket.sendall(data)
        except TimeoutError:
            self._talk.deadlocked = True
            self._note(f"has a reply that is not read for {_DEADLOCK:g} s, and reads nothing meanwhile")
        finally:
            self._socket.settimeout(LONGEST)

    def _probe(self) -> None:
        if self._talk.ended != "end of stream" or isinstance(self._socket, ssl.SSLSocket):
            return
        self._note("sends two bytes, to see whether the client has only half-closed")
        try:
            self._socket.sendall(b"\0")
            self._gone_or(_PROBE)
            self._socket.sendall(b"\0")
        except ConnectionError:
            self._talk.was_closed = True
        else:
            self._talk.was_closed = False

    def _gone_or(self, seconds: float) -> None:
        threading.Event().wait(seconds)  # also when the client has gone: the answer to the first byte takes a moment

    def _change(self, how: Change) -> None:
        self._file.change(how)
        self._timeline.add(Side.FILE, f"the file {_CHANGED[how]}", self._talk.number)

    def _ended(self, error: OSError) -> None:
        if not self._talk.ended and isinstance(error, ConnectionError):
            self._talk.ended = "reset"
            self._told()
            self._timeline.add(Side.CLIENT, "resets the connection", self._talk.number)

    def _note(self, what: str) -> None:
        self._timeline.add(Side.SERVER, what, self._talk.number)


_CHANGED: Final = {
    Change.GROW: "grows by 1,000,000 bytes",
    Change.SHRINK: "shrinks to three quarters",
    Change.REPLACE: "is replaced by another one of the same size",
}
