"""Whole tars and broken ones, in pieces of any size."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.streams.tar import TarWatch
from runner.errors import EngineError

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}
ERROR = b'{"errorDetail":{"message":"layer lost"},"error":"layer lost"}\r\n'


def tar(*sizes: int, form: int = tarfile.PAX_FORMAT, name: str = "file") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as made:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        made.addfile(folder)
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.LNKTYPE, "file"
        link.size = 5  # counts nothing
        made.addfile(link)
        for number, size in enumerate(sizes):
            info = tarfile.TarInfo(f"{name}{number}")
            info.size = size
            made.addfile(info, io.BytesIO(b"{" * size))
    return out.getvalue()


def watched(data: bytes, piece: int = 65536) -> str | None:
    watch = TarWatch()
    for start in range(0, len(data), piece):
        watch.feed(data[start : start + piece])
    return watch.problem()


SMALL = tar(0, 1, 512, 700)


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("name", ["file", "ä", "long/" * 40])
def test_whole_ones(form: int, name: str) -> None:
    if form == tarfile.USTAR_FORMAT:
        name = name[:50]
    for piece in (1, 100, 512, 1000, 65536):
        assert watched(tar(0, 1, 511, 512, 513, 3000, form=form, name=name), piece) is None


def test_an_empty_one() -> None:
    assert watched(b"\0" * 1024) is None


@pytest.mark.parametrize("records", ["11 size=7\n", "20 mtime=1234567890\n11 size=7\n", "12 path=a/b\n11 size=7\n"])
def test_a_size_in_extended_records_counts(records: str) -> None:
    """Check where a file of more than 8 GiB has its size."""
    head = tarfile.TarInfo("head")
    head.type, head.size = tarfile.XHDTYPE, len(records)
    info = tarfile.TarInfo("large")
    data = head.tobuf(tarfile.USTAR_FORMAT) + records.encode().ljust(512, b"\0") + info.tobuf() + b"seven  ".ljust(512)
    for piece in (1, 300, 65536):
        assert watched(data + b"\0" * 1024, piece) is None


def test_a_binary_size_counts() -> None:
    info = tarfile.TarInfo("large")
    info.size = 9 * 1024**3
    watch = TarWatch()
    watch.feed(info.tobuf(tarfile.GNU_FORMAT))
    for _ in range(9 * 1024):
        watch.feed(bytes(1024 * 1024))
    watch.feed(bytes(1024))
    assert watch.problem() is None


@given(st.integers(1, SMALL.index(b"file3") + 600), st.integers(1, 2000))
def test_any_that_ends_early(length: int, piece: int) -> None:
    with pytest.raises(EngineError) as caught:
        watched(SMALL[:length], piece)
    assert caught.value.code == "truncated-tar"


@given(st.integers(0, SMALL.index(b"file3") + 600), st.integers(1, 2000))
def test_the_error_that_stands_instead_of_the_rest(length: int, piece: int) -> None:
    assert watched(SMALL[:length] + ERROR, piece) == "layer lost"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ERROR, "layer lost"),
        (b'{"message":"no space"}\n', "no space"),
        (b'{"cause":"x","message":"no space","response":500}', "no space"),
        (b'{"errorDetail":{"message":"denied"}}', "denied"),
    ],
)
@pytest.mark.parametrize("before", [SMALL, SMALL + b"\0" * 10240, b""], ids=["tar", "padded", "nothing"])
def test_the_error_behind_a_whole_one(error: bytes, said: str, before: bytes) -> None:
    assert watched(before + error, 700) == said


def test_what_is_behind_the_end_and_no_error() -> None:
    assert watched(SMALL + b"junk" * 1000) is None


@pytest.mark.parametrize("data", [b"no tar at all" * 100, b"\x1f\x8b" + b"x" * 5000, b"<html>" * 200])
def test_what_is_no_tar(data: bytes) -> None:
    with pytest.raises(EngineError, match=r"is not a tar$") as caught:
        watched(data)
    assert caught.value.code == "broken-tar"


def test_a_header_that_is_none() -> None:
    with pytest.raises(EngineError, match="is not a tar after the first 2 entries"):
        watched(tar()[:1024] + b"x" * 2000)


@given(st.binary(max_size=3000), st.integers(1, 1500))
def test_junk_is_a_clear_error(data: bytes, piece: int) -> None:
    try:
        watched(data, piece)
    except EngineError as error:
        assert error.code in ("broken-tar", "truncated-tar")


def test_an_error_behind_a_tar_is_bounded() -> None:
    watch = TarWatch()
    watch.feed(bytes(1024) + b'{"error": "' + b"E" * 10_000 + b'"}')
    assert watch.problem() == "E" * 2000 + "… (8,000 more characters)"
