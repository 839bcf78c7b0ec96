"""The language texts are in: of whoever is served where that is known, else of the machine."""

import gettext as translations
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

#: The name of our messages among those of other programs.
DOMAIN = "archivist"
_FOLDER = Path(__file__).parent / "locale"
_spoken: ContextVar[translations.NullTranslations | None] = ContextVar("spoken", default=None)


def gettext(text: str) -> str:
    """Return `text` in the language that is spoken."""
    spoken = _spoken.get()
    return spoken.gettext(text) if spoken else translations.gettext(text)


def ngettext(one: str, several: str, count: int) -> str:
    """Return `one` or `several`, as `count` asks for, in the language that is spoken."""
    spoken = _spoken.get()
    return spoken.ngettext(one, several, count) if spoken else translations.ngettext(one, several, count)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak `language` (zh, en) in the block, whatever is spoken elsewhere at the same time."""
    token = _spoken.set(_known(language))
    try:
        yield
    finally:
        _spoken.reset(token)


@cache
def _known(language: str) -> translations.NullTranslations:
    return translations.translation(DOMAIN, _FOLDER, [language], fallback=True)
