"""Which directories of a TIFF are pages."""

import struct

import pytest

from archivist.image.tiff import directories


def tiff(*subfiles: int, order: str = "<", big: bool = False, end: int = 0) -> bytes:
    """Return the skeleton of a TIFF with a directory for each of `subfiles` (its NewSubfileType)."""
    head = {"<": b"II", ">": b"MM"}[order] + (
        struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    )
    # A value shorter than its field stands at the beginning of it.
    count, entry, link = ("Q", "HHQI4x", "Q") if big else ("H", "HHII", "I")
    size = struct.calcsize(order + count) + 3 * struct.calcsize(order + entry) + struct.calcsize(order + link)
    body = b""
    for place, kind in enumerate(subfiles):
        following = len(head) + size * (place + 1) if place + 1 < len(subfiles) else end
        body += struct.pack(order + count, 3)
        for tag, value in ((254, kind), (256, 700), (257, 900)):
            body += struct.pack(order + entry, tag, 4, 1, value)
        body += struct.pack(order + link, following)
    return head + body


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_pages_are_counted_without_thumbnails_and_masks(order: str, big: bool) -> None:
    found = directories(tiff(0, 2, 1, 4, 2, order=order, big=big))
    assert (found.pages, found.broken) == ((0, 1, 4), False)


def test_a_lone_directory_is_a_page_whatever_it_says_of_itself() -> None:
    assert directories(tiff(1)).pages == (0,)


def test_a_chain_that_leads_back_or_nowhere_is_broken_after_the_good_pages() -> None:
    assert directories(tiff(0, 0, end=8)).broken
    assert directories(tiff(0, 0, big=True, end=2**64 - 1)).broken
    found = directories(tiff(0, 0, end=70_000))
    assert (found.pages, found.broken) == ((0, 1), True)


def test_a_cut_at_any_place_gives_the_pages_before_it() -> None:
    whole = tiff(0, 0, 0)
    for length in range(8, len(whole)):
        found = directories(whole[:length])
        assert found.broken
        assert len(found.pages) == (length - 8) // 42
