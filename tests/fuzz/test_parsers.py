"""A short round of `make fuzz`: whatever comes, a parser understands it or says why not."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, mutated


@pytest.mark.parametrize("name", PARSERS)
def test_nothing_but_the_errors_it_documents_comes_out_of_a_parser(name: str) -> None:
    parser = PARSERS[name]
    rounds = 15 if "pdf" in name else 40

    @settings(max_examples=rounds, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=False))
    def tried(chance: Random) -> None:
        try:
            parser.take(mutated(parser, chance))
        except parser.errors as error:
            assert str(error)

    tried()


@pytest.mark.parametrize("name", PARSERS)
def test_the_examples_that_are_spoilt_are_sound(name: str) -> None:
    parser = PARSERS[name]
    for example in parser.examples():
        if name != "backup":
            parser.take(example)
