"""The example in the README runs."""

import re
import threading
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_a_server_in_a_thread_is_asked_three_times_and_shut_down(capsys):
    before = set(threading.enumerate())
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)

    exec(example, {})

    assert capsys.readouterr().out == "b'ONE'\nb'TWO'\nb'THREE'\n"
    assert set(threading.enumerate()) <= before
