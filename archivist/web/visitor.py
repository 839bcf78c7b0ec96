"""Who is visiting the reading room, and what is open to them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Literal, TypeAlias

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from archivist.access import MaySee, Role, open_to, roles
from archivist.archive import Archive
from archivist.errors import NotFound
from archivist.language import gettext as _
from archivist.model import Decided, Item

#: How much of the pages of an item is wanted.
Pages: TypeAlias = Literal["whole", "skimmed", "listed"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has come in: the name that answers for what they decide, and what they may see and do.

    `may_see` is None for whoever may see everything. `csrf` is what their forms must bring back.
    """

    name: str
    role: Role
    may_see: MaySee
    csrf: str

    def at_least(self, role: Role) -> bool:
        """Whether they have the rights of `role`."""
        order = list(roles())
        return order.index(self.role) >= order.index(role)


def now_by(visitor: Visitor) -> Decided:
    """Return who decides, and now."""
    return Decided(visitor.name, datetime.now(UTC).isoformat(timespec="seconds"))


class NotLetIn(Exception):
    """Nobody knows who is visiting: they must say so first."""


class NotAllowed(Exception):
    """The visitor has not the rights for what was asked."""


# These are asked at every visit: asynchronous, because what is not costs the change to another thread and back.


async def visitor(request: Request) -> Visitor:
    """Return who is visiting, as the door found out; NotLetIn where it could not."""
    found = getattr(request.state, "visitor", None)
    if not isinstance(found, Visitor):
        raise NotLetIn
    return found


def with_rights(role: Role) -> Callable[[Request], Awaitable[Visitor]]:
    """Return what gives the visitor where they have the rights of `role`, and raises NotAllowed else."""

    async def allowed(request: Request) -> Visitor:
        found = await visitor(request)
        if not found.at_least(role):
            raise NotAllowed
        return found

    return allowed


async def rooms(request: Request) -> Archive:
    """Return the archive that is served."""
    archive: Archive = request.app.state.rooms
    return archive


def cookie_of(visit: HTTPConnection, archive: Archive) -> str:
    """Return the name of the cookie by which `archive` knows who is in.

    Browsers do not tell ports of a machine apart, on each of which there may be another archive. By https the name says
    that nothing but this very host may have set it.
    """
    mark = sha256(str(archive.settings.folder).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{'__Host-' if visit.scope['scheme'] == 'https' else ''}archivist-{mark}"


Rooms = Annotated[Archive, Depends(rooms)]
Reader = Annotated[Visitor, Depends(visitor)]
Archivist = Annotated[Visitor, Depends(with_rights("archivist"))]
Admin = Annotated[Visitor, Depends(with_rights("admin"))]


def shown_item(archive: Archive, reader: Visitor, name: str, pages: Pages = "whole") -> Item:
    """Return the item with this identifier, and keep that it was looked at where it bears a mark of secrecy.

    Its pages are quick to read where they are to be `skimmed` or `listed` only (see Catalog). NotFound where there is
    none, and in the same words where it is not open to `reader`.
    """
    catalog = archive.catalog
    # By identifier only: that several share a reference code is not for everybody.
    ways: Mapping[Pages, Callable[[list[str]], Iterable[Item]]] = {
        "whole": catalog.items,
        "skimmed": catalog.skimmed,
        "listed": catalog.listed,
    }
    item = next(iter(ways[pages]([name])), None)
    if item is None or not open_to(item, reader.may_see):
        raise NotFound(_("There is no item “{name}” in this archive.").format(name=name))
    archive.views.note(item, reader.name)
    return item
