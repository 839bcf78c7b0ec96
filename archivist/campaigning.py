"""The campaigns of an archive as somebody may see them: found, told, and what people decide about them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from archivist.access import MaySee, open_to
from archivist.campaigns import Family, Merged, families, kept_ink, key, kin, record
from archivist.catalog import Catalog
from archivist.decisions import Decision
from archivist.errors import NotFound, WrongCall
from archivist.language import gettext as _
from archivist.model import Campaign, CampaignLink, Decided, Item, Value, campaign_id
from archivist.text import fold


class Campaigning:
    """The campaigns of `catalog` as they follow from the items that `may_see` (None: all) leaves open.

    Who may not see an item is told nothing that only this item says: no campaign, no name, no kin. What is decided is
    returned for the desk to decide; nothing is changed here. Campaigns are named by identifier or name, in any spelling
    or one merged into them; NotFound where there is none, WrongCall where a decision cannot be meant so.
    """

    def __init__(self, catalog: Catalog, may_see: MaySee = None) -> None:
        self._catalog, self._may_see = catalog, may_see

    def listed(self) -> list[tuple[Family, list[tuple[Campaign, int]]]]:
        """Return each family with its campaigns and how many items these have, where its first stands by name."""
        sizes = {one.id: (one, size) for one, size in self._sizes()}
        family = families([one for one, _size in sizes.values()], self._catalog.decisions("campaign"))
        return [(kin, [sizes[member] for member in kin.members]) for kin in dict.fromkeys(family[one] for one in sizes)]

    def found(self, name: str) -> Campaign:
        """Return the campaign called `name`, without its items."""
        known = self.known()
        called = {one.id: one for one in known}
        for one in known:
            if name == one.id or fold(name) == fold(one.name):
                return one
        same = called.get(campaign_id(self._merged().key(key(name))))
        if same is not None:
            return same
        raise NotFound(_("There is no campaign “{name}” in this archive.").format(name=name))

    def known(self) -> list[Campaign]:
        """Return every campaign by name, without its items."""
        return [one for one, _size in self._sizes()]

    def records(
        self, chosen: Iterable[Campaign], used: Callable[[Item], None] = lambda item: None, *, quickly: bool = False
    ) -> Iterator[dict[str, Any]]:
        """Yield what is known of each, as schemas/campaign.schema.json says; `used` is given the items that say it.

        `quickly`, boxes may end a pixel beside the scan.
        """
        known, decisions = self.known(), self._catalog.decisions("campaign")
        read = self._catalog.listed if quickly else self._catalog.items
        for one in chosen:
            said = (item for item in read(self._catalog.items_naming(one.id)) if self._open(item))
            yield record(one, _each(said, one, used), kin(one, known, decisions))

    def merge(self, campaign: str, other: str, who: Decided) -> list[Decision]:
        """Say that `campaign` is `other` by a second name."""
        one, into = self._two(campaign, other)
        return [self._about(one, "merge", {"into": self._key(into), "name": into.name}, who)]

    def part(self, campaign: str, new: str, who: Decided) -> list[Decision]:
        """Take the merge of `new` into `campaign` back."""
        one = self.found(campaign)
        mine = self._key(one)
        called = self._merged().parts(mine).items()
        part = next((part for part, name in called if key(new) in (part, key(name))), None)
        if part is None:
            raise WrongCall(_("{new} was never merged into {name}; say which items go").format(new=new, name=one.name))
        # The second, which changes nothing, has the items of the campaign made anew.
        return [
            Decision("campaign", each, "merge", {"into": each, "name": name}, who)
            for each, name in ((part, new), (mine, one.name))
        ]

    def confirm(self, item: str, campaign: str, who: Decided) -> list[Decision]:
        """Say that the item belongs to the campaign, which may be new."""
        entry = self._item(item)
        called, name = self._named(campaign)
        detail = {"campaign": called, "name": name, "evidence": _ink(entry, called)}
        return [Decision("link", entry.id, "confirm", detail, who)]

    def refuse(self, item: str, campaign: str, who: Decided) -> list[Decision]:
        """Say that the item does not belong to the campaign."""
        entry = self._item(item)
        link = _link(entry, campaign)
        detail = {"campaign": link.key, "name": link.name, "evidence": _ink(entry, link.key)}
        return [Decision("link", entry.id, "refuse", detail, who)]

    def move(self, items: Iterable[str], campaign: str, other: str, who: Decided) -> list[Decision]:
        """Say that the items do not belong to `campaign`, but to `other`, which may be new."""
        source, (called, name) = self.found(campaign), self._named(other)
        made = []
        for item in items:
            entry = self._item(item)
            link = _link(entry, source.id)
            if called == link.key:
                text = _("{other} is a name of {name}; call the other campaign otherwise")
                raise WrongCall(text.format(other=other, name=source.name))
            detail: dict[str, Value] = {"campaign": link.key, "name": link.name, "to": called, "to_name": name}
            detail["evidence"] = _ink(entry, link.key)
            made.append(Decision("link", entry.id, "move", detail, who))
        return made

    def name(self, campaign: str, name: str, who: Decided) -> list[Decision]:
        """Say how the campaign is called."""
        name = name.strip()
        if not any(char.isalnum() for char in name):
            raise WrongCall(_("a campaign needs a name"))
        one = self.found(campaign)
        # Two of one name could not be told apart by it; who means one campaign merges them.
        for other, _size in self._sizes():
            if other.id != one.id and fold(other.name) == fold(name):
                text = _("{other} is a name of {name}; call the other campaign otherwise")
                raise WrongCall(text.format(other=name, name=other.name))
        return [self._about(one, "name", {"name": name}, who)]

    def kin(self, campaign: str, other: str, who: Decided, *, apart: bool = False) -> list[Decision]:
        """Say that the two are of one family, though they are two, or that they are not."""
        one, two = self._two(campaign, other)
        return [self._about(one, "not kin" if apart else "kin", {"with": self._key(two), "name": two.name}, who)]

    def _two(self, campaign: str, other: str) -> tuple[Campaign, Campaign]:
        one, two = self.found(campaign), self.found(other)
        if one.id == two.id:
            raise WrongCall(_("{one} and {other} are one campaign already").format(one=campaign, other=other))
        return one, two

    def _about(self, one: Campaign, act: str, detail: dict[str, Value], who: Decided) -> Decision:
        return Decision("campaign", self._key(one), act, detail, who)

    def _sizes(self) -> list[tuple[Campaign, int]]:
        return self._catalog.campaign_sizes(may_see=self._may_see)

    def _merged(self) -> Merged:
        return Merged.of(self._catalog.decisions("campaign"))

    def _key(self, one: Campaign) -> str:
        """Return what the spellings of the campaign share."""
        return self._catalog.campaign_key(one.id)

    def _named(self, name: str) -> tuple[str, str]:
        """Return key and name of the campaign called `name`, which may be new."""
        try:
            one = self.found(name)
        except NotFound:
            if not any(char.isalnum() for char in key(name)):
                raise
            return key(name), name.strip()
        return self._key(one), one.name

    def _open(self, item: Item) -> bool:
        return open_to(item, self._may_see)

    def _item(self, name: str) -> Item:
        if self._may_see is None:
            return self._catalog.item(name)
        # By identifier only: that several share a reference code is not for everybody.
        item = next(self._catalog.items([name]), None)
        if item is None or not self._open(item):
            raise NotFound(_("There is no item “{name}” in this archive.").format(name=name))
        return item


def _each(items: Iterable[Item], one: Campaign, used: Callable[[Item], None]) -> Iterator[Item]:
    for item in items:
        if any(link.id == one.id and link.status != "rejected" for link in item.campaigns):
            used(item)
            yield item


def _link(item: Item, campaign: str) -> CampaignLink:
    """Return the link of `item` to the campaign of this identifier or name; NotFound."""
    for link in item.campaigns:
        if campaign in (link.id, link.name) or key(campaign) in (link.key, key(link.name)):
            return link
    text = _("{item} is not linked to {name}; see `archivist show {item}`")
    raise NotFound(text.format(item=item.id, name=campaign))


def _ink(item: Item, key: str) -> Value:
    return next((kept_ink(link, item.pages) for link in item.campaigns if link.key == key), [])
