"""What plain words mean: themselves, a year, or a date."""

import re
from collections.abc import Iterator, Sequence

from archivist.search.compare import compared, runs, scripted
from archivist.search.fields import definition
from archivist.search.query.dates import date_of, days, days_of, in_words, year_of
from archivist.search.query.syntax import Piece
from archivist.search.query.tree import Dated, Leaf, Word

# 《关于……的通知》: what stands before and behind the gap.
_GAP = re.compile(r"…+|\.{3,}")
# 1995年 9月 27日.
_MOST_PIECES = 3


def words_typed(piece: Piece, fields: tuple[str, ...] | None = None) -> tuple[Word, ...]:
    """Return the word that `piece` is, or those of a title with gaps, looked for in `fields` or else everywhere."""
    if piece.kind != "TITLE":
        return (_word(piece.inner, piece.inner_start, fields),)
    words, at = list[Word](), 0
    for start, end in [(gap.start(), gap.end()) for gap in _GAP.finditer(piece.inner)] + [(len(piece.inner),) * 2]:
        part = piece.inner[at:start]
        if any(runs(compared(part))):
            words.append(_word(part, piece.inner_start + at, fields))
        at = end
    return tuple(words)


def plain(text: str, pieces: Sequence[Piece]) -> Iterator[Leaf]:
    """Yield what `pieces`, which spell no document number, are looked for as."""
    at = 0
    while at < len(pieces):
        for end in range(min(at + _MOST_PIECES, len(pieces)), at, -1):
            if dated := _dated(text, pieces[at:end]):
                yield dated
                at = end
                break
        else:
            yield from words_typed(pieces[at])
            at += 1


def _word(typed: str, start: int, fields: tuple[str, ...] | None) -> Word:
    folded = compared(typed)
    if fields is not None:
        return Word(folded, scripted(typed), None, fields, start, start + len(typed))
    return Word(folded, scripted(typed), year_of(folded), definition().searched, start, start + len(typed))


def _dated(text: str, pieces: Sequence[Piece]) -> Dated | None:
    """Return the date that all of `pieces` spell, or the range of dates with two full stops, which may be text too."""
    if any(piece.kind != "WORD" for piece in pieces):
        return None
    typed = compared(text[pieces[0].start : pieces[-1].end] if len(pieces) > 1 else pieces[0].inner)
    if len(pieces) > 1 and not typed.endswith(("月", "日", "号")):
        return None
    if date := date_of(typed):
        return Dated(*days_of(date), tuple(dict.fromkeys((typed, *in_words(date)))))
    if ".." in typed and (span := days(typed)):
        return Dated(*span, (typed,))
    return None
