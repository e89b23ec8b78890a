"""A command that lacks its libraries names the extra that brings them, in one line."""

import sys
from collections.abc import Callable

import pytest

from jhup import start


@pytest.mark.parametrize(
    ("command", "module", "library", "extra"),
    [
        (start.server, "jhup_reference.cli", "click", "server"),
        (start.client, "jhup_client.cli", "click", "client"),
        (start.conformance, "jhup_conformance.cli", "click", "conformance"),
    ],
)
def test_a_lacking_library_is_one_line_with_the_extra(
    command: Callable[[], None],
    module: str,
    library: str,
    extra: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    package = module.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(SystemExit) as ended:
        command()

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert f"pip install 'jhup[{extra}]'" in said
    assert library in said
    assert said.count("\n") == 1
