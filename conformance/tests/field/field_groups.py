"""Clauses that are blamed together, each group with the reason, for the table of field servers."""

from jhup.clauses import ConformanceClass, Level, Role, clauses

__all__ = [
    "BASIC",
    "CUT_OFF",
    "ERRATA",
    "LONG_HEADERS",
    "MALFORMED",
    "NESTED",
    "NODE_RELATED",
    "NOT_UNDERSTOOD",
    "REPLACING",
    "RESETS",
    "SAFE",
    "SEVERAL_REQUESTS",
    "SPOKEN_TO",
    "STREAM",
    "TAUGHT",
    "TAUGHT_KEEPS",
    "TAUGHT_RELATED",
    "all_but",
    "because",
]


def because(reason: str, *names: str) -> dict[str, str]:
    """Relate clauses, with spaces between, for one reason."""
    return {clause: reason for each in names for clause in each.split()}


def all_but(reason: str, kept: str, *classes: ConformanceClass) -> dict[str, str]:
    """Relate all clauses of some classes that a server can be blamed for, but for those that are kept."""
    found = {
        each.id
        for each in clauses().values()
        if each.role is Role.SERVER and each.level is not Level.MAY and each.conformance_class in classes
        if not each.id.startswith("ECHO")
    }
    return dict.fromkeys(sorted(found - set(kept.split())), reason)


BASIC, STREAM, SAFE = ConformanceClass.BASIC, ConformanceClass.STREAM, ConformanceClass.SAFE

# Clauses that speak of the same input

MALFORMED = because(
    "a malformed prefix or header ends the process there, too",
    "HEAD-4 HEAD-5 HEAD-6 HEAD-7 HEAD-8 HEAD-9 HEAD-10 HEAD-11 HEAD-12 HEAD-14 HEAD-15 HEAD-16 HEAD-17 HEAD-18 HEAD-19",
    "HEAD-3 HEAD-20 HEAD-21 NAME-8 NAME-9 ERR-6 ERR-7 ERR-13 ERR-1 ERR-2 ERR-3 ERR-5 ERR-10",
    "FRAME-14 FRAME-15 FRAME-16 FRAME-17",
)
RESETS = because(
    "connections are reset there, too",
    "STORE-6 STORE-7 STORE-8 STORE-9 STORE-10 ERR-6 ERR-7 ERR-14 CONN-2 CONN-3 CONN-5 CONN-9 FRAME-17",
)
NOT_UNDERSTOOD = because(
    "no put is understood, and every clause of the class basic needs one",
    "FRAME-1 FRAME-2 HEAD-1 HEAD-2 NAME-1 STORE-1 STORE-2 STORE-3",
)
SEVERAL_REQUESTS = because(
    "several requests of a connection are tried there, too",
    "FRAME-3 FRAME-6 FRAME-7 FRAME-8 FRAME-9 FRAME-11 FRAME-18 HEAD-13 STORE-4 STORE-9",
    "ERR-5 ERR-9 ERR-10 ERR-11 ERR-12 CONN-5",
)
CUT_OFF = because("a stream ends in a body there, too", "ERR-6 ERR-8 STORE-6 STORE-7 FRAME-18 ERR-9 CONN-3")
LONG_HEADERS = because(
    "what it tries takes a header as long",
    "FRAME-1 HEAD-1 HEAD-2 HEAD-3 HEAD-13 HEAD-17 HEAD-18 HEAD-19 NAME-1 NAME-2 NAME-4 NAME-12 ERR-11",
)
NESTED = because(
    "headers with braces in an object are tried there, too",
    "HEAD-1 HEAD-3 HEAD-4 HEAD-6 HEAD-7 HEAD-9 HEAD-12 HEAD-18 HEAD-19 NAME-2 ERR-11 ERR-1 ERR-2 ERR-3 ERR-9 CONN-3",
)
REPLACING = because("bodies replace each other there, too", "STORE-2 STORE-6 STORE-7 STORE-8 STORE-9 STORE-10 FRAME-10")
SPOKEN_TO = because(
    "the client may be gone when it is told", "ERR-9 ERR-6 ERR-7 ERR-8 STORE-4 STORE-7 STORE-9 CONN-2 CONN-3"
)

# What copies of the taught server do right, whatever else they do

TAUGHT_KEEPS = "FRAME-5 FRAME-6 NAME-1 STORE-1 STORE-2 STORE-3 STORE-4 STORE-5 CONN-1 CONN-5 ERR-14"
ERRATA = "the errata of the taught programs (chapter 14) have it"
TAUGHT = "FRAME-3 FRAME-4 FRAME-7 FRAME-8 ERR-6 STORE-6 STORE-7 NAME-6 NAME-9"
TAUGHT_RELATED = all_but(ERRATA, TAUGHT_KEEPS, STREAM, SAFE)
CARELESS_NODE = "the buffer is right, all else is left to chance"
NODE_KEEPS = (
    "FRAME-3 FRAME-4 FRAME-5 FRAME-6 FRAME-7 FRAME-8 FRAME-9 FRAME-11 STORE-4 STORE-5 NAME-2 CONN-2 CONN-3 CONN-5"
)
NODE_RELATED = all_but(CARELESS_NODE, NODE_KEEPS, STREAM, SAFE)
