"""How long the decision takes whether an answer of an echo session is right, and how that grows.

Run ``python benchmarks/membership.py``. Each row doubles the size of the one above; the last column but one tells how
much longer it took, so that 2.0 is linear and 4.0 quadratic. Times are those of the processor, and the least of several
runs: anything above it is the machine's other work. Right answers and wrong ones are timed apart, since a wrong one
also asks for the nearest.

The cases are the ones that could be hard: many segments, white space and quotes everywhere, and for a worker data that
consists of nothing but its own header, where every place may begin a reply.
"""

from __future__ import annotations

import argparse
import random
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from jhup.echo import Rules, Service, session_answers

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = b"Thread-2 (process_request_thread)"
Case = tuple[str, Service, bytes, "Callable[[int], bytes]", "Callable[[random.Random], int]"]


def text(size: int) -> bytes:
    return random.Random(size).randbytes(size).translate(bytes(0x20 + byte % 0x5F for byte in range(256)))


def blank(size: int) -> bytes:
    return bytes(random.Random(size).choices(b" \n\ta'\"\\", k=size))


def headers(name: bytes) -> Callable[[int], bytes]:
    return lambda size: ((name + b": ") * size)[:size]


def upto(most: int) -> Callable[[random.Random], int]:
    return lambda source: source.randint(1, most)


def exactly(length: int) -> Callable[[random.Random], int]:
    return lambda _: length


CASES: tuple[Case, ...] = (
    ("white space everywhere, segments up to 1,024", Service.UPPER, NAME, blank, upto(1024)),
    ("white space everywhere, segments up to 8", Service.UPPER, NAME, blank, upto(8)),
    ("printable text, segments up to 1,024", Service.GREET, NAME, text, upto(1024)),
    ("white space and quotes, segments up to 8", Service.GREET, NAME, blank, upto(8)),
    ("printable text, segments up to 1,024", Service.WORKER, NAME, text, upto(1024)),
    ("printable text, segments of 1", Service.WORKER, NAME, text, exactly(1)),
    ("the worker's own header again and again, segments up to 1,024", Service.WORKER, NAME, headers(NAME), upto(1024)),
    (
        "the shortest header again and again, one a segment: the worst",
        Service.WORKER,
        b"n",
        headers(b"n"),
        exactly(3),
    ),
)


def answer_to(data: bytes, rules: Rules, name: bytes, cut: Callable[[random.Random], int]) -> bytes:
    """Answer as a server would, for one cutting."""
    source, start, replies = random.Random(len(data)), 0, []
    while start < len(data):
        length = cut(source)
        replies.append(rules.reply(data[start : start + length], name=name) or b"")
        start += length
    return b"".join(replies)


def fastest(decide: Callable[[], object], seconds: float) -> float:
    """Give the least time of several runs, in seconds."""
    end, least = time.process_time() + seconds, float("inf")
    while True:
        before = time.process_time()
        decide()
        now = time.process_time()
        least = min(least, now - before)
        if now > end:
            return least


def table_of(case: Case, sizes: list[int], seconds: float) -> Table:
    title, service, name, make, cut = case
    table = Table(title=f"{service}: {title}", title_justify="left")
    for column in ("bytes sent", "bytes answered", "right, ms", "times the row above", "nearest to a wrong one, ms"):
        table.add_column(column, justify="right")
    rules, above = Rules(service=service), None
    for size in sizes:
        data = make(size)
        answer = answer_to(data, rules, name, cut)
        middle = len(answer) // 2
        wrong = answer[:middle] + b"\x00" + answer[middle + 1 :]
        answers = session_answers(data, rules)
        if not answers.contains(answer) or answers.contains(wrong):
            raise SystemExit(f"{service}, {size} bytes: decided wrongly; the figures would mean nothing")
        right = fastest(lambda answers=answers, answer=answer: answers.contains(answer), seconds)  # type: ignore[misc]
        nearest = fastest(lambda answers=answers, wrong=wrong: answers.nearest(wrong), seconds)  # type: ignore[misc]
        growth = f"{right / above:.1f}" if above else ""
        table.add_row(f"{size:,}", f"{len(answer):,}", f"{right * 1e3:.2f}", growth, f"{nearest * 1e3:.2f}")
        above = right
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--largest", type=int, default=20_000, help="bytes of the last row (default %(default)s)")
    parser.add_argument("--rows", type=int, default=5, help="how many sizes, each twice the last (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.3, help="time to spend on each figure (default %(default)s)")
    options = parser.parse_args()
    sizes = [options.largest >> shift for shift in range(options.rows - 1, -1, -1)]
    if options.rows < 1 or sizes[0] < 1:
        parser.error("--rows must be 1 or more, and --largest at least 2 to the power of --rows less one")
    console = Console()
    for case in CASES:
        console.print(table_of(case, sizes, options.seconds))


if __name__ == "__main__":
    main()
