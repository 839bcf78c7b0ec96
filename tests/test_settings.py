"""Where an archive keeps what: by default, by its file, by the environment."""

from pathlib import Path

import pytest

from archivist.archive import Archive
from archivist.errors import NotFound, SettingsError
from archivist.settings import Settings, cores, load, placed, remember_index, unplaced
from tests.boxes import put, scan
from tests.intake import Intake


def test_everything_stands_in_the_archives_own_folder_unless_said(tmp_path: Path) -> None:
    settings = load(tmp_path / "archive")
    folder = (tmp_path / "archive").as_posix()
    assert settings.folder == tmp_path / "archive"
    assert settings.catalogue == f"sqlite:///{folder}/catalogue.db"
    assert settings.store == f"file://{folder}/originals"
    assert settings.index == f"whoosh:{folder}/index"
    assert settings.workers == cores() >= 1


def test_a_relative_folder_is_meant_from_where_the_call_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(Path("archive"))
    monkeypatch.chdir("/")
    assert settings.folder == tmp_path / "archive"


@pytest.mark.parametrize("name", ["档案 1995", "50% #1?", "a::b@c:d", "a%20b"])
def test_an_archive_in_a_folder_of_any_name_keeps_everything_there(tmp_path: Path, name: str) -> None:
    settings = Settings(folder=tmp_path / "home" / name, workers=2)
    with Archive(settings, create=True) as archive:
        intake = Intake(archive)
        assert intake.take(put(tmp_path / "box", p1=scan(5))).read == 1
    assert {path.name for path in (tmp_path / "home").iterdir()} == {name}
    assert {"catalogue.db", "originals", "index"} <= {path.name for path in settings.folder.iterdir()}
    with Archive(settings) as archive:
        assert archive.search("科学技术").total == 1


def test_the_file_of_the_archive_is_followed_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "archivist.toml").write_text(
        'workers = 3\nsecond_reader = "never"\nmost_failures = 0.2\nindex = "/srv/index"\nstore = "memory://box"\n'
    )
    for named in (tmp_path, tmp_path / "archivist.toml"):
        settings = load(named)
        assert (settings.folder, settings.workers, settings.second_reader) == (tmp_path, 3, "never")
        assert (settings.index, settings.store, settings.most_failures) == ("whoosh:/srv/index", "memory://box", 0.2)
    monkeypatch.setenv("ARCHIVIST_WORKERS", "5")
    monkeypatch.setenv("ARCHIVIST_STORE", "")
    settings = load(tmp_path)
    assert (settings.workers, settings.second_reader, settings.store) == (5, "never", "memory://box")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("workres = 3\n", "workres"),
        ('workers = "many"\n', "workers"),
        ("workers = -1\n", "workers"),
        ("workers = 1000\n", "workers.*0 to 256"),
        ('workers = "tcp://reader-1"\n', "workers.*tcp://host:8786"),
        ('workers = "http://reader-1:80"\n', "workers.*tcp://host:8786"),
        ("page_seconds = 0\n", "page_seconds"),
        ("page_seconds = nan\n", "page_seconds"),
        ('page_memory = "10 MB"\n', "page_memory.*at least"),
        ('page_memory = "much"\n', "page_memory"),
        ("most_failures = 0\n", "most_failures"),
        ('second_reader = "always"\n', "second_reader"),
        ("workers = \n", "archivist.toml"),
        ("\x80", "archivist.toml"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named(tmp_path: Path, text: str, names: str) -> None:
    (tmp_path / "archivist.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=names):
        load(tmp_path)


def test_an_environment_that_cannot_be_meant_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVIST_WORKERS", "many")
    with pytest.raises(SettingsError, match="ARCHIVIST_WORKERS"):
        load(tmp_path)


def test_a_settings_file_that_is_not_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such settings file"):
        load(tmp_path / "mine.toml")


def test_a_folder_that_is_no_archive_is_not_made_one_by_looking(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotFound, match="archivist ingest"):
            Archive(load(folder))
    assert not list(tmp_path.iterdir())


def test_an_archive_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("I am no folder")
    with pytest.raises(SettingsError, match="letter"):
        Archive(load(tmp_path / "letter" / "archive"), create=True)


def test_workers_are_a_number_or_the_address_of_a_scheduler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "archivist.toml").write_text('workers = "tcp://reader-1:8786"\n')
    assert load(tmp_path).workers == "tcp://reader-1:8786"
    for said, meant in (("7", 7), ("tls://[fd00::1]:8786", "tls://[fd00::1]:8786"), ("0", cores())):
        monkeypatch.setenv("ARCHIVIST_WORKERS", said)
        assert load(tmp_path).workers == meant


def test_what_a_page_may_cost_is_said_in_units_that_people_use(tmp_path: Path) -> None:
    assert (load(tmp_path).page_seconds, load(tmp_path).page_memory) == (300, 4 << 30)
    (tmp_path / "archivist.toml").write_text('page_seconds = 90\npage_memory = "6 GiB"\n')
    assert (load(tmp_path).page_seconds, load(tmp_path).page_memory) == (90, 6 << 30)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("found", "whoosh:{folder}/found"),
        ("whoosh:found", "whoosh:{folder}/found"),
        ("tantivy:found/here", "tantivy:{folder}/found/here"),
        ("tantivy:///srv/found", "tantivy:/srv/found"),
        ("opensearch://me:secret@one:9200,two/box?replicas=1", "opensearch://me:secret@one:9200,two/box?replicas=1"),
    ],
)
def test_the_engine_of_the_index_is_chosen_by_its_url(tmp_path: Path, said: str, means: str) -> None:
    (tmp_path / "archivist.toml").write_text(f'index = "{said}"\n')
    index = load(tmp_path).index
    assert index == means.format(folder=tmp_path.as_posix())
    known = unplaced(index, tmp_path)
    assert "secret" not in known, "the catalogue, which is copied and handed on, keeps no password"
    assert known == "opensearch:box" or placed(known, tmp_path) == index


@pytest.mark.parametrize("said", ["lucene:here", "tantivy:", "opensearch:here", "opensearch://host", "http://host/box"])
def test_an_index_that_no_engine_is_meant_by_is_refused_by_name(tmp_path: Path, said: str) -> None:
    (tmp_path / "archivist.toml").write_text(f'index = "{said}"\n')
    with pytest.raises(SettingsError, match=r"“index”.*opensearch://host:9200/NAME"):
        load(tmp_path)


def test_an_index_that_was_moved_stands_in_the_settings_file_beside_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "archivist.toml"
    file.write_text("# two, the others are for the scanner\nworkers = 2\n")
    remember_index(tmp_path, "tantivy:found")
    remember_index(file, "tantivy:elsewhere")
    assert file.read_text() == '# two, the others are for the scanner\nworkers = 2\nindex = "tantivy:elsewhere"\n'
    assert load(tmp_path).index == f"tantivy:{tmp_path.as_posix()}/elsewhere"
