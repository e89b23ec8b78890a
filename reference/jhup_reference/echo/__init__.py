"""Reference servers of the echo services: each of them over every transport, in every serving (chapter 10)."""

from jhup_reference.echo.classes import SERVINGS, server_class
from jhup_reference.echo.conversation import Conversation, begin_conversation
from jhup_reference.echo.service import EchoService
from jhup_reference.echo.serving import echo_server, echo_service, running_echo_server

__all__ = [
    "SERVINGS",
    "Conversation",
    "EchoService",
    "begin_conversation",
    "echo_server",
    "echo_service",
    "running_echo_server",
    "server_class",
]
