"""``docs/library.md``: every example runs, one after the other, on a real engine."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest

import runner
from tests.engines import Docker

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
(HELLO,) = re.findall(r"^```yaml\n(# hello\.yaml\n.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)


def test_the_examples_run(docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", docker.url)
    (tmp_path / "hello.yaml").write_text(HELLO)
    names: dict[str, Any] = {}
    for number, example in enumerate(EXAMPLES, 1):
        exec(compile(example, f"example {number}", "exec"), names)
    assert names["report"].status == "passed"
    assert "hello" in (tmp_path / "hello.md").read_text()
    assert "run" not in {thread.name for thread in threading.enumerate()}, "a run was left behind"


def test_all_examples_are_found() -> None:
    assert len(EXAMPLES) >= 10
    assert PAGE.count("```python") == len(EXAMPLES)


def test_every_function_is_documented() -> None:
    functions = {name for name in runner.__all__ if name.islower() and not name.startswith("_")}
    assert {name for name in functions if f"{name}(" not in PAGE} == set()


def test_every_exported_name_exists_and_no_other() -> None:
    for name in runner.__all__:
        assert getattr(runner, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = runner.no_such_name  # type: ignore[attr-defined]
