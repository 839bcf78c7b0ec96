"""Names of accounts, and the passwords that prove them: which will do, and how they are kept (Argon2id, RFC 9106)."""

import re
import unicodedata
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from archivist.errors import WrongCall
from archivist.language import gettext as _
from archivist.text import fold

if TYPE_CHECKING:
    from argon2 import PasswordHasher

#: Characters a password has at least, and at most: more only make work.
LEAST, MOST = 10, 200
_LONGEST_NAME = 40
# Letters that somebody can tell apart at a glance: of Cyrillic, Greek and others too many look like Latin ones.
_NAME = re.compile(
    r"[A-Za-z0-9\u3007\u3400-\u9fff\U00020000-\U0003ffff]([A-Za-z0-9\u3007\u3400-\u9fff\U00020000-\U0003ffff._·-]*)"
)
# A capital I among them: keys have small letters only.
_ALIKE = str.maketrans("01i", "oll")
# What is typed first by who guesses, besides one or two keys over and over.
_ROWS = ("12345678901234567890", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
_FEWEST_KEYS = 4
# Each takes 64 MiB for a tenth of a second: guessing must not take the machine down.
_at_once = BoundedSemaphore(2)


def key_of(name: str) -> str:
    """Return what all spellings of the name of an account share: either script, case and width, 0 for o, I for l."""
    return "".join(fold(unicodedata.normalize("NFKC", name)).split()).translate(_ALIKE)


def proper_name(name: str) -> str:
    """Return `name` as it is kept; WrongCall where no account may be called so."""
    kept = unicodedata.normalize("NFKC", name).strip()
    if len(kept) > _LONGEST_NAME or not _NAME.fullmatch(kept):
        text = _("a name has Latin letters, digits or Chinese characters, and . _ - · between them, {most} at most")
        raise WrongCall(text.format(most=_LONGEST_NAME))
    return kept


def check_password(password: str, name: str) -> None:
    """Raise WrongCall where `password` is too short, too long, or what somebody would guess first for `name`."""
    said = _typed(password)
    if len(said) < LEAST:
        raise WrongCall(_("a password has {least} characters at least; a few words will do").format(least=LEAST))
    if len(said) > MOST:
        raise WrongCall(_("a password has {most} characters at most").format(most=MOST))
    low, key = said.lower(), key_of(name)
    if not key_of(said).replace(key, ""):
        raise WrongCall(_("the name is the first password anybody would guess; take another one"))
    if len(set(low)) < _FEWEST_KEYS or any(low in row for row in _ROWS):
        raise WrongCall(_("keys in a row are among the first passwords anybody would guess; take another one"))


def hashed(password: str) -> str:
    """Return `password` as it may be kept."""
    with _at_once:
        return _hasher().hash(_typed(password))


def agrees(password: str, kept: str | None) -> bool:
    """Whether `password` is the one that is `kept`; the same work where none is, and the answer is no."""
    from argon2.exceptions import InvalidHashError, VerificationError

    of_nobody = _of_nobody()
    if len(password) > 2 * MOST:
        password, kept = "", None
    with _at_once:
        try:
            return _hasher().verify(kept or of_nobody, _typed(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(kept: str) -> bool:
    """Whether a password ought to be kept anew, because today's parameters make guessing harder."""
    return _hasher().check_needs_rehash(kept)


def _typed(password: str) -> str:
    # An input method may give full-width letters; half a surrogate pair has no bytes.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode("utf-8")


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _of_nobody() -> str:
    """Return the hash that the passwords of unknown names are held against."""
    return _hasher().hash("nobody")
