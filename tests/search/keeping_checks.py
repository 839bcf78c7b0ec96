"""What every engine keeps: what is added, replaced and deleted, by several at once, and when something fails."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from archivist.errors import ArchiveBusy, IndexUnusable
from archivist.search.clauses import Begins, Everything, Holds
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from tests.search.papers import ALL, DECISION, NOTICE, PLAN, Opening, found, word

_SOON = 30


def an_index_of_nothing_finds_nothing(open_index: Opening) -> None:
    index = open_index()
    assert (index.count(), list(index.ids()), index.has("1"), index.outdated(DECISION)) == (0, [], False, False)
    assert index.search(word("决定"), facets={"year": 3}).total == 0
    assert index.add([]) == 0
    index.delete(["never there"])
    index.optimize()
    index.check()
    assert index.count() == 0
    assert index.rebuild([]) == 0
    assert index.search(Everything()).total == 0
    index.check()


def replaces_deletes_and_clears(open_index: Opening) -> None:
    index = open_index()
    assert index.add(ALL) == 4
    assert index.add([SearchDocument("a-decision", "改", ("新文字",)), SearchDocument("e", "", ("又一件",))]) == 2
    assert index.count() == 5
    assert found(index, "聊城市委") == []
    assert found(index, "新文字") == ["a-decision"]
    index.add([SearchDocument("e", "", ("一",)), SearchDocument("e", "", ("二",))])
    assert found(index, "二") == ["e"]
    index.delete(["e", "never there"])
    assert index.count() == 4
    index.optimize()
    assert index.count() == 4
    assert found(index, "新文字") == ["a-decision"]
    assert found(index, "二") == []
    index.clear()
    assert index.count() == 0
    assert index.search(word("新文字")).total == 0
    index.add([DECISION])
    assert found(index, "聊城市委") == ["a-decision"]


def puts_documents_in_the_place_of_others(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    index.add([replace(DECISION, id="joined")], instead_of=["a-decision", "b-notice", "never there"])
    assert set(index.ids()) == {"joined", "c-plan", "d-spread"}
    index.add([replace(PLAN, title="改")], instead_of=["c-plan"])
    assert found(index, word("改", "title")) == ["c-plan"]
    index.add([], instead_of=["c-plan"])
    assert set(index.ids()) == {"joined", "d-spread"}
    assert found(index, Everything()) == ["d-spread", "joined"]


def rebuilds_from_whatever_was_there(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    index.delete(["b-notice"])
    assert index.rebuild([NOTICE, PLAN, replace(NOTICE, title="后来的")]) == 2
    assert set(index.ids()) == {"b-notice", "c-plan"}
    assert found(index, word("后来", "title")) == [], "of two with one id the first counts"
    assert found(index, word("转发", "title")) == ["b-notice"]
    index.check()


def tells_what_is_out_of_date(open_index: Opening) -> None:
    index = open_index()
    index.add([NOTICE])
    index.add([DECISION])
    assert index.has("a-decision") and not index.has("a") and not index.has("c-plan")
    assert not index.outdated(DECISION) and not index.outdated(PLAN)
    others = {
        "title": "另",
        "pages": (*DECISION.pages, "另"),
        "numbers": (),
        "cited_numbers": ("聊发〔1990〕1号",),
        "agencies": DECISION.agencies[::-1],
        "year": None,
        "date": "1995-09",
        "genre": None,
        "forms": (),
        "campaigns": ("另",),
        "reference_code": None,
        "people": ("另",),
        "readings": ("另",),
        "state": "review",
        "access": "secret",
    }
    for name, value in others.items():
        changed: SearchDocument = replace(DECISION, **{name: value})  # type: ignore[arg-type]
        assert index.outdated(changed), name
    changed = replace(DECISION, pages=("創建", *DECISION.pages))
    index.add([changed])
    assert not index.outdated(changed)
    assert index.outdated(DECISION)
    assert index.outdated(replace(changed, pages=("创建", *DECISION.pages))), "in the other script"


def survives_many_small_commits(open_index: Opening) -> None:
    index = open_index()
    for n in range(25):
        index.add([SearchDocument(f"{n:02}", f"第{n}件", (f"同文{n:02}号", "页二"), numbers=(f"甲〔1990〕{n}号",))])
        if n % 5 == 0:
            index.delete([f"{n:02}"])
    for _ in range(2):
        assert index.count() == 20
        assert len(found(index, "同文")) == 20
        assert found(index, "同文07号页") == ["07"]
        assert found(index, Holds("numbers", ("甲(1990)000007号",))) == ["07"]
        assert len(found(index, Begins("numbers", "甲(1990)"))) == 20
        index.optimize()
    index.check()


def gives_every_id_of_many(open_index: Opening) -> None:
    index = open_index()
    assert index.add(SearchDocument(f"{n:05}", "", ("同文",)) for n in range(5500)) == 5500
    index.delete(f"{n:05}" for n in range(0, 5500, 2))
    assert list(index.ids()) == [f"{n:05}" for n in range(1, 5500, 2)]
    assert index.count() == index.search(word("同文"), limit=0).total == 2750
    last = index.search(word("同文"), limit=20, offset=2740)
    assert [hit.item_id for hit in last.hits] == [f"{n:05}" for n in range(5481, 5500, 2)]


def shows_others_the_last_commit(open_index: Opening) -> None:
    writer, reader = open_index(), open_index()
    assert reader.search(word("决定")).total == 0
    writer.add([DECISION])
    assert found(reader, "决定") == ["a-decision"]
    writer.delete(["a-decision"])
    assert found(reader, "决定") == []
    reader.close()
    reader.close()
    writer.add([DECISION])
    assert found(reader, "决定") == ["a-decision"]
    reader.add([NOTICE])
    assert writer.count() == reader.count() == 2


def sees_an_index_filled_anew(open_index: Opening) -> None:
    writer, reader = open_index(), open_index()
    writer.add([DECISION])
    assert found(reader, "决定") == ["a-decision"]
    writer.clear()
    writer.add([NOTICE])
    assert found(reader, "决定") == []
    assert reader.count() == 1
    writer.rebuild([PLAN])
    assert found(reader, Everything()) == ["c-plan"]
    assert open_index().has("c-plan")


def answers_while_another_writes(open_index: Opening) -> None:
    writer, reader = open_index(), open_index()

    def write() -> None:
        for n in range(20):
            writer.add([SearchDocument(f"{n:02}", "", ("同文",)), DECISION])

    counts = []
    with ThreadPoolExecutor(1) as executor:
        writing = executor.submit(write)
        while not writing.done():
            counts.append(reader.search(word("同文")).total)
        writing.result()
    assert counts == sorted(counts)
    assert reader.search(word("同文")).total == 20


def finds_the_old_until_it_is_built_anew(open_index: Opening) -> None:
    index, reader = open_index(), open_index()
    index.add([DECISION, NOTICE])

    def documents() -> Iterator[SearchDocument]:
        yield PLAN
        # Asked by another process, by this one, and by one that opens the index only now.
        with ThreadPoolExecutor(1) as executor:
            for each in (reader, index, open_index()):
                hits = executor.submit(found, each, Everything()).result(_SOON)
                assert set(hits) == {"a-decision", "b-notice"}
        yield NOTICE

    assert index.rebuild(documents()) == 2
    for each in (index, reader, open_index()):
        assert set(found(each, Everything())) == {"b-notice", "c-plan"}


def broken(*documents: SearchDocument) -> Iterator[SearchDocument]:
    yield from documents
    raise OSError("the catalogue went away")


def leaves_nothing_of_a_failed_batch(open_index: Opening) -> None:
    index = open_index()
    index.add([DECISION])
    with pytest.raises(OSError, match="went away"):
        index.add(broken(NOTICE, replace(DECISION, title="改")), instead_of=["a-decision"])
    assert found(index, Everything()) == found(index, word("先进", "title")) == ["a-decision"]
    with pytest.raises(OSError, match="went away"):
        index.rebuild(broken(NOTICE))
    for each in (index, open_index()):
        assert found(each, Everything()) == found(each, word("先进", "title")) == ["a-decision"]
    index.check()
    index.add([NOTICE])
    assert index.count() == 2


def lets_one_write_at_a_time(open_index: Opening) -> None:
    first, hasty, patient = open_index(), open_index(0.0), open_index(_SOON)
    first.add([NOTICE])
    asked, go_on = Event(), Event()

    def documents() -> Iterator[SearchDocument]:
        yield DECISION
        asked.set()
        assert go_on.wait(_SOON)

    with ThreadPoolExecutor(2) as executor:
        try:
            writing = executor.submit(first.add, documents())
            assert asked.wait(_SOON)
            for write in (lambda: hasty.add([PLAN]), lambda: hasty.delete(["b-notice"]), lambda: hasty.rebuild([PLAN])):
                with pytest.raises(ArchiveBusy):
                    write()
            assert found(hasty, Everything()) == ["b-notice"], "searching goes on"
            waiting = executor.submit(patient.add, [PLAN])
            assert not waiting.done()
        finally:
            go_on.set()
        writing.result(_SOON)
        waiting.result(_SOON)
    assert set(found(hasty, Everything())) == {"a-decision", "b-notice", "c-plan"}
    hasty.add([DECISION])


def an_index_by_another_definition_is_of_no_use_until_built_anew(open_index: Opening) -> None:
    with pytest.MonkeyPatch.context() as older:
        older.setattr("archivist.search.fields.version", lambda package: "0.1")
        definition.cache_clear()
        before = open_index()
        before.add([DECISION])
        before.close()
    definition.cache_clear()
    index = open_index()
    uses = (
        lambda: index.search(word("决定")),
        index.count,
        lambda: list(index.ids()),
        lambda: index.has("a-decision"),
        lambda: index.outdated(DECISION),
        lambda: index.add([NOTICE]),
        lambda: index.delete(["a-decision"]),
        index.check,
    )
    for use in uses:
        with pytest.raises(IndexUnusable):
            use()
    assert index.rebuild([NOTICE]) == 1
    assert found(index, Everything()) == ["b-notice"]
    index.check()
    index.clear()
    assert index.count() == 0


def carries_ids_and_keys_that_are_no_text(open_index: Opening) -> None:
    index = open_index()
    ids = ["a\ud7ff", "a\ud7ffd800", "a\ud800", "a\udfff", "a\udfffb", "a\ue000"]
    index.rebuild(SearchDocument(id_, "", ("同文",), agencies=(id_,)) for id_ in reversed(ids))
    index.add([NOTICE, replace(PLAN, id="\udc80", agencies=("聊\ud83d", "\ude00城"))])
    assert list(index.ids()) == sorted([*ids, "b-notice", "\udc80"])
    assert found(index, "同文") == ids
    assert found(index, word("同文"), "newest") == ids
    for id_ in ids:
        assert index.has(id_) and found(index, Holds("agencies", (id_,))) == [id_]
    assert found(index, Begins("agencies", "a\udfff")) == ids[3:5]
    counted = index.search(Everything(), 0, facets={"agencies": 3}).facets["agencies"]
    assert counted == tuple((id_, 1) for id_ in ids[:3])
    index.delete(["a\ud800"])
    index.add([PLAN], instead_of=["\udc80", "a\udfff"])
    assert list(index.ids()) == ["a\ud7ff", "a\ud7ffd800", "a\udfffb", "a\ue000", "b-notice", "c-plan"]
    index.check()


CHECKS = (
    an_index_of_nothing_finds_nothing,
    replaces_deletes_and_clears,
    puts_documents_in_the_place_of_others,
    rebuilds_from_whatever_was_there,
    tells_what_is_out_of_date,
    survives_many_small_commits,
    gives_every_id_of_many,
    shows_others_the_last_commit,
    sees_an_index_filled_anew,
    answers_while_another_writes,
    finds_the_old_until_it_is_built_anew,
    leaves_nothing_of_a_failed_batch,
    lets_one_write_at_a_time,
    an_index_by_another_definition_is_of_no_use_until_built_anew,
    carries_ids_and_keys_that_are_no_text,
)
