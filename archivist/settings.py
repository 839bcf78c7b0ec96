"""One frozen Settings: the archive's folder, its `archivist.toml`, then the environment (ARCHIVIST_*)."""

import os
from gettext import gettext as _
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from archivist.errors import SettingsError

FILE_NAME = "archivist.toml"
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


class Settings(BaseSettings):
    """Where an archive keeps what, and how its scans are read.

    `catalogue` is an SQLAlchemy URL, `store` an fsspec URL, `index` a folder; where nothing is said they stand in the
    archive's own folder. `workers` is a number of processes, 0 for one a core, or the address of a Dask scheduler. A
    page may take `page_seconds`, and so much memory besides its reader's. `most_failures` is the share of scans that
    may fail before a batch is stopped.
    """

    model_config = SettingsConfigDict(frozen=True, env_prefix="ARCHIVIST_", env_ignore_empty=True, extra="forbid")

    folder: Path
    catalogue: str = ""
    store: str = ""
    index: Path = Path()
    workers: Annotated[int | str, BeforeValidator(_workers)] = 0
    page_seconds: Annotated[float, Field(ge=1, le=86_400, allow_inf_nan=False)] = 300
    page_memory: Annotated[ByteSize, AfterValidator(_memory)] = ByteSize(4 << 30)
    second_reader: Literal["doubtful", "never"] = "doubtful"
    most_failures: Annotated[float, Field(gt=0, le=1)] = 0.5

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """Let the environment win over the file, and what is fixed by the call over both."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def model_post_init(self, _context: Any) -> None:
        """Put in the archive's folder what has no place of its own."""
        folder = self.folder.resolve()
        places = {
            "folder": folder,
            "catalogue": self.catalogue or f"sqlite:///{quote((folder / 'catalogue.db').as_posix())}",
            # Not quoted: fsspec takes the path as it stands.
            "store": self.store or f"file://{(folder / 'originals').as_posix()}",
            "index": folder / (self.index if self.index.name else "index"),
            "workers": self.workers or cores(),
        }
        for name, value in places.items():
            object.__setattr__(self, name, value)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(archive: Path) -> Settings:
    """Return the settings of the archive in folder `archive`, or of the settings file it names.

    Raises SettingsError, naming the setting, where one is unknown or cannot be meant so.
    """
    file = archive if archive.suffix == ".toml" or archive.is_file() else archive / FILE_NAME
    if file == archive and not file.is_file():
        raise SettingsError(_("{file}: there is no such settings file").format(file=archive))

    class Here(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return Here(folder=file.parent if file == archive else archive)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        text = _("setting “{name}” ({file} or {variable}): {reason}")
        variable = f"ARCHIVIST_{name.upper()}"
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(text.format(name=name, file=file, variable=variable, reason=reason)) from error
    except (ValueError, OSError) as error:
        raise SettingsError(f"{file}: {error}") from error
