"""A plan's loops, without an engine."""

from __future__ import annotations

from runner.executor.context import Options
from runner.executor.plan import plan
from tests.executor.helpers import NO_ENGINE, Player

LOOP = """
    vars: {names: [a, b]}
    steps:
      - id: made
        for_each: {in: names, as: name}
        create: {name: "{{ name }}", body: {Image: alpine}}
        capture: {boxes: body.Id}
        defer:
          - stop: "{{ boxes }}"
          - remove: {id: "{{ boxes }}", v: "{{ name == 'a' }}"}
"""


def test_what_a_loop_defers_is_planned_for_each_element_the_last_first(play: Player) -> None:
    planned = [one.record for one in plan(play.open(LOOP), NO_ENGINE, Options())]
    assert [one.kind for one in planned] == ["container.create", *["container.stop", "container.delete"] * 2]
    made, *ends = planned
    first, second = made.captured["boxes"]
    paths = [one.request.path for one in ends if one.request is not None]
    assert [path.split("/")[3] for path in paths] == [second, second, first, first]
    assert [one.request.query["v"] for one in ends[1::2] if one.request is not None] == ["0", "1"]
