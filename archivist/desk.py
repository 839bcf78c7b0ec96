"""The desk at which people decide, and where what they decided is carried out at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from threading import Lock

from archivist import campaigns, recipes
from archivist.access import MaySee
from archivist.box import MANIFEST
from archivist.catalog import Catalog
from archivist.corrections import PERSON, clipped, line_at, lines_saying, plain, text_at
from archivist.decisions import UNDO, Decision, first_act
from archivist.describe.authority import Agency
from archivist.describe.decided import addition, decision_for
from archivist.describe.names import agency_key
from archivist.entry import Entries, Stack
from archivist.errors import DescribingFailed, NotFound, WrongCall
from archivist.handles import handles
from archivist.image.open import SUFFIXES
from archivist.language import gettext as _
from archivist.model import Box, Decided, Evidence, Failure, Item, Line, Page, Value, campaign_id
from archivist.text import span_of

# Characters of a line that a person types: more than stand in one on any paper.
_LONGEST_LINE = 1000
# What changes how the items of a campaign name it.
_RENAMING = {"merge", "name"}


class Desk:
    """Takes decisions about the items of `catalog` and makes them anew; `index` brings the search up to date."""

    def __init__(self, catalog: Catalog, index: Callable[[], None]) -> None:
        self._catalog, self._index = catalog, index
        # Whoever waits for another finds what is theirs done.
        self._carrying = Lock()

    def decide(self, decisions: Sequence[Decision]) -> int:
        """Keep what a person decided, make the items concerned anew at once, and return how many were made anew.

        Raises DescribingFailed where the rules break down over one of them: it stays as it was until that is mended,
        and the decision is kept.
        """
        self._catalog.decide(decisions)
        return self._told(*self.carry_out())

    def describe_again(self, names: Iterable[str] | None = None, tell: Callable[[Item], None] | None = None) -> int:
        """Describe all items, or those called `names`, from their kept pages; return how many there were.

        Nothing is read again: what changes is what rules, agencies and decisions make of the text. `tell` is given
        each item as it is done. Raises DescribingFailed at the end where the rules broke down over some items, which
        stay as they were.
        """
        return self._told(*self._describe(names, tell))

    def divide_again(self, tell: Callable[[str], None]) -> int:
        """Draw the lines between all items anew from their kept pages, as rules and people draw them today.

        `tell` is given each place that is done; returns how many items there are. Raises DescribingFailed where rules
        broke down, when all is done.
        """
        return self._told(*self._divide(self._catalog.sources(), tell))

    def judgement(self, handle: str, act: str, decided: Decided, value: str | None = None) -> Decision:
        """Return the decision that `act` (accept, correct, reject) on what `handle` names is; NotFound, WrongCall.

        `value` is the right one, as a person types it.
        """
        item = self._catalog.item(handle.partition(".")[0])
        place = handles(item).get(handle)
        if place is None:
            text = _("nothing in {item} has the handle {handle} (any more); see `archivist review` or `archivist show`")
            raise NotFound(text.format(item=item.id, handle=handle))
        if place.sort == "value":
            return decision_for(item, handle, act, value, *decided)
        if act == "correct":
            raise WrongCall(_("{handle} is no value; accept or reject it").format(handle=handle))
        if place.sort == "link":
            link = item.campaigns[place.position]
            detail = {"campaign": link.key, "name": link.name, "evidence": campaigns.kept_ink(link, item.pages)}
            return Decision("link", item.id, "confirm" if act == "accept" else "refuse", detail, decided)
        boundary = item.boundaries[place.position]
        page = item.page(boundary.page)
        if act == "reject" and item.begins_at == 1 and page is item.pages[0]:
            raise WrongCall(_("{item} comes first in its box: there is nothing to join it to").format(item=item.id))
        return Decision("boundary", page.place, "begins" if act == "accept" else "continues", {}, decided)

    def add_value(self, name: str, page: int, field: str, value: str, ink: str, decided: Decided) -> None:
        """Add to the item `name` a value no rule found; the words `ink` on `page` prove it (NotFound, WrongCall)."""
        item = self._catalog.item(name)
        sheet = next((one for one in item.pages if one.number == page), None)
        span = span_of(ink, sheet.running_text) if sheet else None
        if sheet is None or span is None:
            text = _(
                "“{ink}” does not stand on page {page} of {item} as it was read; name words that do (`show --text`)"
            )
            raise NotFound(text.format(ink=ink, page=page, item=item.id))
        box = Evidence.of(sheet, *span).box
        self.decide([addition(item, page, box, field, value, *decided)])

    def read_line(self, name: str, page: int, box: Box, text: str, decided: Decided) -> None:
        """Keep what `line_reading` returns, and make the item anew."""
        if decision := self.line_reading(name, page, box, text, decided):
            self.decide([decision])

    def line_reading(self, name: str, page: int, box: Box, text: str, decided: Decided) -> Decision | None:
        """Return the decision that a line on `page` of the item `name` says `text`, "" where there is no writing.

        The line is the one that stands in `box` (pixels of the scan). None where a person said so already; NotFound,
        WrongCall.
        """
        item, sheet, text = *self._sheet(name, page), _written(text)
        as_read = self._catalog.page_as_read(item, page)
        seen = line_at(sheet, box)
        # What a person read as one line may be read in parts by now, or in one with others.
        line = seen if seen and seen.method == PERSON else line_at(as_read, box) or seen
        if line is None:
            raise NotFound(_("no line stands there on page {page} of {item}").format(page=page, item=item))
        if seen and (seen.method, seen.text) == (PERSON, text):
            return None
        detail: dict[str, Value] = {"box": list(line.box), "read": text_at(as_read, line.box), "text": text}
        return Decision("line", sheet.place, "read as", detail, decided)

    def line_saying(self, name: str, page: int, words: str) -> Box:
        """Return where the line of a page stands that says `words`; NotFound, WrongCall where several say them."""
        item, sheet = self._sheet(name, page)
        found = lines_saying(sheet, words)
        if not found:
            text = _(
                "“{ink}” does not stand on page {page} of {item} as it was read; name words that do (`show --text`)"
            )
            raise NotFound(text.format(ink=words, page=page, item=item))
        if len(found) > 1:
            raise WrongCall(_("several lines say “{words}”; give more of the one that is meant").format(words=words))
        return found[0].box

    def line_in(self, name: str, page: int, box: Box) -> Line | None:
        """Return the line that stands in `box` (pixels of the scan) on a page, None where none does; NotFound."""
        return line_at(self._sheet(name, page)[1], box)

    def add_line(self, name: str, page: int, box: Box, text: str, decided: Decided) -> None:
        """Keep what `line_addition` returns, and make the item anew."""
        if decision := self.line_addition(name, page, box, text, decided):
            self.decide([decision])

    def line_addition(self, name: str, page: int, box: Box, text: str, decided: Decided) -> Decision | None:
        """Return the decision that a line no reader saw stands in `box` (pixels of the scan) on `page` of an item.

        None where a person said so already. Raises NotFound, and WrongCall where a line stands there or nothing is
        said.
        """
        item, sheet, text = *self._sheet(name, page), _written(text)
        scan = sheet.scan
        own = clipped(box, scan.area or Box(0, 0, scan.width, scan.height))
        if not text or own.width < 1 or own.height < 1:
            raise WrongCall(_("say what is written there, and where on the page"))
        line = line_at(sheet, own)
        if line and (line.method, line.text) == (PERSON, text):
            return None
        if line:
            words = _("a line stands there on page {page} of {item}: “{text}”; correct that one")
            raise WrongCall(words.format(page=page, item=item, text=line.text))
        return Decision("line", sheet.place, "add", {"box": list(own), "text": text}, decided)

    def undoing(self, number: int, decided: Decided, *, may_see: MaySee = None) -> Decision:
        """Return the decision that what was decided under `number` shall not count; NotFound, WrongCall.

        Of an undoing it is that what was undone counts again. What is about items whose level of access is not in
        `may_see` is not found.
        """
        said = self._catalog.decision(number, may_see=may_see)
        if said is None:
            raise NotFound(_("nothing was decided under the number {number}").format(number=number))
        if said.undone:
            raise WrongCall(_("what was decided under the number {number} is undone already").format(number=number))
        one = said.decision
        detail: dict[str, Value] = {**one.detail, "undoes": number, "undid": one.act}
        if one.act == UNDO:
            detail["first"] = first_act(one)
            detail["counts"] = not one.detail.get("counts", False)
        return Decision(one.subject, one.target, UNDO, detail, decided)

    def undo(self, number: int, decided: Decided, *, may_see: MaySee = None) -> Decision:
        """Undo what was decided under `number`, as `undoing` says, and make what it concerned anew."""
        decision = self.undoing(number, decided, may_see=may_see)
        self.decide([decision])
        return decision

    def agencies(self) -> tuple[Agency, ...]:
        """Return the list of agencies: those a person verified, and what was decided about their names."""
        return Entries(self._catalog).authority.agencies()

    def name_agency(
        self, name: str, also: Iterable[str], formerly: Iterable[str], decided: Decided, *, forget: bool = False
    ) -> None:
        """Put `name` on the list of agencies with its other names, or take it off; WrongCall where it names none."""
        key = agency_key(name)
        if not key:
            raise WrongCall(_("“{name}” is no name of an agency").format(name=name))
        acts = [("forget", "")] if forget else [("heading", name)]
        acts += [("variant", other) for other in also] + [("predecessor", other) for other in formerly]
        self._catalog.decide(
            [Decision("agency", key, act, {"name": said} if said else {}, decided) for act, said in acts]
        )

    def split(self, name: str, page: int, decided: Decided) -> list[Item]:
        """Let an item of its own begin at `page` of the item `name`, and return both; WrongCall, NotFound."""
        item = self._catalog.item(name)
        if page not in [one.number for one in item.pages]:
            raise NotFound(_("the item {name} has no page {page}").format(name=item.id, page=page))
        if page == item.pages[0].number:
            raise WrongCall(_("the item {name} begins at page {page} already").format(name=item.id, page=page))
        place = item.page(page).place
        self.decide([Decision("boundary", place, "begins", {}, decided)])
        return [self._catalog.item(one) for one in dict.fromkeys([item.id, *self._catalog.items_holding([place])])]

    def join(self, first: str, second: str, decided: Decided) -> Item:
        """Make one item of two that lie one behind the other in their box, and return it; WrongCall, NotFound."""
        before, behind = self._catalog.item(first), self._catalog.item(second)
        if before.begins_at > behind.begins_at:
            before, behind = behind, before
        neighbours = self._in_order(before.source)
        if before.source != behind.source:
            text = _("{one} and {other} were handed in apart; name both in a manifest.csv with one item, and ingest it")
            raise WrongCall(text.format(one=before.source, other=behind.source))
        places = [item.id for item in neighbours]
        if places.index(behind.id) - places.index(before.id) != 1:
            text = _("{one} and {other} do not lie one behind the other; join what lies between them first")
            raise WrongCall(text.format(one=before.id, other=behind.id))
        self.decide([Decision("boundary", behind.pages[0].place, "continues", {}, decided)])
        return self._catalog.item(before.id)

    def carry_out(self) -> tuple[int, list[Exception]]:
        """Make anew what was decided about and is not made anew yet; return how many items, and what failed.

        Safe in several threads and processes at once: of each decision the item is made anew at least once after it.
        """
        with self._carrying:
            made, latest = self._catalog.outstanding()
            done, errors = self._describe(names) if (names := self._concerned(made)) else (0, [])
            divided = self._catalog.items_holding({one.target for one in made if one.subject == "boundary"})
            count, others = self._divide(self._catalog.sources(divided))
            self._look_again({one.target for one in made if one.subject == "likeness" and one.act == UNDO})
            self._catalog.carried_out(latest)
        return done + count, errors + others

    def _concerned(self, made: Sequence[Decision]) -> set[str]:
        """Return the items that are described otherwise by what was decided."""
        names = set(self._catalog.items_holding({one.target for one in made if one.subject in ("value", "line")}))
        names |= {one.target for one in made if one.subject == "link"}
        # Who is kin to whom is worked out when somebody looks.
        told = (one for one in made if one.subject == "campaign" and first_act(one) in _RENAMING)
        for key in {key for one in told for key in (one.target, str(one.detail.get("into", one.target)))}:
            names.update(self._catalog.items_naming(campaign_id(key)))
        return names

    def _look_again(self, pairs: Iterable[str]) -> None:
        """Look for the like of pages about which people had decided."""
        names = self._catalog.items_holding([place for pair in pairs for place in pair.split(" ")])
        if names:
            from archivist.duplicates import Duplicates

            Duplicates(self._catalog).look_for(names)

    def _sheet(self, name: str, page: int) -> tuple[str, Page]:
        """Return the identifier of an item and its page `page`; NotFound."""
        known = name if self._catalog.access(name) else self._catalog.item(name).id
        return known, self._catalog.page_of(known, page)

    def _describe(
        self, names: Iterable[str] | None, tell: Callable[[Item], None] | None = None
    ) -> tuple[int, list[Exception]]:
        entries, done = Entries(self._catalog), 0
        broken = {failure.source for failure, _at in self._catalog.failures() if failure.stage == "describe"}
        errors: list[Exception] = []
        for name in self._catalog.identifiers(names):
            own: list[Exception] = []
            described = self._kept_anew(entries, name, own)
            errors += own
            if described and described.source in broken:
                self._catalog.clear_failure(described.source, "describe")
            if described:
                done += 1
            if described and tell:
                tell(described)
        self._index()
        return done, errors

    def _kept_anew(self, entries: Entries, name: str, errors: list[Exception]) -> Item | None:
        """Describe an item anew and keep it; None where it is gone, or no rule can make anything of it."""
        while True:
            latest = self._catalog.last_decision()
            item = next(self._catalog.items([name]), None)
            if item is None:
                return None
            described = entries.described(item, _named(item), errors.append)
            if errors:
                self._note(item.source, errors)
                return None
            # Again where a person decides something in the meantime: it may be about this item.
            if self._catalog.save_items([described], heeding=latest, described_by=self._recipe()):
                return described

    def _recipe(self) -> str:
        """Return what items are described by now, which the ledger is told of."""
        recipe = recipes.describing()
        self._catalog.ledger.keep_recipe(recipe)
        return recipe.digest

    def _note(self, source: str, errors: Iterable[Exception]) -> None:
        """Keep that rules broke down over pages from `source`, for `status`, and for a later run to try again."""
        why = _("{kind}: {reason}; its text is kept and can be searched, report this with the scans")
        for error in errors:
            text = why.format(kind=type(error).__name__, reason=error)
            self._catalog.record_failure(Failure(source, 0, "describe", DescribingFailed.cause, text))

    def _told(self, done: int, errors: Sequence[Exception]) -> int:
        """Return `done`; DescribingFailed where there are errors."""
        for error in errors:
            text = _("{kind}: {reason}; report this with the scans")
            raise DescribingFailed(text.format(kind=type(error).__name__, reason=error)) from error
        return done

    def _in_order(self, source: str) -> list[Item]:
        names = [name for name, _places in self._catalog.items_of(source)]
        return sorted(self._catalog.items(names), key=lambda item: item.begins_at)

    def _divide(self, sources: Sequence[str], tell: Callable[[str], None] | None = None) -> tuple[int, list[Exception]]:
        """Draw the lines between the items from each of `sources` anew; return how many there are, and what failed."""
        # The list of agencies is built once, and the index told once.
        entries, done, errors = Entries(self._catalog), 0, list[Exception]()
        for source in sources:
            count, others = self._divided_anew(entries, source)
            done, errors = done + count, errors + others
            if tell:
                tell(source)
        if sources:
            self._index()
        return done, errors

    def _divided_anew(self, entries: Entries, source: str) -> tuple[int, list[Exception]]:
        while True:
            latest = self._catalog.last_decision()
            items = self._in_order(source)
            if not items:
                return 0, []
            pages = (replace(page, number=page.number + item.begins_at - 1) for item in items for page in item.pages)
            stack = Stack(source, _named(items[0]), tuple(pages), items[0].given)
            before = [(item.id, tuple(page.place for page in item.pages)) for item in items]
            errors: list[Exception] = []
            made = entries.make(stack, before, errors.append)
            gone = {item.id for item in items} - {item.id for item in made}
            if self._catalog.save_items(made, instead_of=gone, heeding=latest, described_by=self._recipe()):
                self._note(source, errors)
                return len(made), errors


def _written(text: str) -> str:
    """Return `text` as it may stand in a line; WrongCall where it is longer than any."""
    kept = plain(text)
    if len(kept) > _LONGEST_LINE:
        raise WrongCall(_("a line has {most} characters at most").format(most=_LONGEST_LINE))
    return kept


def _named(item: Item) -> str:
    """Return what the place is called that an item came from, for one that has no title of its own."""
    whole, mark, part = item.source.rpartition("#")
    place = PurePosixPath(whole if mark else item.source)
    if mark:
        name = part if place.name.lower() == MANIFEST else f"{place.name} {part}"
    else:
        # Only a scan has a suffix: a folder may be called 7.5.
        name = (place.stem if place.suffix.lower() in SUFFIXES else place.name) or item.source
    return name if item.begins_at == 1 else f"{name}, {item.begins_at}"
