"""What the suite says, it says in every language: no message is missing, none has lost its values or its code."""

import re
from collections import Counter

import catalogue
import pytest
from babel.messages.catalog import Message
from click.testing import CliRunner

from jhup_conformance.cli.main import main
from jhup_conformance.language import ENGLISH, LANGUAGES, language_of, words_in
from jhup_conformance.reports.guidance import guidance

pytestmark = pytest.mark.filterwarnings("default::SyntaxWarning")


def translated(language: str) -> list[Message]:
    return [each for each in catalogue.read(language) if each.id]


def parts(text: str | tuple[str, ...]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


@pytest.mark.parametrize("language", catalogue.PLACES)
def test_every_message_is_in_the_catalogue_and_no_other(language: str) -> None:
    said = {message if isinstance(message, str) else tuple(message) for message, _ in catalogue.messages()}

    known = {each.id if isinstance(each.id, str) else tuple(each.id) for each in translated(language)}
    assert said - known == set(), "python conformance/tests/catalogue.py --write"
    assert known - said == set(), "python conformance/tests/catalogue.py --write"


@pytest.mark.parametrize("language", catalogue.PLACES)
def test_every_message_is_translated(language: str) -> None:
    assert [each.id for each in translated(language) if not each.string or not all(parts(each.string))] == []


@pytest.mark.parametrize("language", catalogue.PLACES)
def test_a_translation_has_the_values_of_the_message(language: str) -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+(?::[^}]*)?)\}", text))

    wrong = [
        each.id
        for each in translated(language)
        if "`" not in parts(each.id)[0]  # braces in code are no values
        for one in parts(each.string)
        if values(one) != values(parts(each.id)[-1])
    ]
    assert wrong == []


@pytest.mark.parametrize("language", catalogue.PLACES)
def test_a_translation_leaves_code_as_it_is(language: str) -> None:
    def code(text: str) -> Counter[str]:
        return Counter(part for part in re.findall(r"`([^`]+)`", text) if part.isascii() and part.strip())

    lost = [
        (each.id, code(parts(each.id)[0]) - code(parts(each.string)[0]))
        for each in translated(language)
        if code(parts(each.id)[0]) - code(parts(each.string)[0])
    ]
    assert [message for message, _ in lost if "min(buffer, remaining)" not in message] == []


@pytest.mark.parametrize("language", catalogue.PLACES)
def test_what_is_read_at_run_time_is_the_catalogue(language: str) -> None:
    say = words_in(language)

    wrong = [each.id for each in translated(language) if isinstance(each.id, str) and say(each.id) != each.string]
    assert wrong == [], "python conformance/tests/catalogue.py --write"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_TW.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "fr:zh_CN:en"}, "zh"),
        ({"LANG": "C.UTF-8", "LANGUAGE": "zh"}, "en"),
        ({"LANG": "POSIX"}, "en"),
    ],
)
def test_the_language_is_that_of_the_locale(environment: dict[str, str], language: str) -> None:
    assert language_of(environment) == language


def test_an_unknown_language_is_said_in_english() -> None:
    assert words_in("xx") is ENGLISH
    assert "en" in LANGUAGES


def test_a_clause_is_explained_in_chinese_and_its_text_stays_as_it_is() -> None:
    said = CliRunner().invoke(main, ["explain", "FRAME-3", "--lang", "zh"]).output
    plain = " ".join(CliRunner().invoke(main, ["explain", "FRAME-3", "--lang", "en"]).output.split())

    assert words_in("zh")(guidance()["FRAME-3"].bug) in said
    assert "A server MUST" in said
    assert guidance()["FRAME-3"].bug in plain
