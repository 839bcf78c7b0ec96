"""What waits for people, and what they decided: kept for good, every undoing as well."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from archivist.access import MaySee
from archivist.catalog import tallies
from archivist.catalog.ledger import recording
from archivist.catalog.likenesses import settle
from archivist.catalog.review import PoorPage, Waiting, read_poor, read_waiting, verified
from archivist.catalog.said import (
    Numbered,
    about_item,
    add_decisions,
    last_decision,
    latest,
    mark_carried_out,
    numbered,
    one_decision,
    read_decisions,
    read_outstanding,
)
from archivist.decisions import Decision, Subject
from archivist.handles import Sort

if TYPE_CHECKING:
    from archivist.catalog.database import Database


class Deciding:
    """The decisions in the catalogue behind `database`, and what they are still wanted for."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def waiting(
        self,
        limit: int,
        offset: int = 0,
        *,
        sort: Sort | None = None,
        field: str = "",
        may_see: MaySee = None,
        without: Collection[str] = (),
    ) -> list[Waiting]:
        """Return `limit` things a person should look at first, from `offset` on: the least sure on which most depends.

        Only those of one `sort`, and values of the name `field`, where they are said; of items whose level of access
        is in `may_see` (None: of all), and but for the handles `without`.
        """
        with self._database.reading() as connection:
            return read_waiting(connection, limit, offset, sort, field, may_see, without)

    def waiting_count(self, *, sort: Sort | None = None, field: str = "", may_see: MaySee = None) -> int:
        """Return how many things `waiting` has to give: quick, however many they are."""
        with self._database.reading() as connection:
            found = tallies.waits(connection, may_see)
        return sum(n for of, n in found.items() if sort in (None, of[0]) and field in ("", of[1]))

    def waiting_fields(self, *, may_see: MaySee = None) -> dict[str, int]:
        """Return the names of values that wait, and how many of each do: quick."""
        with self._database.reading() as connection:
            return {field: count for (_sort, field), count in tallies.waits(connection, may_see).items() if field}

    def hardly_read(self, limit: int, offset: int = 0, *, may_see: MaySee = None) -> list[PoorPage]:
        """Return `limit` pages that read worst, of those a person should look at: what they say is doubtful.

        A blank page is none of them; one with marks of which nothing could be read comes first. Of items whose level
        of access is in `may_see` (None: of all).
        """
        with self._database.reading() as connection:
            return read_poor(connection, limit, offset, may_see)

    def hardly_read_count(self, *, may_see: MaySee = None) -> int:
        """Return how many pages `hardly_read` has to give."""
        with self._database.reading() as connection:
            return tallies.poor(connection, may_see)

    def decide(self, decisions: Iterable[Decision]) -> list[int]:
        """Keep what people decided, behind what they decided before, and return the numbers it has from now on.

        Nothing of what was decided is ever changed; WrongCall where what is to be undone is undone already, or never
        was.
        """
        made = list(decisions)
        with recording(self._database) as (connection, told):
            numbers = add_decisions(connection, made, told)
            settle(connection, made)
        return numbers

    def decisions(self, subject: Subject | None = None, targets: Iterable[str] | None = None) -> list[Decision]:
        """Return what was decided and not undone, about `subject` and `targets` if they are said, oldest first."""
        with self._database.reading() as connection:
            return read_decisions(connection, subject, targets)

    def decided(self, subject: Subject | None = None, targets: Iterable[str] | None = None) -> list[Numbered]:
        """Return the same with what was undone, and the undoings, each with its number, oldest first."""
        with self._database.reading() as connection:
            return numbered(connection, subject, targets)

    def decision(self, number: int, *, may_see: MaySee = None) -> Numbered | None:
        """Return the decision with this number, None where there is none about items of these levels of access."""
        with self._database.reading() as connection:
            return one_decision(connection, number, may_see)

    def history_of(self, name: str, limit: int, *, may_see: MaySee = None) -> list[Numbered]:
        """Return the last `limit` decisions about the item with this identifier and its pages, newest first.

        What was decided about another item as well, whose level of access is not in `may_see`, is left out.
        """
        with self._database.reading() as connection:
            return about_item(connection, name, limit, may_see)

    def latest_decisions(self, limit: int, who: str | None = None, *, may_see: MaySee = None) -> list[Numbered]:
        """Return the last `limit` decisions, those of `who` if somebody is named, newest first.

        Only those about items whose level of access is in `may_see` (None: all).
        """
        with self._database.reading() as connection:
            return latest(connection, limit, who, may_see)

    def last_decision(self) -> int:
        """Return the number of the latest decision, 0 where nothing was decided yet."""
        with self._database.reading() as connection:
            return last_decision(connection)

    def outstanding(self) -> tuple[list[Decision], int]:
        """Return what was decided but not carried out yet, oldest first, and the number of the latest decision."""
        with self._database.reading() as connection:
            return read_outstanding(connection)

    def carried_out(self, number: int) -> None:
        """Keep that everything decided up to the decision with this number has reached the items concerned."""
        with self._database.writing() as connection:
            mark_carried_out(connection, number)

    def verified_agencies(self) -> list[tuple[str, int]]:
        """Return every name of an agency that a person verified, and how often, most often first."""
        with self._database.reading() as connection:
            return verified(connection)
