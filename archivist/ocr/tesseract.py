"""The second reader: Tesseract, through pytesseract."""

from functools import cache
from gettext import gettext as _
from typing import Any

import cv2

from archivist.errors import NotInstalled
from archivist.model import Box, Glyph, Line
from archivist.ocr import Grey

_LANGUAGES = ("chi_sim", "chi_tra")
_INSTALL = "apt-get install tesseract-ocr tesseract-ocr-chi-sim tesseract-ocr-chi-tra tesseract-ocr-osd"


class TesseractReader:
    """Reads with Tesseract's Chinese models; a new process for each call, about 0.2 s before the first line."""

    name = "tesseract"

    def __init__(self, languages: tuple[str, ...] = _LANGUAGES[:1], layout: int = 6) -> None:
        """Choose models and Tesseract's page segmentation mode; NotInstalled where program or model is missing."""
        missing = set(languages) - _installed()
        if missing:
            text = _("Tesseract has no model {models}: {command}")
            raise NotInstalled(text.format(models=", ".join(sorted(missing)), command=_INSTALL))
        self._languages = "+".join(languages)
        # Looking for white print on black takes as long again, and there is none.
        self._options = f"--psm {layout} -c tessedit_do_invert=0"

    def read(self, image: Grey) -> tuple[Line, ...]:
        """Return every line found on `image` (height, width), boxes in its pixels, in Tesseract's order.

        Tesseract says how sure it is word by word; each character of a word gets the word's confidence, and its share
        of the word's width.
        """
        import pytesseract

        rgb = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        try:
            table = pytesseract.image_to_data(
                rgb, lang=self._languages, config=self._options, output_type=pytesseract.Output.DICT
            )
        except pytesseract.TesseractNotFoundError as error:
            raise NotInstalled(_("Tesseract is not installed: {command}").format(command=_INSTALL)) from error
        except pytesseract.TesseractError:
            # A picture that Tesseract refuses is one it sees nothing on; the page has its first reader.
            return ()
        lines: dict[tuple[int, ...], list[Glyph]] = {}
        for number, word in enumerate(table["text"]):
            if word.strip():
                key = tuple(int(table[part][number]) for part in ("block_num", "par_num", "line_num"))
                lines.setdefault(key, []).extend(_glyphs(word, table, number))
        return tuple(
            Line(tuple(glyphs), Box.around(glyph.box for glyph in glyphs), self.name) for glyphs in lines.values()
        )


def _glyphs(word: str, table: dict[str, list[Any]], number: int) -> list[Glyph]:
    left, top, width, height = (float(table[part][number]) for part in ("left", "top", "width", "height"))
    confidence = min(max(float(table["conf"][number]) / 100, 0.0), 1.0)
    share = width / len(word)
    return [
        Glyph(char, Box(left + share * place, top, left + share * (place + 1), top + height), confidence)
        for place, char in enumerate(word)
        if not char.isspace()
    ]


@cache
def _installed() -> frozenset[str]:
    import pytesseract

    try:
        return frozenset(pytesseract.get_languages())
    except (pytesseract.TesseractNotFoundError, FileNotFoundError) as error:
        raise NotInstalled(_("Tesseract is not installed: {command}").format(command=_INSTALL)) from error
