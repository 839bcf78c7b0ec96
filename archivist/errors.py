"""What can go wrong, and the exit code each ends the program with.

ArchivistError                     1
├── WrongCall                      2   the command, the settings or a manifest cannot be meant so
│   ├── SettingsError              2
│   ├── ManifestError              2
│   ├── QueryError                 2
│   └── NotFound                   2   no such item, campaign or archive
├── NotInstalled                   3   a program or package is missing; the text says how to get it
├── TooManyFailures                4   a batch was stopped
├── ArchiveBusy                    1   another process is writing to this archive
├── BoxGone                        1   the folder that scans are taken from has gone away in the meantime
├── IndexUnusable                  1   the index must be made anew from the catalogue
└── ScanError                      1   one scan cannot be used; becomes a Failure, never ends a batch
    ├── EmptyScan  TruncatedScan  WrongType  EncryptedScan  OversizedScan  UnsafeScan  UnreadableScan
    ├── ReadingFailed                  the scan opened, but reading it broke down
    ├── TooSlow  TooMuchMemory         reading it went beyond the limits of a page
    └── DescribingFailed               its pages are read, but what they say could not be worked out
"""

from typing import ClassVar


class ArchivistError(Exception):
    """Anything archivist reports to the person who called it."""

    exit_code: ClassVar[int] = 1


class WrongCall(ArchivistError):
    """The call cannot be meant so."""

    exit_code = 2


class SettingsError(WrongCall):
    """A setting is unknown, malformed or contradicts another."""


class ManifestError(WrongCall):
    """A manifest.csv cannot be followed."""


class QueryError(WrongCall):
    """A query has no meaning in the query language."""


class NotFound(WrongCall):
    """No such item, campaign or archive."""


class NotInstalled(ArchivistError):
    """A program or package is missing."""

    exit_code = 3


class TooManyFailures(ArchivistError):
    """Too large a share of the scans failed, so the batch was stopped."""

    exit_code = 4


class ArchiveBusy(ArchivistError):
    """Another process is writing to this archive."""


class BoxGone(ArchivistError):
    """The folder that scans are taken from has gone away in the meantime."""


class IndexUnusable(ArchivistError):
    """The index is damaged or of another version; it can be made anew from the catalogue."""


class ScanError(ArchivistError):
    """One scan cannot be used; `cause` is the word it is counted under."""

    cause: ClassVar[str] = "unreadable"


class EmptyScan(ScanError):
    """The path holds no bytes or no pages."""

    cause = "empty"


class TruncatedScan(ScanError):
    """The bytes end before the picture does."""

    cause = "truncated"


class WrongType(ScanError):
    """The bytes are not a picture or PDF, or not what the name says."""

    cause = "wrong type"


class EncryptedScan(ScanError):
    """A PDF that cannot be opened without a password."""

    cause = "encrypted"


class OversizedScan(ScanError):
    """More pixels than any paper has; possibly a decompression bomb."""

    cause = "oversized"


class UnsafeScan(ScanError):
    """A PDF that holds what no scan needs and could do harm: scripts, attachments, calls to programs."""

    cause = "unsafe"


class UnreadableScan(ScanError):
    """The path cannot be read at all: permissions, a broken link, a failing disk."""

    cause = "unreadable"


class ReadingFailed(ScanError):
    """The scan opened, but a later stage could not finish."""

    cause = "reading failed"


class TooSlow(ScanError):
    """The page was not read within the time a page may take."""

    cause = "too slow"


class TooMuchMemory(ScanError):
    """Reading the page needed more memory than a page may take."""

    cause = "too much memory"


class DescribingFailed(ScanError):
    """The pages were read, but what they say could not be worked out."""

    cause = "describing failed"
