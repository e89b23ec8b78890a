"""The language in which the suite speaks to people: a catalogue of gettext for each, English in the code."""

import gettext
import locale
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ["ENGLISH", "LANGUAGES", "Words", "language_of", "message", "words_in"]

LANGUAGES: Final = ("en", "zh")
_DOMAIN: Final = "jhup_conformance"


def message(text: str) -> str:
    """Return a text as it is: marks it for the catalogue where it is said in another place."""
    return text


class Words:
    """Says messages in one language.

    Args:
        language: its tag, as in the attribute `lang` of a page.
        catalogue: has the messages; one that it lacks is said in English.
    """

    def __init__(self, language: str, catalogue: gettext.NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue

    def __call__(self, message: str, **values: object) -> str:
        """Return a message in the language, with values in place of ``{names}``."""
        text = self._catalogue.gettext(message) if message else ""
        return text.format(**values) if values else text

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Return a message about a number of things, which stands for ``{number}`` in it."""
        return self._catalogue.ngettext(one, many, number).format(number=number, **values)


ENGLISH: Final = Words("en", gettext.NullTranslations())


@cache
def words_in(language: str) -> Words:
    """Return the words of a language; of one that is not known those of English."""
    if language not in LANGUAGES or language == "en":
        return ENGLISH
    place = files("jhup_conformance") / "locale" / language / "LC_MESSAGES" / f"{_DOMAIN}.mo"
    with place.open("rb") as file:
        return Words(language, gettext.GNUTranslations(file))


def language_of(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of the user's locale, where the suite speaks it; else English.

    Args:
        environment: the variables that say it, as for other programs: LANGUAGE, LC_ALL, LC_MESSAGES, LANG.
    """
    names = (environment.get(each) for each in ("LC_ALL", "LC_MESSAGES", "LANG"))
    said = next((each for each in names if each), "")
    if said.partition(".")[0] in ("C", "POSIX"):
        return "en"
    wished = [*environment.get("LANGUAGE", "").split(":"), said, "" if said else locale.getlocale()[0] or ""]
    known = [each[:2].lower() for each in wished if each]
    return next((each for each in known if each in LANGUAGES), "en")
