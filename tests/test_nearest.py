"""The nearest known name: what people meant, in bounded time."""

from __future__ import annotations

import time

import pytest

from runner.nearest import are_opposites, did_you_mean, nearest

KNOWN = ["container", "image", "network", "volumes_from"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("contaner", "container"),
        ("IMAGE", "image"),
        ("volumesfrom", "volumes_from"),
        ("qqqqq", None),
        ("", None),
        ("x" * 101, None),
    ],
)
def test_the_nearest_name(name: str, meant: str | None) -> None:
    assert nearest(name, KNOWN) == meant
    assert did_you_mean(name, KNOWN) == (f"did you mean '{meant}'?" if meant else None)


def test_of_two_spellings_the_answer_is_always_the_same() -> None:
    known = ["container", "Container"]
    assert nearest("containr", known) == nearest("containr", reversed(known)) == "Container"


def test_many_known_names_cost_no_more_than_a_moment() -> None:
    known = [f"container_number_{index}" for index in range(40_000)]
    started = time.process_time()
    assert nearest("container_nmber_17", known) is not None
    assert nearest("CONTAINER_NUMBER_39999", known) == "container_number_39999"
    assert time.process_time() - started < 0.6


def test_long_names_cost_nothing() -> None:
    started = time.process_time()
    assert nearest("ab" * 500_000, ["ab" * 500_001]) is None
    assert nearest("short", ["short" * 200_000]) is None
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("--no-keep", "--keep"),
        ("lock", "unlock"),
        ("swarm.lock", "swarm.unlock"),
        ("image.import", "image.export"),
        ("detach", "attach"),
        ("AttachStdin", "AttachStdout"),
        ("above", "below"),
        ("disconnect", "connect"),
        ("--skip-tags", "--tags"),
    ],
)
def test_an_opposite_is_never_meant(one: str, other: str) -> None:
    assert are_opposites(one, other)
    assert are_opposites(other, one)
    assert nearest(one, [other]) is None


@pytest.mark.parametrize(
    ("one", "other"), [("crate", "create"), ("--kep", "--keep"), ("inspct", "inspect"), ("expct", "expect"), ("a", "a")]
)
def test_a_typing_error_is_no_opposite(one: str, other: str) -> None:
    assert not are_opposites(one, other)
    assert nearest(one, [other]) == other
