"""Of what a server printed, the line is found that says why it ended."""

import pytest

from jhup_conformance.reports.output import PRINTED, telling_line


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["Traceback (most recent call last):", '  File "a.py"', "ValueError: no"], "ValueError: no"),
        (
            ["      throw er; // Unhandled 'error' event", "Error: read ECONNRESET", "    at TCP"],
            "Error: read ECONNRESET",
        ),
        (["panic: runtime error: index", "goroutine 1 [running]:"], "panic: runtime error: index"),
        (["thread 'main' panicked at src/main.rs:3:5:", "boom"], "thread 'main' panicked at src/main.rs:3:5:"),
        (["java.io.IOException: reset", "\tat A.main(A.java)"], "java.io.IOException: reset"),
        (["Segmentation fault (core dumped)"], "Segmentation fault (core dumped)"),
        (["listening", "GET /"], ""),
        ([], ""),
    ],
)
def test_the_reason_is_found_in_the_output_of_every_runtime(lines: list[str], reason: str) -> None:
    assert telling_line([f"{PRINTED}{line}" for line in lines]) == reason


def test_what_the_server_did_not_print_is_no_reason() -> None:
    assert telling_line(["byte 3 is 00, where 01 is right", "Error: of ours"]) == ""
