"""One frozen Settings: the archive's folder, its `archivist.toml`, then the environment (ARCHIVIST_*)."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

import tomlkit
from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, PrivateAttr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from archivist.errors import SettingsError
from archivist.files import whole
from archivist.language import gettext as _

FILE_NAME = "archivist.toml"
_INDEX = "ARCHIVIST_INDEX"
_MOST_WORKERS = 256
#: The first page a process reads brings the networks with it, some 700 MiB.
_LEAST_MEMORY = 1 << 30


def _workers(value: object) -> int | str:
    """Return how many processes, or the address of a scheduler; ValueError where `value` is neither."""
    said = str(value).strip()
    if said.isascii() and said.isdigit() and int(said) <= _MOST_WORKERS:
        return int(said)
    parts = urlsplit(said)
    if parts.scheme in ("tcp", "tls") and parts.hostname and parts.port:
        return said
    text = _("a number of processes (0 to {most}, 0 for one a core), or a Dask scheduler as tcp://host:8786")
    raise ValueError(text.format(most=_MOST_WORKERS))


def _memory(value: ByteSize) -> ByteSize:
    if value < _LEAST_MEMORY:
        text = _("a page needs {least} at least; 4 GiB is what is given where nothing is said")
        raise ValueError(text.format(least=ByteSize(_LEAST_MEMORY).human_readable()))
    return value


def _index(value: object) -> str:
    """Return the place of a search index as it is said; ValueError where no engine is meant by it."""
    said = str(value).strip()
    scheme, colon, rest = said.partition(":")
    if not colon or "/" in scheme:
        # A folder by itself, as before there was a choice.
        return said
    parts = urlsplit(said)
    if scheme in ("whoosh", "tantivy") and rest.strip("/"):
        return said
    if scheme == "opensearch" and parts.hostname and parts.path.strip("/"):
        return said
    text = _("a folder, tantivy:FOLDER, or opensearch://host:9200/NAME (see the README)")
    raise ValueError(text)


def _boxes(value: object) -> object:
    """Return the folders that are named one behind the other, as the environment does, parted as in PATH."""
    return tuple(part for part in value.split(os.pathsep) if part.strip()) if isinstance(value, str) else value


class Settings(BaseSettings):
    """Where an archive keeps what, and how its scans are read.

    `catalogue` is an SQLAlchemy URL, `store` an fsspec URL, `index` names an engine and its place (whoosh:FOLDER,
    tantivy:FOLDER, opensearch://HOST/NAME); where nothing is said they stand in the archive's own folder. `workers` is
    a number of processes, 0 for one a core, or the address of a Dask scheduler. A page may take `page_seconds`, and so
    much memory besides its reader's. `most_failures` is the share of scans that may fail before a batch is stopped.
    So much of the pictures that the reading room has shown is kept in the archive's folder as `pictures` says.
    `boxes` are folders of this machine from which scans may be taken in from the reading room.
    """

    model_config = SettingsConfigDict(frozen=True, env_prefix="ARCHIVIST_", env_ignore_empty=True, extra="forbid")

    folder: Path
    catalogue: str = ""
    store: str = ""
    index: Annotated[str, BeforeValidator(_index)] = ""
    workers: Annotated[int | str, BeforeValidator(_workers)] = 0
    page_seconds: Annotated[float, Field(ge=1, le=86_400, allow_inf_nan=False)] = 300
    page_memory: Annotated[ByteSize, AfterValidator(_memory)] = ByteSize(4 << 30)
    second_reader: Literal["doubtful", "never"] = "doubtful"
    most_failures: Annotated[float, Field(gt=0, le=1)] = 0.5
    pictures: Annotated[ByteSize, Field(ge=0)] = ByteSize(2 << 30)
    boxes: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_boxes)] = ()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """Let the environment win over the file, and what is fixed by the call over both."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    _archive: Path | None = PrivateAttr(None)

    @property
    def archive(self) -> Path:
        """What `--archive` names this archive by: its folder, or its settings file."""
        return self._archive or self.folder

    def now(self) -> "Settings":
        """Return these settings as they are said now: another process may have moved the search index."""
        return load(self._archive) if self._archive else self

    def model_post_init(self, _context: Any) -> None:
        """Put in the archive's folder what has no place of its own."""
        folder = self.folder.resolve()
        places = {
            "folder": folder,
            "catalogue": self.catalogue or f"sqlite:///{quote((folder / 'catalogue.db').as_posix())}",
            # Not quoted: fsspec takes the path as it stands.
            "store": self.store or f"file://{(folder / 'originals').as_posix()}",
            "index": placed(self.index or "index", folder),
            "workers": self.workers or cores(),
            "boxes": tuple(folder / box for box in self.boxes),
        }
        for name, value in places.items():
            object.__setattr__(self, name, value)


def placed(index: str, folder: Path) -> str:
    """Return `index` in full (whoosh:/srv/archive/index), a folder without a root being one in `folder`."""
    scheme, colon, rest = index.partition(":")
    if scheme == "opensearch":
        return index
    if not colon or "/" in scheme:
        scheme, rest = "whoosh", index
    # Of whoosh:///srv/index as of whoosh:/srv/index: a root is a root.
    root = "/" if rest.startswith("/") else ""
    # One folder has one name, however it is said (../archive/index).
    return f"{scheme}:{Path(os.path.normpath(folder / (root + rest.lstrip('/')))).as_posix()}"


def unplaced(index: str, folder: Path) -> str:
    """Return what the catalogue in `folder` calls `index`, which stands in full.

    Without `folder` where it lies in that, so that an archive may be moved; without servers, password and options.
    """
    scheme, _colon, rest = index.partition(":")
    if scheme == "opensearch":
        return f"{scheme}:{urlsplit(index).path.strip('/')}"
    place = Path(rest)
    return f"{scheme}:{place.relative_to(folder).as_posix()}" if place.is_relative_to(folder) else index


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def named_index(archive: Path, index: str) -> str:
    """Return the search index that `index` says for `archive`, in full; SettingsError where it says none.

    Also where the environment names another one, which would win over the settings file.
    """
    try:
        said = _index(index)
    except ValueError as error:
        raise SettingsError(f"{index}: {error}") from error
    if os.environ.get(_INDEX):
        text = _("the environment names the search index ({variable}); unset it, so that the settings file counts")
        raise SettingsError(text.format(variable=_INDEX))
    return placed(said, load(archive).folder)


def remember_index(archive: Path, index: str) -> None:
    """Write into the settings file of `archive` that its search index is `index`; all else in it stays as it is.

    Raises SettingsError where the file cannot be written.
    """
    file = _file_of(archive)
    try:
        document = tomlkit.parse(file.read_text("utf-8")) if file.exists() else tomlkit.document()
        document["index"] = index
        with whole(file) as stream:
            stream.write(tomlkit.dumps(document).encode())
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror or error}") from error


def _file_of(archive: Path) -> Path:
    return archive if archive.suffix == ".toml" or archive.is_file() else archive / FILE_NAME


def load(archive: Path) -> Settings:
    """Return the settings of the archive in folder `archive`, or of the settings file it names.

    Raises SettingsError, naming the setting, where one is unknown or cannot be meant so.
    """
    file = _file_of(archive)
    if file == archive and not file.is_file():
        raise SettingsError(_("{file}: there is no such settings file").format(file=archive))

    class Here(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        said = Here(folder=file.parent if file == archive else archive)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        text = _("setting “{name}” ({file} or {variable}): {reason}")
        variable = f"ARCHIVIST_{name.upper()}"
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(text.format(name=name, file=file, variable=variable, reason=reason)) from error
    except (ValueError, OSError) as error:
        raise SettingsError(f"{file}: {error}") from error
    said._archive = archive.absolute()
    return said
