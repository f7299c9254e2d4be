"""Each connect, read and write of the shipped scenarios fails in each way: what people see of it is true.

By default this is a sample, the same one every time; ``tests/run --torture`` plays all rounds, ``--torture-seed N``
another sample.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.torture.rounds import NAMES, Torturer, complaints, torturer

SAMPLE = 6
"""Rounds of each scenario: together less than a minute."""


@pytest.fixture(scope="module")
def torture() -> Iterator[Torturer]:
    with torturer() as playing:
        yield playing


@pytest.mark.parametrize("name", NAMES)
def test_whatever_breaks(
    torture: Torturer, name: str, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    whole = torture.whole(name)
    assert whole.code == 0, whole.err
    rounds = torture.rounds(name)
    if not pytestconfig.getoption("torture"):
        seed = f"{pytestconfig.getoption('torture_seed')} {name}"
        rounds = random.Random(seed).sample(rounds, min(SAMPLE, len(rounds)))
    failures = []
    codes: Counter[int] = Counter()
    for one in rounds:
        outcome = torture.play(one)
        codes[outcome.code] += 1
        if found := complaints(whole, one, outcome):
            failures.append("\n".join([*found, f"  again: {one.command}", outcome.err]))
    if pytestconfig.getoption("torture"):
        ended = ", ".join(f"{number} with exit code {code}" for code, number in sorted(codes.items()))
        record_property(f"torture of {name}", f"{len(rounds)} rounds: {ended}")
    assert not failures, "\n".join(failures)
