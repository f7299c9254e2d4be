"""Two runs on a real engine give the same documents, byte for byte."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.engines import Engine
from tests.scenarios.running import SCENARIOS, start


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_markdown_and_html_are_the_same_each_time(engine: Engine, scenario: Path, tmp_path: Path) -> None:
    documents: list[dict[str, str]] = []
    for number in (1, 2):
        files = {suffix: tmp_path / f"{number}.{suffix}" for suffix in ("md", "html")}
        outputs = [word for file in files.values() for word in ("-o", file)]
        process = start(tmp_path, scenario, "-H", engine.url, "--format", "none", "--quiet", *outputs)
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
        documents.append({suffix: file.read_text() for suffix, file in files.items()})
    for suffix in documents[0]:
        first, second = (one[suffix].splitlines() for one in documents)
        assert not list(difflib.unified_diff(first, second, lineterm=""))
