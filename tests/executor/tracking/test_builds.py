"""Builds are followed by their streams: what they have created, and what came from a cache."""

from __future__ import annotations

import email.utils
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.transport import Headers
from runner.executor.times import http_date, unix_seconds
from runner.executor.tracking.builds import Build

DOCKER = """\
Step 1/6 : FROM alpine AS one
 ---> 17b6c2148c8a
Step 2/6 : RUN echo hi > /x
 ---> Running in 041c52b2c17b
hi
Removing intermediate container 041c52b2c17b
 ---> 7dd1a3dc7db8
Step 3/6 : FROM alpine
 ---> 17b6c2148c8a
Step 4/6 : COPY --from=one /x /y
 ---> Using cache
 ---> 6d6e06a064f2
Step 5/6 : RUN echo there
 ---> Running in fc204203e05c
there
 ---> 17b6c2148c8b is what it prints
Removing intermediate container fc204203e05c
 ---> c2852a6b41a2
Step 6/6 : FROM one
 ---> 7dd1a3dc7db8
Successfully built c2852a6b41a2
"""
PODMAN = """\
[1/2] STEP 1/2: FROM alpine AS one
[1/2] STEP 2/2: RUN echo hi > /x
--> a44ba95e8b6
[2/2] STEP 1/3: FROM alpine
[2/2] STEP 2/3: COPY --from=one /x /y
--> Using cache 3a5bda0906410289f585eeba66657a7c8791eace676475b143d7af60188b16b8
--> 3a5bda09064
[2/2] STEP 3/3: RUN echo there
[2/2] COMMIT demo
--> 15ca81d2aa0
Successfully tagged localhost/demo:latest
15ca81d2aa047f6503a76ee6d0a59dc1fbf0a24bf4979a1389ca5313d93265aa
"""
FINAL = "c2852a6b41a2ea4b1c5c86a400e7a06c729dfaae4fd93b2449a82eaba5a7a7ff"


def build() -> Build:
    return Build("image", "built", ())


def followed(text: str, *, cut: int = 1) -> Build:
    """A build whose output arrives a few lines at a time."""
    found, lines = build(), text.splitlines(keepends=True)
    for start in range(0, len(lines), cut):
        found.feed({"stream": "".join(lines[start : start + cut])})
    return found


@pytest.mark.parametrize("cut", [1, 3, 100])
def test_the_classic_builder(cut: int) -> None:
    found = followed(DOCKER, cut=cut)
    assert found.steps == ["7dd1a3dc7db8", "c2852a6b41a2"]
    assert found.stages == ["7dd1a3dc7db8", "c2852a6b41a2"]
    assert found.containers == ["041c52b2c17b", "fc204203e05c"]
    assert found.final is None, "the short id is not worth much"
    found.feed({"aux": {"ID": f"sha256:{FINAL}"}})
    assert found.final == FINAL


@pytest.mark.parametrize("cut", [1, 4])
def test_podman(cut: int) -> None:
    found = followed(PODMAN, cut=cut)
    assert found.steps == ["a44ba95e8b6", "15ca81d2aa0"]
    assert found.stages == ["a44ba95e8b6"]
    assert found.final == "15ca81d2aa047f6503a76ee6d0a59dc1fbf0a24bf4979a1389ca5313d93265aa"


def test_a_quiet_build_shows_its_image_only() -> None:
    found = followed(f"sha256:{FINAL}\n")
    assert (found.steps, found.final) == ([], FINAL)


def test_a_stream_that_was_read_as_text() -> None:
    found = build()
    found.feed_text(f'{{"stream":"Step 1/1 : FROM x"}}\n\nnot JSON\n{{"aux":{{"ID":"sha256:{FINAL}"}}}}')
    found.feed_text(None)
    assert found.final == FINAL


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.dictionaries(st.sampled_from(["stream", "aux", "ID"]), inner) | st.lists(inner),
    )
)
def test_any_item_can_be_fed(item: Any) -> None:
    build().feed(item)


def test_the_time_of_the_engine_counts() -> None:
    """An engine whose clock is an hour late, as its answers show."""
    found = build()
    late = datetime.now(UTC) - timedelta(hours=1)
    found.begin(Headers((("Date", email.utils.format_datetime(late, usegmt=True)),)))
    assert 0 < time.time() - 3600 - found.started < 5
    before = found.started
    found.begin(Headers((("Date", "yesterday"),)))
    found.begin(Headers())
    assert found.started == before


TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(lambda time: time.replace(tzinfo=UTC))


@given(TIMES)
def test_dates_of_responses(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert http_date(email.utils.format_datetime(whole, usegmt=True)) == whole.timestamp()


@given(TIMES, st.integers(-14 * 60, 14 * 60))
def test_times_of_creation(moment: datetime, minutes: int) -> None:
    there = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert unix_seconds(there.isoformat()) == moment.timestamp()


@given(st.text())
def test_anything_else_is_no_time(text: str) -> None:
    assert http_date(text) is None


def test_engines_write_nanoseconds_and_numbers() -> None:
    assert unix_seconds("1970-01-01T00:00:01.500000999Z") == pytest.approx(1.5, abs=1e-5)
    assert unix_seconds(12) == 12.0
    assert unix_seconds("soon") is None
    assert unix_seconds(None) is None
    assert http_date("Wed, 99 Nov 2026 09:25:36 GMT") is None
