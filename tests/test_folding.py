"""Folding by the table that long texts take is the folding that short ones take."""

from hypothesis import given
from hypothesis import strategies as st

from archivist.search.compare import compared, scripted
from archivist.text import fold

ANY = st.text(
    st.characters(codec=None) | st.sampled_from("國国囯裡裏里羣群Ａａ１〔（－ \u3000\x00\ud800\U00020b9f﹝№㈱")
)


@given(ANY)
def test_a_long_text_is_folded_as_each_of_its_characters(text: str) -> None:
    each = "".join(map(fold, text))
    assert fold(text) == each
    assert fold(text * 200) == each * 200


@given(ANY)
def test_a_long_text_is_compared_as_a_short_one(text: str) -> None:
    long = "決" * 200
    # What stands between two letters is closed up by what is beside it.
    assert compared(f"{long}。{text}。") == fold(long) + "。" + compared(f"{text}。")
    assert scripted(f"{long}。{text}。") == long + "。" + scripted(f"{text}。")
    assert compared(scripted(text)) == compared(text)
