"""What is asked of the picture of a sheet: which part, how large, how turned, as what (IIIF Image API 3.0)."""

import re
from dataclasses import dataclass
from math import floor, sqrt

from archivist.errors import WrongCall
from archivist.language import gettext as _
from archivist.model import Box

#: What no picture that is sent is larger than: pixels of a side, and in all. A3 at 300 dpi is sent whole.
MOST_SIDE, MOST_AREA = 10_000, 24_000_000

FORMATS = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
QUALITIES = ("default", "color", "gray", "bitonal")

_TURNS = {"0": 0, "90": 90, "180": 180, "270": 270, "360": 0}
_WHOLE = r"[0-9]{1,9}"
_PART = r"(?:[0-9]{1,9}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})"
_PIXELS = re.compile(rf"({_WHOLE}),({_WHOLE}),({_WHOLE}),({_WHOLE})")
_SHARES = re.compile(rf"pct:({_PART}),({_PART}),({_PART}),({_PART})")
_SHARE = re.compile(rf"pct:({_PART})")
_SIZE = re.compile(rf"(!?)({_WHOLE})?,({_WHOLE})?")


@dataclass(frozen=True, slots=True)
class Cut:
    """A picture of `region` (whole pixels of the sheet), `width` by `height` pixels before it is turned.

    It is mirrored first, then turned clockwise by `turn` degrees. Of two requests for the same picture the cuts are
    equal, and `path` is what the second of them should have been.
    """

    region: Box
    width: int
    height: int
    mirrored: bool
    turn: int
    quality: str
    format: str
    path: str


def cut_asked(sheet: tuple[int, int], region: str, size: str, rotation: str, quality: str, format: str) -> Cut:
    """Return the picture that the parts of a path ask of a sheet of this width and height.

    WrongCall, naming the part, where there is no such picture.
    """
    box = _region(sheet, region)
    width, height, named = _size(box, size)
    mirrored, turn = rotation.startswith("!"), _TURNS.get(rotation.removeprefix("!"))
    if turn is None:
        raise WrongCall(_("rotation “{said}”: 0, 90, 180 or 270, with ! before it mirrored").format(said=rotation))
    if quality not in QUALITIES:
        text = _("quality “{said}”: one of {known}")
        raise WrongCall(text.format(said=quality, known=", ".join(QUALITIES)))
    if format not in FORMATS:
        text = _("format “{said}”: one of {known}")
        raise WrongCall(text.format(said=format, known=", ".join(FORMATS)))
    place = ",".join(str(int(value)) for value in (box.left, box.top, box.width, box.height))
    where = "full" if box == Box(0, 0, *sheet) else place
    path = f"{where}/{named}/{'!' if mirrored else ''}{turn}/{quality}.{format}"
    return Cut(box, width, height, mirrored, turn, quality, format, path)


def largest(width: float, height: float, scale: float = 1.0) -> tuple[int, int]:
    """Return the largest size that a part of the sheet is sent in, at most `scale` times its own."""
    scale = min(scale, MOST_SIDE / width, MOST_SIDE / height, sqrt(MOST_AREA / (width * height)))
    return max(floor(width * scale + 1e-9), 1), max(floor(height * scale + 1e-9), 1)


def _region(sheet: tuple[int, int], said: str) -> Box:
    width, height = sheet
    if said == "full":
        return Box(0, 0, width, height)
    if said == "square":
        side = min(sheet)
        left, top = (width - side) // 2, (height - side) // 2
        return Box(left, top, left + side, top + side)
    if found := _PIXELS.fullmatch(said):
        left, top, across, down = map(int, found.groups())
    elif found := _SHARES.fullmatch(said):
        shares = [float(share) / 100 for share in found.groups()]
        left, top, across, down = (round(share * side) for share, side in zip(shares, sheet * 2, strict=True))
    else:
        raise WrongCall(_("region “{said}”: full, square, x,y,w,h or pct:x,y,w,h").format(said=said))
    box = Box(left, top, min(left + across, width), min(top + down, height))
    if box.width < 1 or box.height < 1:
        text = _("region “{said}” holds nothing of the sheet, which is {width} × {height} pixels")
        raise WrongCall(text.format(said=said, width=width, height=height))
    return box


def _size(region: Box, said: str) -> tuple[int, int, str]:
    """Return width and height, and how the size is best asked for."""
    larger, asked = said.startswith("^"), said.removeprefix("^")
    across, down = int(region.width), int(region.height)
    most, utmost = largest(across, down), largest(across, down, float("inf"))
    if asked == "max":
        size = utmost if larger else most
    elif found := _SHARE.fullmatch(asked):
        share = float(found[1]) / 100
        size = round(across * share), round(down * share)
    elif (found := _SIZE.fullmatch(asked)) and (found[2] or found[3]):
        size = _fitted(across, down, found, utmost if larger else most)
    else:
        raise WrongCall(_("size “{said}”: max, w, ,h w,h !w,h or pct:n").format(said=said))
    width, height = size
    if min(size) < 1 or max(size) > MOST_SIDE or width * height > MOST_AREA:
        text = _("size “{said}” gives no picture that can be sent: it has {width} × {height} pixels")
        raise WrongCall(text.format(said=said, width=width, height=height))
    upscaled = width > across or height > down
    if upscaled and not larger:
        text = _("size “{said}” is larger than the {width} × {height} pixels there are; ask for it with ^")
        raise WrongCall(text.format(said=said, width=across, height=down))
    named = "max" if size == most else "^max" if size == utmost else f"{'^' if upscaled else ''}{width},{height}"
    return width, height, named


def _fitted(across: int, down: int, found: re.Match[str], most: tuple[int, int]) -> tuple[int, int]:
    width, height = (int(side) if side else None for side in found.group(2, 3))
    if found[1]:
        if width is None or height is None:
            raise WrongCall(_("size “{said}”: max, w, ,h w,h !w,h or pct:n").format(said=found[0]))
        scale = min(width / across, height / down, most[0] / across, most[1] / down)
        fitted = min(round(across * scale), width), min(round(down * scale), height)
        return (max(fitted[0], 1), max(fitted[1], 1)) if width and height else (0, 0)
    if width is None:
        assert height is not None
        return (max(round(across * height / down), 1), height) if height else (0, 0)
    if height is None:
        return (width, max(round(down * width / across), 1)) if width else (0, 0)
    return width, height
