"""However an expression tries, it stays within its memory and its time."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest

from runner.errors import DeadlineExceeded, InvalidScenario, StepError
from runner.scenario.expressions.expression import expression_of
from runner.scenario.expressions.work import watched
from runner.scenario.yaml import nodes

LARGE = "a" * 8_000_000
SCOPE: dict[str, Any] = {
    "large": LARGE,
    "numbers": list(range(100_000)),
    "nested": [[[["x" * 1000] * 30] * 30] * 30] * 30,
    "one": 1,
    "rows": [{"k": [*range(2000), n]} for n in range(1000)],
    "words": "ab " * 3_000_000,
    "comments": "<!--><!-->" * 20_000,
}

BOMBS = [
    "'a' * 10**9",
    "10**9 * 'a'",
    "[1] * 10**9",
    "(1,) * 10**9",
    "'a' * 10**5 * 10**5",
    "2 ** 10**8",
    "2 ** 10**8 ** 10**8",
    "9**9**9**9",
    "-(9**9**9)",
    "'%1000000000d' % 1",
    "'%*d' % (10**9, 1)",
    "'%.1000000000f' % one",
    "'%1000000000d' | format(1)",
    "'%s%s%s' | format(large, large, large)",
    "'%(a)s%(a)s%(a)s' | format(a=large)",
    "('%(a)s' * 100000) % {'a': large}",
    "'%100000d' * 1000 % 1",
    "range(10**9)",
    "range(10**9) | list",
    "range(100000) | map('list') | list",
    "([range(100000)] * 100000) | map('sum') | list",
    "([numbers] * 100000) | map('sum') | sum",
    "[numbers, numbers, numbers] * 1000",
    "range(100000) | join('a' * 100000)",
    "range(100000) | join(d=large)",
    "range(100000) | map('string') | join(large)",
    "'a'.join([large, large, large])",
    "large.join('abc')",
    "large.replace('a', 'bbbb')",
    "large | replace('a', 'bbbb')",
    "large.replace('', 'xxxx')",
    "large + large + large",
    "large ~ large ~ large",
    "~".join(["large"] * 500),
    "'a' | center(10**9)",
    "'a' | center(width=10**9)",
    "'a' | indent(10**9, true)",
    "large.replace('a', '\\n') | indent(9999)",
    "'a\\nb' | indent(width=10**9)",
    "'a b' | wordwrap(1, wrapstring=large)",
    "large | wordwrap(1, true, 'aaaaaaaaaa')",
    "('a' * 99000) | wordwrap(1, true, 'aaaaaaaaaa')",
    "'a b ' * 20000 | wordwrap(1, wrapstring='a' * 9000)",
    "[1] | batch(10**9, 0) | list",
    "[1] | slice(10**9) | list",
    "[1] | json(indent=10**9)",
    "numbers | tojson(indent=9999)",
    "1.5 | round(10**9, 'ceil')",
    "5 | round(-(10**9), 'floor')",
    "15 | round(precision=-(10**9))",
    "'a'.ljust(10**9)",
    "'a'.center(10**9)",
    "'a'.zfill(10**9)",
    "'\\t'.expandtabs(10**9)",
    "'{:>1000000000}'.format(1)",
    "one.to_bytes(10**10)",
    "('f' * 8000000) | int(base=16) // (('f' * 4000000) | int(base=16))",
    "('9' * 5000) | int(base=16) | string",
    "nested | string",
    "nested | json",
    "nested | list | json",
    "nested ~ ''",
    "[nested, nested] | map('json') | list",
    "numbers | map('replace', '1', 'a' * 100000) | list",
    "numbers | select('in', numbers) | list",
    "numbers | reject('in', numbers) | list | length",
    " or ".join(["numbers != numbers"] * 90),
    "nested == nested and [nested] * 30 == [nested] * 30",
    " == ".join(["numbers"] * 90),
    "{'a': numbers}.items() == {'a': numbers}.items()",
    "[nested, nested] | select('==', nested) | list",
    "rows | selectattr('k', 'in', rows | map(attribute='k') | list) | list",
    "rows | selectattr('k', 'lt', numbers) | list | length",
    "numbers" + "[1:]" * 90,
    "numbers" + "[1:] + numbers" * 40,
    " + ".join(["numbers.count(1)"] * 90),
    "numbers.index(-1)",
    "large.split('a')",
    "words.split()",
    "words.replace(' ', '\u2003').split()",
    "words.replace(' ', '\n').splitlines()",
    "large | list",
    "('✓' * 8000000) | list",
    "large | map('upper') | list",
    "large | sort",
    "comments | striptags",
    "rows | sort(attribute='k') | length",
    "rows | map(attribute='k') | sort | length",
    "rows | groupby('k') | length",
    "rows | unique(attribute='k') | list | length",
    "rows | map(attribute='k') | max | length",
    "([numbers] * 500) | sort | length",
    "rows | dictsort",
    "words | title",
    "words | wordcount",
    "words | urlencode | length",
    "rows | tojson",
    " and ".join(["'x' not in large"] * 90),
]


def evaluate(text: str) -> Any:
    source = nodes.SourceFile.of("x.yaml", text)
    node = nodes.Scalar(text, nodes.Span(source, 1, 1, 1, len(text) + 1), text)
    return expression_of(node, text).evaluate(SCOPE)


@pytest.mark.parametrize("text", BOMBS, ids=lambda text: text[:48])
def test_a_bomb_is_refused_or_harmless(text: str) -> None:
    started = time.process_time()
    tracemalloc.start()
    try:
        result = evaluate(text)
    except (StepError, InvalidScenario) as error:
        assert error.code in ("unsafe-expression", "expression-failed", "expression-syntax")
        assert "Error" not in error.message
    else:
        assert len(str(result)) < 16 * 1024 * 1024, "most are refused; what is left is small"
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 256 * 1024 * 1024
    assert time.process_time() - started < 20  # most of it is what tracemalloc takes


def test_what_watches_ends_an_evaluation() -> None:
    calls = []

    def watch() -> None:
        calls.append(1)
        raise DeadlineExceeded

    with watched(watch), pytest.raises(DeadlineExceeded):
        evaluate("numbers | map('string') | map('length') | sum")
    assert len(calls) == 1
    assert evaluate("numbers | length") == 100_000


def test_many_small_evaluations_are_watched_too() -> None:
    calls = []
    with watched(lambda: calls.append(1)):
        for _ in range(1000):
            evaluate("one + 1")
    assert len(calls) >= 9
