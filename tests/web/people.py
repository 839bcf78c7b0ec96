"""People who come into the reading room: the one at this machine, and those who have really logged in."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.model import Document, Item
from archivist.settings import Settings
from archivist.web import application
from tests import items
from tests.web.rooms import CAMPAIGN, with_scans

#: Where the room is for those who come from elsewhere, and where they come from.
PLACE, ADDRESS = "http://archive.example", "192.0.2.7"
#: The password of each of them; the name is the role.
PASSWORD = "seven old paper slips"
#: A second secret item, which is told of beside others: like the decision, and citing it.
SIBLING = "53c7f1"
_TOKEN = re.compile(r'<meta name="csrf" content="([^"]+)">')


@dataclass(frozen=True)
class People:
    """The same room as each of them sees it."""

    folder: Path
    nobody: TestClient
    reader: TestClient
    archivist: TestClient
    admin: TestClient


def sibling() -> Item:
    """A secret decision that is like the decision of `items.decision`, cites it, and belongs to its campaign."""
    title = "中共聊城市委 聊城市人民政府关于创建全国科技工作先进市赤松工程的决定"
    paper = items.page(1, "绝密", title, "聊发(1995)58号", CAMPAIGN, "一九九五年六月十日", name="sibling.png")
    fields = (
        items.field(paper, "secrecy", "绝密"),
        items.field(paper, "title", title),
        items.field(paper, "genre", "决定"),
        items.field(paper, "date_of_issue", "一九九五年六月十日", "1995-06-10"),
        items.field(
            paper, "citation", "聊发(1995)58号",
            {"title": "关于创建全国科技工作先进市的决定", "document_number": "聊发〔1995〕58号"},
        ),
    )  # fmt: skip
    links = (items.campaign(paper, CAMPAIGN),)
    return Item(SIBLING, title, (paper,), (Document("issued_document", (1,), None, fields),), links, None, "box 2/赤松")


def hide(folder: Path) -> None:
    """Put the second secret item into the archive in `folder`."""
    with Archive(Settings(folder=folder)) as archive:
        archive.catalog.save_item(with_scans(archive, sibling()), "test")
        archive.update_index()


@contextmanager
def entered(folder: Path) -> Iterator[TestClient]:
    """Open the room of the archive in `folder` for the one person at this machine."""
    with TestClient(application(folder), base_url="http://127.0.0.1", client=("127.0.0.1", 50000)) as client:
        yield client


@contextmanager
def populate(folder: Path) -> Iterator[People]:
    """Make accounts in the archive in `folder`, open its room, and have everybody log in."""
    with Archive(Settings(folder=folder)) as archive:
        for role in ("admin", "archivist", "reader"):
            archive.catalog.accounts.add(role, PASSWORD, role, (), "test")
    app = application(folder)
    with TestClient(app, base_url=PLACE, client=(ADDRESS, 50000), follow_redirects=False) as nobody:
        yield People(folder, nobody, *(logged_in(app, role) for role in ("reader", "archivist", "admin")))


def logged_in(app: FastAPI, name: str, password: str = PASSWORD, address: str = ADDRESS) -> TestClient:
    """Return a browser in which somebody has logged in to the open room `app`."""
    client = TestClient(app, base_url=PLACE, client=(address, 50000), follow_redirects=False)
    answer = client.post("/login", data={"name": name, "password": password}, headers={"Origin": PLACE})
    assert answer.status_code == 303, answer.text
    return client


def csrf(client: TestClient) -> str:
    """Return what the forms of this visitor must bring back."""
    found = _TOKEN.search(client.get("/account").text)
    assert found
    return found[1]
