"""Makes the steps of a loop's elements: each has a name of its own in reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, assert_never

from runner.executor.context import StepContext
from runner.scenario import model
from runner.scenario.expressions.functions.texts import as_text
from runner.scenario.expressions.values import Constant, Entries, Items, Template, Value, Whole
from runner.text import visible

MAX_NAME: Final = 60
"""Characters of an element's name."""


def element_steps(context: StepContext, loop: model.ForEach, elements: Sequence[Any]) -> list[model.Step]:
    """Return the step of each element, which is called by its position, or as the loop's ``name`` says.

    Raises:
        StepError: the name can't be evaluated.
    """
    step = context.step._replace(for_each=None, background=False)
    if loop.label is None:
        return [step._replace(id=f"{step.id}[{index}]") for index in range(len(elements))]
    steps: list[model.Step] = []
    taken: set[str] = set()
    for index, element in enumerate(elements):
        name = _name(loop.label.evaluate(context.names({loop.name: element})))
        name = name if name and name not in taken else f"{name or index} ({index})"
        taken.add(name)
        steps.append(step._replace(id=f"{step.id}[{name}]", title=_title(step, name)))
    return steps


def _name(value: Any) -> str:
    text = visible(" ".join(as_text(value).split()))
    return text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…"


def _title(step: model.Step, name: str) -> Value:
    """Return the step's title with the name of an element after it."""
    end = f" [{name}]"
    match step.title:
        case None:
            words = step.name.replace(".", " ").replace("_", " ")
            return Constant(f"{words[:1].upper()}{words[1:]}{end}")
        case Constant(value):
            return Constant(f"{as_text(value)}{end}")
        case Whole(expression):
            return Template((expression, end), f"{{{{ {expression.text} }}}}{end}")
        case Template(parts, written):
            return Template((*parts, end), f"{written}{end}")
        case Items() | Entries():
            return step.title
        case _:
            assert_never(step.title)
