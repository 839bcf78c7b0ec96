"""What people decided about values, boundaries, campaigns and agencies: kept for good, heeded by every later run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from archivist.model import Decided, Value

Subject: TypeAlias = Literal["value", "line", "boundary", "link", "campaign", "agency", "likeness"]
#: What is about a page, by its `Page.place`.
OF_PAGES: frozenset[Subject] = frozenset({"value", "line", "boundary"})
#: What may be decided about whatever was decided, by its number (`undoes` in the detail).
UNDO = "undo"
#: What may be decided about each.
ACTS: Mapping[Subject, frozenset[str]] = {
    # A value is right as read, is another, is none, or is one that no rule found.
    "value": frozenset({"accept", "correct", "reject", "add"}),
    # A line says something else, or nothing ("") where no writing is; or is one that was not read at all.
    "line": frozenset({"read as", "add"}),
    # A page begins an item, or goes on with the one before.
    "boundary": frozenset({"begins", "continues"}),
    # An item belongs to a campaign, does not, or belongs to another.
    "link": frozenset({"confirm", "refuse", "move"}),
    # A campaign is another one by a second name, is called so, is of the same family as another, or is not.
    "campaign": frozenset({"merge", "name", "kin", "not kin"}),
    # A name is that of an agency, in full, short, or before it was renamed.
    "agency": frozenset({"heading", "variant", "predecessor", "forget"}),
    # Two pages, and with them their items, are the same, or are not.
    "likeness": frozenset({"confirm", "refuse"}),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided; of several about the same thing the latest counts.

    `target` finds it again: of a value, line or boundary the page (`Page.place`), of a link the identifier of the
    item, of a campaign or agency its key, of a likeness the two pages with a blank between. `detail` says the rest in
    plain values; that of an undoing is the detail of what is undone, with its number as `undoes` and what it was, its
    act, as `undid`. Where that is an undoing itself, `first` is the act that both are about in the end, and `counts`
    whether it counts now.
    """

    subject: Subject
    target: str
    act: str
    detail: Mapping[str, Value]
    decided: Decided

    def __post_init__(self) -> None:
        """Raise ValueError where `act` is nothing that can be decided about the subject."""
        if self.act != UNDO and self.act not in ACTS[self.subject]:
            raise ValueError(f"{self.act} cannot be decided about a {self.subject}")


def first_act(one: Decision) -> str:
    """Return what was decided: of an undoing, and of the undoing of one, what it takes back or puts back."""
    return str(one.detail.get("first", one.detail.get("undid", one.act)))


def about(decisions: Iterable[Decision], subject: Subject, target: str | None = None) -> tuple[Decision, ...]:
    """Return those about `subject`, and `target` if one is named, oldest first as they come."""
    return tuple(one for one in decisions if one.subject == subject and target in (None, one.target))
