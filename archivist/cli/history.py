"""`archivist history`: what happened to an item, a scan or the whole archive, as the ledger tells it."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist.cli.common import at_archive, commands, opened
from archivist.errors import WrongCall
from archivist.phrases import phrase, sure

if TYPE_CHECKING:
    from archivist.catalog.ledger import Recorded
    from archivist.recipes import Recipe

#: Digits of a digest that are enough to tell one from another on a screen.
_SHORT = 12
_COLOURS = {"failure": "red", "warning": "yellow"}


@commands.command(
    help=_(
        "Say what happened to an item (identifier or reference code) with its pages and scans, or to a scan (its "
        "SHA-256, or how that begins), oldest first."
    )
)
@click.argument("name", required=False)
@click.option("--all", "everything", is_flag=True, help=_("Everything that ever happened in the archive."))
@click.option(
    "--recipes", is_flag=True, help=_("By which programs, models and settings pages were read and described.")
)
@click.option("--json", "as_json", is_flag=True, help=_("For machines: the events as the ledger keeps them."))
@at_archive
def history(name: str | None, everything: bool, recipes: bool, as_json: bool, archive: Path) -> None:
    """Say what happened."""
    if [name is not None, everything, recipes].count(True) != 1:
        raise WrongCall(_("say what the history is of: an item, a scan, --all, or --recipes"))
    with opened(archive) as rooms:
        ledger = rooms.catalog.ledger
        if recipes:
            found = [_spelt_out(recipe, since, as_json) for recipe, since in ledger.recipes()]
            click.echo("[\n" + ",\n".join(found) + "\n]" if as_json else "\n".join(found))
            return
        happened: Iterable[Recorded] = ledger.history(name) if name is not None else ledger.events()
        for line in _as_json(happened) if as_json else _told(happened):
            click.echo(line)


def _as_json(happened: "Iterable[Recorded]") -> Iterator[str]:
    """Yield a list of events, one a line: the whole ledger may be longer than memory."""
    before = "["
    for one in happened:
        event = one.event
        said = {
            "number": one.number, "at": one.at, "type": event.type, "object": event.object, "outcome": event.outcome,
            "agent": event.agent, "detail": event.detail, "hash": one.seal,
        }  # fmt: skip
        yield before + "\n" + json.dumps(said, ensure_ascii=False)
        before = ","
    yield "]" if before == "," else "[]"


def _told(happened: "Iterable[Recorded]") -> Iterator[str]:
    """Yield a line for each event: when, to what, what, by whom where a person did it, and what else there is."""
    from archivist.definitions import load

    words = load("schemas/events.yaml")
    # Scans by the names under which they came.
    names: dict[str, str] = {}
    for one in happened:
        event, detail = one.event, dict(one.event.detail)
        kind, _mark, rest = event.object.partition(":")
        digest, _mark, index = rest.partition(":")
        if kind == "scan":
            names.setdefault(digest, str(detail.get("name") or f"{digest[:_SHORT]}…"))
        act = words["acts"].get(detail.pop("act", None))
        what = phrase(act or words["types"][event.type])
        if event.outcome in _COLOURS:
            how = "" if act else f" ({phrase(words['outcomes'][event.outcome])})"
            what = click.style(what + how, fg=_COLOURS[event.outcome])
        known = names.get(digest, f"{digest[:_SHORT]}…")
        about = {
            "scan": known,
            "page": _("{scan} p. {number}").format(scan=known, number=int(index) + 1 if index.isdecimal() else "?"),
            "archive": _("the archive"),
        }.get(kind, rest)
        more = [f"{phrase(words['details'][key])} {_plain(key, value)}" for key, value in detail.items()
                if key in words["details"] and value not in ("", None, [], 0, about)]  # fmt: skip
        if not event.agent.startswith("archivist "):
            more.insert(0, _("by {who}").format(who=event.agent))
        yield "  ".join(filter(None, (_local(one.at), about, what, "; ".join(more))))


def _plain(key: str, value: Any) -> str:
    """Return a part of a detail as people read it."""
    if isinstance(value, dict):
        return str(value.get("text") or json.dumps(value, ensure_ascii=False))
    if isinstance(value, list):
        return ", ".join(_plain(key, part) for part in value)
    if isinstance(value, float):
        return sure(value)
    if key == "bytes":
        return f"{value:,}"
    text = _(value) if key in ("cause", "field") else str(value)
    return f"{text[:_SHORT]}…" if len(text) == 64 and text.isalnum() else text


def _spelt_out(recipe: "Recipe", since: str, as_json: bool) -> str:
    says = json.loads(recipe.says)
    if as_json:
        return json.dumps({"digest": recipe.digest, "stage": recipe.stage, "first_used": since, "says": says})
    stage = {"reading": _("reading pages"), "describing": _("describing items")}.get(recipe.stage, recipe.stage)
    heading = _("{stage} {digest}  since {since}").format(
        stage=stage, digest=f"{recipe.digest[:_SHORT]}…", since=_local(since)
    )
    lines = [click.style(heading, bold=True)]
    for part, said in says.items():
        if isinstance(said, dict):
            lines += [f"  {name} {_plain(name, value)}" for name, value in said.items()]
        else:
            lines.append(f"  {part} {_plain(part, said)}")
    return "\n".join(lines)


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
