"""The echo servers as they are taught: upper, greet and worker, on streams and datagrams, in three ways of serving.

They follow the style of the lesson and of the documentation of `socketserver`: one receive, one answer, no checks.
`--wrong-udp` is the datagram server of the lesson that is wrong: it reads from a datagram as if it were a socket.
"""

import argparse
import socketserver
import threading

TCP_SERVERS = {"iterative": socketserver.TCPServer, "threading": socketserver.ThreadingTCPServer}
UDP_SERVERS = {"iterative": socketserver.UDPServer, "threading": socketserver.ThreadingUDPServer}
if hasattr(socketserver, "ForkingTCPServer"):  # not where processes can't fork
    TCP_SERVERS["forking"] = socketserver.ForkingTCPServer
    UDP_SERVERS["forking"] = socketserver.ForkingUDPServer


class UpperTCP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.data = self.request.recv(1024).strip()
        self.request.sendall(self.data.upper())


class GreetTCP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.data = self.request.recv(1024).strip()
        self.request.sendall("Hello, {}".format(self.data).encode("utf-8"))  # noqa: UP032 - the bytes' repr, as taught


class WorkerTCP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data = str(self.request.recv(1024), "ascii")
        cur_thread = threading.current_thread()
        response = bytes("{}: {}".format(cur_thread.name, data), "ascii")  # noqa: UP032
        self.request.sendall(response)


class UpperUDP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data = self.request[0].strip()
        socket = self.request[1]
        socket.sendto(data.upper(), self.client_address)


class GreetUDP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data = self.request[0].strip()
        socket = self.request[1]
        socket.sendto("Hello, {}".format(data).encode("utf-8"), self.client_address)  # noqa: UP032


class WorkerUDP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data = str(self.request[0], "ascii")
        socket = self.request[1]
        cur_thread = threading.current_thread()
        response = bytes("{}: {}".format(cur_thread.name, data), "ascii")  # noqa: UP032
        socket.sendto(response, self.client_address)


class WrongUDP(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.data = self.request.recv(1024).strip()  # the request is a pair, and has no such method: never an answer
        self.request.sendall(self.data.upper())


HANDLERS = {
    ("upper", "tcp"): UpperTCP,
    ("greet", "tcp"): GreetTCP,
    ("worker", "tcp"): WorkerTCP,
    ("upper", "udp"): UpperUDP,
    ("greet", "udp"): GreetUDP,
    ("worker", "udp"): WorkerUDP,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service", choices=["upper", "greet", "worker"], default="upper")
    parser.add_argument("--transport", choices=["tcp", "udp"], default="tcp")
    parser.add_argument("--serving", choices=list(TCP_SERVERS), default="iterative")
    parser.add_argument("--wrong-udp", action="store_true", help="the datagram server that never answers")
    parser.add_argument("--port", type=int, default=9999)
    args = parser.parse_args()
    transport = "udp" if args.wrong_udp else args.transport
    handler = WrongUDP if args.wrong_udp else HANDLERS[args.service, transport]
    socketserver.TCPServer.allow_reuse_address = True
    classes = UDP_SERVERS if transport == "udp" else TCP_SERVERS
    with classes[args.serving](("127.0.0.1", args.port), handler) as server:
        print(f"listening {transport} 127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()  # SIGTERM is left alone, and ends the process


if __name__ == "__main__":
    main()
