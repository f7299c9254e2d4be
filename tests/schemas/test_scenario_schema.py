"""The scenario schema accepts the language, all of it, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from runner.api.operations import all_operations, names
from schemas.make import SCHEMAS

FILE = SCHEMAS / "scenario.schema.json"
SCHEMA = json.loads(FILE.read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def errors(document: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def step_errors(step: Any) -> list[str]:
    return errors({"title": "x", "steps": [step]})


def test_it_is_a_schema_and_small_enough_to_read_at_every_start() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert FILE.stat().st_size < 600_000


def test_every_name_and_alias_is_a_key_of_a_step() -> None:
    properties = SCHEMA["$defs"]["step"]["properties"]
    assert set(names()) <= set(properties)
    kinds = [branch["required"] for branch in SCHEMA["$defs"]["step"]["oneOf"]]
    assert sorted(kinds) == sorted([name] for name in (*names(), *OTHER_KINDS))


OTHER_KINDS: dict[str, list[Any]] = {
    "request": [{"path": "/info"}, {"method": "POST", "path": "/x", "query": {"a": [1]}, "body": {"b": None}}],
    "await": ["output"],
    "set": [{"a": 1, "b": [{}]}],
    "check": [["a == 1", True], "a == 1"],
    "sleep": ["500ms", 2, 0.5, "{{ pause }}"],
    "parallel": [[{"info": None}, {"sleep": 1}]],
    "group": [[{"info": None}, {"sleep": 1}]],
    "include": [{"scenario": "x.yaml"}, {"scenario": "x.yaml", "vars": {"a": 1}}],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, many in OTHER_KINDS.items() for value in many])
def test_kinds_that_are_no_operations(kind: str, value: Any) -> None:
    assert step_errors({kind: value}) == []


@pytest.mark.parametrize("name", [operation.name for operation in all_operations()])
def test_every_operation_accepts_what_it_needs_and_templates_for_everything(name: str) -> None:
    operation = next(one for one in all_operations() if one.name == name)
    given: dict[str, Any] = {param.name: "x" for param in operation.required_params if param.type == "string"}
    given |= {param.name: "{{ n }}" for param in operation.required_params if param.type != "string"}
    if operation.body_required:
        given["body_file"] = "x"
    assert step_errors({name: given}) == []
    every = {param.name: "{{ value }}" for param in operation.params}
    assert step_errors({name: {**every, **given}}) == []
    if operation.sole_param:
        assert step_errors({name: "{{ value }}"}) == []
        assert step_errors({name: None})
    if operation.needs_nothing:
        assert step_errors({name: None}) == [] == step_errors({name: {}})
    if operation.required_params or operation.body_required:
        assert step_errors({name: {}})
    assert step_errors({name: {**given, "nonsense": 1}})


@pytest.mark.parametrize(
    "value",
    [
        {"body": {"Image": "alpine", "Cmd": ["sleep", 30], "Tty": True, "Env": None}},
        {"body": {"HostConfig": {"Memory": "{{ m }}", "PortBindings": {"80/tcp": [{"HostPort": 8080}]}}}},
        {"body": {"HostConfig": {"RestartPolicy": {"Name": ""}, "Unheard": {"of": 1}}}},
        {"body": "{{ everything }}"},
        {"name": 5, "platform": "linux/arm64", "body": {}},
        {"body_file": "create.json"},
    ],
)
def test_bodies(value: Any) -> None:
    assert step_errors({"create": value}) == []


@pytest.mark.parametrize(
    "step",
    [
        {"stats": {"id": "c", "stream": 0}},
        {"stats": {"id": "c", "stream": False}},
        {"attach": {"id": "c", "stdin": True}},
        {"attach": {"id": "c", "stdin": "hello"}},
        {"list": {"filters": {"status": "running", "label": ["a", 1], "dangling": True}}},
        {"image.build": {"t": "x", "body_dir": "app", "buildargs": {"A": 1}}},
        {"image.build": {"t": ["x", "y"], "remote": "https://example.org/x.git"}},
        {"image.save": {"name": "x", "save": "x.tar", "platform": {"os": "linux"}}},
        {"image.push": {"name": "x", "X-Registry-Auth": {"username": "u", "password": "p"}}},
        {"df": {"type": ["image"]}},
        {"plugin.set": {"name": "x", "body": ["DEBUG=1"]}},
        {"network.create": {"body": {"Name": "x", "IPAM": {"Config": [{"Subnet": "10.0.0.0/8"}]}}}},
    ],
)
def test_parameters(step: dict[str, Any]) -> None:
    assert step_errors(step) == []


@pytest.mark.parametrize(
    "modifiers",
    [
        {"id": "a_1", "title": "A", "about": "B"},
        {"when": "a and b"},
        {"for_each": [1, 2]},
        {"for_each": "names"},
        {"for_each": {"in": "names", "as": "name", "parallel": 4}},
        {"retry": {"times": 3, "every": "500ms", "until": "body.ok", "fail_if": "status == 500"}},
        {"timeout": "1.5m"},
        {"timeout": 3},
        {"background": True},
        {"take": 3},
        {"take": {"items": 1, "for": "5s", "until": "item.x"}},
        {"expect": {"status": 200, "headers": {"A": 1}, "body": None}},
        {"expect": {"status": ["2xx", 304, "{{ s }}"], "stdout": "", "stderr": {"matches": "a+"}, "that": ["x"]}},
        {"capture": {"id_": "body.Id"}},
        {"defer": {"remove": "x"}},
        {"defer": [{"remove": "x"}, {"stop": "x", "title": "Stop"}]},
        {"show": "none"},
        {"show": "body.State"},
        {"volatile": ["body.Id"]},
    ],
)
def test_modifiers(modifiers: dict[str, Any]) -> None:
    assert step_errors({"info": None, **modifiers}) == []


@pytest.mark.parametrize(
    "step",
    [
        {},
        "info",
        {"title": "nothing to do"},
        {"info": None, "version": None},
        {"start": "a", "container.start": "a"},
        {"frobnicate": 1},
        {"create": {"name": "x"}},
        {"create": {"nmae": "x", "body": {}}},
        {"create": {"body": {"HostConfig": {"Memory": "big"}}}},
        {"create": {"body": {"HostConfig": {"RestartPolicy": {"Name": "sometimes"}}}}},
        {"create": {"body": {"Tty": 3}}},
        {"create": {"body": [], "body_dir": "x"}},
        {"list": {"filters": "status=running"}},
        {"stats": {"id": "c", "stream": "maybe"}},
        {"stop": {"id": "c", "t": "soon"}},
        {"wait": {"id": "c", "condition": "someday"}},
        {"logs": {"id": "c", "save": "x"}},
        {"logs": {"id": "c", "stdin": "x"}},
        {"put_archive": {"id": "c", "path": "/"}},
        {"request": {"method": "GET"}},
        {"sleep": "5 parsecs"},
        {"parallel": []},
        {"set": {}},
        {"set": {"not-a-name": 1}},
        {"include": {"vars": {}}},
        {"info": None, "retry": {"time": 3}},
        {"info": None, "retry": {}},
        {"info": None, "take": 0},
        {"info": None, "for_each": {"as": "x"}},
        {"info": None, "expect": {"stauts": 200}},
        {"info": None, "expect": {"status": "ok"}},
        {"info": None, "expect": {"stdout": {"contains": "a", "type": "strin"}}},
        {"info": None, "expect": {"body": {"Id": {"length": -1}}}},
        {"info": None, "background": "yes"},
        {"info": None, "defer": []},
    ],
)
def test_mistakes(step: Any) -> None:
    assert step_errors(step)


def test_the_whole_top_level() -> None:
    document = {
        "title": "All of it",
        "about": "x",
        "requires": {"api": ">=1.40, <1.50", "engine": "docker", "swarm": False},
        "vars": {"a": 1},
        "secrets": ["password"],
        "timeout": "30s",
        "steps": [{"info": None}],
        "finally": [{"remove": "x"}],
        "outputs": {"b": "a + 1"},
    }
    assert errors(document) == []
    for name in ("title", "steps"):
        assert errors({key: value for key, value in document.items() if key != name})
    assert errors({**document, "step": []})
    assert errors({**document, "requires": {"api": "newest"}})
    assert errors({**document, "requires": {"os": "linux"}})
    assert errors({**document, "steps": []})


def undescribed(schema: Any, path: str = "") -> list[str]:
    """Properties that an editor has nothing to say about; a reference speaks through what it refers to."""
    found = []
    for name, inner in schema.get("properties", {}).items():
        target = SCHEMA["$defs"][inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
        if not (inner.get("description") or target.get("description")):
            found.append(f"{path}.{name}")
        if name != "body":
            found += undescribed(inner, f"{path}.{name}")
    for number, option in enumerate(schema.get("anyOf", ())):
        found += undescribed(option, f"{path}[{number}]")
    return found


def test_every_field_teaches() -> None:
    assert undescribed(SCHEMA) == []
    operations = {operation.name for operation in all_operations()}
    for name in (*operations, "step"):
        assert undescribed(SCHEMA["$defs"][name], name) == []


def test_its_examples_are_valid() -> None:
    def visit(schema: Any) -> None:
        if isinstance(schema, dict):
            if isinstance(schema.get("examples"), list):
                resolver = Draft202012Validator({**schema, "$defs": SCHEMA["$defs"]})
                for example in schema["examples"]:
                    assert list(resolver.iter_errors(example)) == [], example
            for name, inner in schema.items():
                if name != "examples":
                    visit(inner)
        elif isinstance(schema, list):
            for inner in schema:
                visit(inner)

    visit(SCHEMA)
