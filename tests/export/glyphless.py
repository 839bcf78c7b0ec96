"""How archivist/export/glyphless.ttf was made: `python -m tests.export.glyphless` writes it anew.

A font of which nothing can be seen, for text that lies on the picture of its ink: glyph k is k twentieths of its size
wide, so that each character is as wide as the ink it stands on. Each is a line without breadth from corner to corner:
of glyphs without any outline some programs hold that they are nowhere.
"""

import io

from archivist.export.searchable import ASCENT, DESCENT, EM, GLYPHLESS, GLYPHS, STEP


def made() -> bytes:
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    names = [".notdef", *(f"w{width}" for width in range(1, GLYPHS))]
    builder = FontBuilder(EM, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({})
    glyphs = {}
    for turn, name in enumerate(names):
        pen = TTGlyphPen(None)
        if turn:
            pen.moveTo((0, DESCENT))
            pen.lineTo((STEP * turn, ASCENT))
            pen.closePath()
        glyphs[name] = pen.glyph()
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({name: (STEP * turn, 0) for turn, name in enumerate(names)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": "Glyphless", "styleName": "Regular", "psName": "Glyphless"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost(keepGlyphNames=False)
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    written = io.BytesIO()
    builder.save(written)
    return written.getvalue()


if __name__ == "__main__":
    GLYPHLESS.write_bytes(made())
