"""What tests of the search share; the checks of the engines say what differed, as tests do."""

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest

_GAZETTE = Path(__file__).parents[2] / "../shared/gazette.jsonl.gz"
_CHECKS = ("finding_checks", "odd_checks", "keeping_checks", "drawing")

pytest.register_assert_rewrite(*(f"tests.search.{name}" for name in _CHECKS))


@pytest.fixture(scope="session")
def gazette() -> list[str]:
    """The texts of some papers of a government gazette, without white space."""
    if not _GAZETTE.exists():
        pytest.skip("no ../shared/gazette.jsonl.gz here")
    with gzip.open(_GAZETTE, "rt", encoding="utf-8") as lines:
        return ["".join(json.loads(line)["text"].split()) for line in islice(lines, 60)]
