"""Any value in place of an expectation: a scenario that opens, or an error with its place."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import InvalidScenario
from runner.scenario.expectations import SUBJECTS
from runner.scenario.matchers.operands import MATCHERS
from runner.scenario.open import open_scenario

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4)
    | st.sampled_from(["{{ 1 }}", "x{{ [] }}", "[", "2xx"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*MATCHERS, "a", "{{ 'not' }}"]), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(SUBJECTS)), VALUES)
def test_any_value_is_read_or_refused_with_its_place(part: str, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        step = {"logs": {"id": "x", "stdout": True}, "expect": {part: value}}
        path.write_text(f"title: T\nsteps:\n  - {json.dumps(step)}\n", "utf-8")
        try:
            open_scenario(path, path.name, ())
        except InvalidScenario as error:
            assert all(one.place is not None for one in error.diagnostics)
