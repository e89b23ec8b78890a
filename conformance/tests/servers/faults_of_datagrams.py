"""Echo servers with one fault each in how they treat datagrams."""

import contextlib
import select
import socket

from echo_faults import Faithful, die


class NeverAnswers(Faithful):
    def post(self, sock: socket.socket, reply: bytes, sender: object) -> None:
        pass


class CutsDatagramsAt1024(Faithful):
    def serve_datagrams(self, sock: socket.socket) -> None:
        while True:
            data, sender = sock.recvfrom(1024)
            self.datagram(sock, data, sender)


class SendsTwice(Faithful):
    def post(self, sock: socket.socket, reply: bytes, sender: object) -> None:
        super().post(sock, reply, sender)
        super().post(sock, reply, sender)


class WrongPort(Faithful):
    def post(self, sock: socket.socket, reply: bytes, sender: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            super().post(other, reply, sender)


class AnswersFormerSender(Faithful):
    former: object = None

    def post(self, sock: socket.socket, reply: bytes, sender: object) -> None:
        super().post(sock, reply, self.former or sender)
        self.former = sender


class DropsEmptyDatagrams(Faithful):
    def datagram(self, sock: socket.socket, data: bytes, sender: object) -> None:
        if data:
            super().datagram(sock, data, sender)


class DropsEmptyReplies(Faithful):
    def post(self, sock: socket.socket, reply: bytes, sender: object) -> None:
        if reply:
            super().post(sock, reply, sender)


class CutsLongDatagramsTooMuch(Faithful):
    def serve_datagrams(self, sock: socket.socket) -> None:
        while True:
            data, sender = sock.recvfrom(65_536)
            self.datagram(sock, data[:4096] if len(data) > 8192 else data, sender)


class DiesOfLongDatagrams(Faithful):
    def serve_datagrams(self, sock: socket.socket) -> None:
        while True:
            data, sender = sock.recvfrom(65_536)
            if len(data) > 8192:
                die()
            self.datagram(sock, data, sender)


class MergesDatagrams(Faithful):
    def serve_datagrams(self, sock: socket.socket) -> None:
        while True:
            data, sender = sock.recvfrom(65_536)
            while select.select([sock], [], [], 0.003)[0]:
                more, other = sock.recvfrom(65_536)
                if other != sender:
                    self.datagram(sock, data[:8192], sender)
                    data, sender = more, other
                else:
                    data += more
            self.datagram(sock, data[:8192], sender)


class DiesWithoutSender(Faithful):
    def datagram(self, sock: socket.socket, data: bytes, sender: object) -> None:
        if not sender:
            die()
        super().datagram(sock, data, sender)


class LosesOneByteOf512(Faithful):
    def datagram(self, sock: socket.socket, data: bytes, sender: object) -> None:
        super().datagram(sock, data[:-1] if len(data) > 1023 else data, sender)


class LosesEverySecondAnswer(Faithful):
    """No fault: it loses an answer now and then, as networks do, and answers when asked again."""

    count = 0

    def post(self, sock: socket.socket, reply: bytes, sender: object) -> None:
        self.count += 1
        if self.count % 11:
            with contextlib.suppress(OSError):
                super().post(sock, reply, sender)
