"""Sends back what it is sent: the wrong port, or the example of the lesson before."""

from socket import socket

from plain import at_once


def echo(sock: socket) -> None:
    while data := sock.recv(4096):
        sock.sendall(data)


if __name__ == "__main__":
    at_once(echo)
