import pytest

from archivist.errors import ArchivistError, WrongCall
from archivist.export import FORMATS, write
from tests.items import decision, notice


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_counts_its_rows_and_leaves_nothing_else_behind(format, tmp_path):
    path = tmp_path / "catalogue"
    assert write(format, iter([decision(), notice("b")]), path) == 2
    assert write(format, [], tmp_path / "empty") == 0
    assert {entry.name for entry in tmp_path.iterdir()} == {"catalogue", "empty"}


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_that_breaks_off_leaves_the_earlier_one_as_it_was(format, tmp_path):
    def breaking_off():
        yield decision()
        raise ArchivistError("the catalogue is gone")

    path = tmp_path / "catalogue"
    path.write_text("of last year")
    with pytest.raises(ArchivistError, match="gone"):
        write(format, breaking_off(), path)
    assert path.read_text() == "of last year"
    assert [entry.name for entry in tmp_path.iterdir()] == ["catalogue"]


def test_an_unknown_format_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(WrongCall, match=r"“docx”.*xlsx, csv, jsonl"):
        write("docx", [], tmp_path / "catalogue.docx")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(WrongCall, match="nowhere"):
        write("csv", [], tmp_path / "nowhere" / "catalogue.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ArchivistError, match="folder cannot be written"):
        write("csv", [], tmp_path / "folder")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
