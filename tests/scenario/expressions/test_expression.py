"""Templates and expressions: types survive, nothing is evaluated twice, everything else stays as it was written."""

from __future__ import annotations

import contextlib
import time
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import InvalidScenario, RunnerError, StepError
from runner.scenario.expressions.expression import expression_of
from runner.scenario.expressions.template_text import UnclosedError, split_template
from runner.scenario.expressions.values import value_of
from runner.scenario.yaml import nodes
from runner.scenario.yaml.loader import load

SCOPE: dict[str, Any] = {
    "name": "web",
    "port": 80,
    "flag": True,
    "ports": [80, 443],
    "nothing": None,
    "evil": "{{ name }}",
    "body": {"Id": "sha256:0123456789abcdef", "State": {"Running": True}, "items": [1, 2], "a-b": 7},
    "pairs": [{"k": 2, "v": "b"}, {"k": 1, "v": "a"}],
    "range_end": 3,
}


def render(text: str, scope: dict[str, Any] | None = None) -> Any:
    source = nodes.SourceFile.of("x.yaml", text)
    return value_of(load(source)).render(SCOPE if scope is None else scope)


def evaluate(text: str, scope: dict[str, Any] | None = None) -> Any:
    source = nodes.SourceFile.of("x.yaml", text)
    node = nodes.Scalar(text, nodes.Span(source, 1, 1, 1, len(text) + 1), text)
    return expression_of(node, text).evaluate(SCOPE if scope is None else scope)


def refused(text: str) -> RunnerError:
    with pytest.raises((StepError, InvalidScenario)) as caught:
        evaluate(text)
    assert caught.value.place is not None
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"{{ port }}"', 80),
        ('"{{port}}"', 80),
        ('" {{ port }}"', " 80"),
        ('"{{ ports }}"', [80, 443]),
        ('"{{ flag }}"', True),
        ('"{{ nothing }}"', None),
        ('"{{ port + 1 }}"', 81),
        ('"{{ body }}"', SCOPE["body"]),
        ('"{{ {1: {2: 3}} }}"', {1: {2: 3}}),
        ("\"{{ '}}' }}\"", "}}"),
        ("\"{{ '{{' ~ name ~ '}}' }}\"", "{{web}}"),
        ('"{{ port }}/tcp"', "80/tcp"),
        ('{"{{ port }}/tcp": {}}', {"80/tcp": {}}),
        ('["{{ name }}", 1, {a: "{{ ports }}"}]', ["web", 1, {"a": [80, 443]}]),
        ("!raw '{{ name }}'", "{{ name }}"),
        ("!raw '{{.Name}}'", "{{.Name}}"),
        ('["{{ name }}", !raw "{{ name }}"]', ["web", "{{ name }}"]),
        ("'{% if %} {# note #} ${#x} #{y} {{ name }}'", "{% if %} {# note #} ${#x} #{y} web"),
        ("'{% raw %}{{ name }}{% endraw %}'", "{% raw %}web{% endraw %}"),
        ("a }} b", "a }} b"),
        ('"{{ evil }}"', "{{ name }}"),
        ('"<{{ evil }}>"', "<{{ name }}>"),
        ('"a\\r\\nb{{ name }}\\r\\n\\n"', "a\r\nbweb\r\n\n"),
        ('"a\\r{{ name }}\\u2028"', "a\rweb\u2028"),
        ('"a  {{- name -}}  b"', "awebb"),
        ('"{{ name }}{{ port }}"', "web80"),
        ("80", 80),
        ("'80'", "80"),
    ],
)
def test_a_string_keeps_the_type_of_its_only_expression(text: str, value: Any) -> None:
    rendered = render(text)
    assert rendered == value
    assert type(rendered) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("body.Id | short", "0123456789ab"),
        ("body['a-b']", 7),
        ("body.items", [1, 2]),
        ("body.items | length", 2),
        ("ports | json", "[80, 443]"),
        ("'é' | json", '"é"'),
        ("'<a>' | tojson", '"<a>"'),
        ("'hé' | b64encode", "aMOp"),
        ("'aMOp' | b64decode", "hé"),
        ("'_-8' | b64decode", b"\xff\xef".decode("utf-8", "replace")),
        ("pairs | map(attribute='v') | list", ["b", "a"]),
        ("pairs | map(attribute='v')", ["b", "a"]),
        ("pairs | sort(attribute='k') | map(attribute='v') | join(', ')", "a, b"),
        ("pairs | selectattr('k', 'gt', 1) | list | length", 1),
        ("pairs | groupby('k') | map(attribute='grouper') | list", [1, 2]),
        ("(pairs | groupby('k') | first).list[0].v", "a"),
        ("range(3)", [0, 1, 2]),
        ("[range(2), (1, 2)]", [[0, 1], [1, 2]]),
        ("body.State.items() | list", [["Running", True]]),
        ("[[1], [2, 3]] | sum(start=[])", [1, 2, 3]),
        ("pairs | sum(attribute='k')", 3),
        ("'%s: %05.1f' | format(name, 2.25)", "web: 002.2"),
        ("'%d%%' % 5", "5%"),
        ("name ~ ':' ~ port", "web:80"),
        ("name.upper() ~ 'x'.replace('x', 'y')", "WEBy"),
        ("'a' if missing is defined else 'b'", "b"),
        ("missing | default('d')", "d"),
        ("missing.deeper.still | default('d')", "d"),
        ("body.No.Such.Thing is defined", False),
        ("nothing is none", True),
        ("'<b>' | e", "&lt;b&gt;"),
        ("port > 79 and 'we' in name", True),
        ("2 ** 10 + 7 // 2", 1027),
        ("not flag", False),
        ("body.get('nope', 5)", 5),
    ],
)
def test_expressions(text: str, value: Any) -> None:
    found = evaluate(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("nam", "undefined-name", "'nam' is not defined"),
        ("body.State.Runing", "undefined-name", "there is no 'Runing' here"),
        ("body.State.Running.x", "undefined-name", "a boolean has no 'x'"),
        ("body.Nope.Deeper", "undefined-name", "there is no 'Nope' here"),
        ("ports[5]", "undefined-name", "a list has no '5'"),
        ("missing ~ 'x'", "undefined-name", "'missing' is not defined"),
        ("[missing]", "undefined-name", "'missing' is not defined"),
        ("[missing] | json", "undefined-name", "'missing' is not defined"),
        ("missing == 1", "undefined-name", "'missing' is not defined"),
        ("1 / 0", "expression-failed", "division by zero"),
        ("'!' | b64decode", "expression-failed", "not base64"),
        ("name.__class__", "unsafe-expression", "'__class__' is not available"),
        ("name['__class__']", "unsafe-expression", "'__class__' is not available"),
        ("name['__cla' ~ 'ss__']", "unsafe-expression", "'__class__' is not available"),
        ("body.get.__self__", "unsafe-expression", "'__self__' is not available"),
        ("(name | attr('upper'))", "unknown-filter", "there is no filter 'attr'"),
        ("ports.append(1)", "unsafe-expression", "'append' is not available"),
        ("body.update({})", "undefined-name", "there is no 'update' here"),
        ("port.to_bytes(9)", "unsafe-expression", "'to_bytes' is not available"),
        ("'{0.__class__}'.format(name)", "unsafe-expression", "'format' is not available"),
        ("name.encode()", "unsafe-expression", "'encode' is not available"),
        ("name()", "expression-failed", "not callable"),
        ("lipsum(5)", "undefined-name", "'lipsum' is not defined"),
        ("x | nope", "unknown-filter", "there is no filter 'nope'"),
        ("x is nope", "unknown-test", "there is no test 'nope'"),
        ("a b", "expression-syntax", "'b' is unexpected here"),
        ("a +", "expression-syntax", "the expression ends too early"),
        ("(a", "expression-syntax", "the expression ends too early"),
        ("a = 1", "expression-syntax", "'=' is unexpected here"),
        ("'abc", "expression-syntax", "a quote is never closed"),
        ("", "expression-syntax", "an expression is missing"),
        ("9" * 5000 + " + 1", "expression-syntax", "too long"),
        ("(" * 3000 + "a" + ")" * 3000, "expression-syntax", "nested too deeply"),
        ("+".join("a" * 4000), "expression-syntax", "nested too deeply"),
        ("a" * 2000, "undefined-name", "is not defined"),
        ("a + " * 6000 + "a", "expression-syntax", "at most 10,000 characters"),
    ],
)
def test_what_an_expression_must_not_do(text: str, code: str, says: str) -> None:
    error = refused(text)
    assert error.code == code
    assert says in error.message


@pytest.mark.parametrize("text", ["{{ a", "{{ 'a }}", "{{ (a }}", "a {{", "{{ {'a': 1 }}", "{{"])
def test_an_expression_without_its_end(text: str) -> None:
    with pytest.raises(UnclosedError):
        split_template(text)
    with pytest.raises(InvalidScenario) as caught:
        render(f'"{text}"')
    assert caught.value.code == "template-syntax"
    assert caught.value.hint is not None


plain_text = st.text(st.sampled_from("ab {%}#'\"\\\r\n-$\u2028é"), max_size=30).filter(lambda text: "{{" not in text)


@settings(deadline=None)
@given(st.lists(plain_text, min_size=1, max_size=5))
def test_text_around_expressions_stays_as_it_was(texts: list[str]) -> None:
    for text, after in pairwise(texts):
        if text.endswith("{") or after.startswith(("}", "{")):
            return
    parts = split_template("{{ x }}".join(texts))
    assert "".join(part for is_expression, part in parts if not is_expression) == "".join(texts)
    assert sum(1 for is_expression, _ in parts if is_expression) == len(texts) - 1


@settings(deadline=None)
@given(st.text(st.sampled_from("{}()[]'\"\\ab-+% \n"), max_size=60))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        parts = split_template(text)
    except UnclosedError as error:
        assert text.endswith(error.rest)
        return
    shown = "".join(f"{{{{{part}}}}}" if is_expression else part for is_expression, part in parts)
    assert "".join(shown.split()).replace("-", "").replace("+", "") == (
        "".join(text.split()).replace("-", "").replace("+", "")
    )


def test_a_long_hostile_text_is_split_in_one_pass() -> None:
    for piece in ("'\\", "\\'", "{{'", "{{", "'", "(", "{{a}}"):
        text = "{{ " + piece * 300_000
        started = time.process_time()
        with contextlib.suppress(UnclosedError):
            split_template(text)
        assert time.process_time() - started < 5, piece


def test_a_dotted_name_needs_no_jinja() -> None:
    import subprocess
    import sys

    program = (
        "import sys\n"
        "from runner.scenario.expressions.values import value_of\n"
        "from runner.scenario.yaml.loader import load\n"
        "from runner.scenario.yaml.nodes import SourceFile\n"
        "source = SourceFile.of('x', '{a: \"{{ body.Id }}\", b: \"x {{ c }} y\", c: 1}')\n"
        "value = value_of(load(source)).render({'body': {'Id': 1}, 'c': 2})\n"
        "assert value == {'a': 1, 'b': 'x 2 y', 'c': 1}, value\n"
        "assert 'jinja2' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
