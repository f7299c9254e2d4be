"""The scenario language as JSON Schema, without the operations.

An editor shows each description while an author writes: it explains what the key does, then gives an example.
"""

from __future__ import annotations

from typing import Any

from runner.scenario.matchers.operands import TYPES

Schema = dict[str, Any]

BOUND = r"\s*(>=|<=|==|!=|=|>|<)?\s*[0-9]+\.[0-9]+\s*"
NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
ID = r"^[A-Za-z_][A-Za-z0-9_-]*$"
TEMPLATE: Schema = {"type": "string", "pattern": r"\{\{"}
TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""Where text is expected, numbers and booleans are accepted: YAML makes one of `8080` and of `true`."""


def ref(name: str, description: str | None = None, **more: Any) -> Schema:
    return {"$ref": f"#/$defs/{name}", **({"description": description} if description else {}), **more}


def or_template(schema: Schema, description: str | None = None) -> Schema:
    """Return a typed value, or a template that will have that type."""
    return {**({"description": description} if description else {}), "anyOf": [schema, ref("template")]}


def mapping(description: str, values: Schema, **more: Any) -> Schema:
    """Return a mapping from variable names."""
    names = {"pattern": NAME}
    return {
        "description": description,
        "type": "object",
        "propertyNames": names,
        "additionalProperties": values,
        **more,
    }


def closed(description: str, properties: dict[str, Schema], **more: Any) -> Schema:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def _comparison(words: str, example: int) -> Schema:
    return {
        "description": f"The number, or the time in RFC 3339, must be {words} this one.",
        "type": ["number", "string"],
        "examples": [example, "2026-01-31T12:00:00Z"],
    }


MATCHER_SCHEMAS: dict[str, Schema] = {
    "equals": {
        "description": "The value must be exactly this; a mapping is taken literally, whatever its keys are.",
        "examples": ["web", {"type": "web"}],
    },
    "not": ref("expected", "This must not hold of the value: a value or a matcher."),
    "matches": ref("text", "A regular expression that must be found in the text.", examples=["^[0-9a-f]{64}$"]),
    "contains": ref(
        "expected", "A part of the text; an element of the list, or a matcher for one; a key of the mapping."
    ),
    "type": {
        "description": "The type that the value must have.",
        "anyOf": [{"enum": [*TYPES, None]}, ref("template")],
    },
    "length": {
        "description": "The number of characters, elements or keys: a number or a matcher.",
        "anyOf": [{"type": "integer", "minimum": 0}, ref("template"), ref("matcher")],
        "examples": [3, {"at_least": 1}],
    },
    "above": _comparison("greater than", 0),
    "below": _comparison("less than", 1000),
    "at_least": _comparison("at least", 1),
    "at_most": _comparison("at most", 10),
    "one_of": {
        "description": "One of these must hold of the value: values or matchers.",
        "anyOf": [{"type": "array", "items": ref("expected"), "minItems": 1}, ref("template")],
        "examples": [["created", "running"]],
    },
    "any_order": {
        "description": "The list must have these elements, in whatever order: values or matchers.",
        "anyOf": [{"type": "array", "items": ref("expected")}, ref("template")],
        "examples": [["web", "db"]],
    },
    "absent": or_template(
        {"type": "boolean"}, "true: there must be no such key. false: there must be one, whatever its value is."
    ),
}

DEFINITIONS: dict[str, Schema] = {
    "template": {"description": "A template: text with an expression in `{{ … }}`.", **TEMPLATE},
    "text": {"description": "A text; it may hold templates. A number or a boolean will do.", **TEXT},
    "name": {"description": "A name: letters, digits and underscores.", "type": "string", "pattern": NAME},
    "id": {
        "description": "The id of a step: letters, digits, underscores and hyphens.",
        "type": "string",
        "pattern": ID,
    },
    "expression": {
        "description": "A Jinja2 expression, without braces.",
        "type": ["string", "number", "boolean"],
        "examples": ["body.State.Running", "steps.create.body.Id | short", "items | length == 3"],
    },
    "tags": {
        "description": "Tags: words without spaces or commas.",
        "anyOf": [ref("tag"), {"type": "array", "items": ref("tag"), "uniqueItems": True}],
        "examples": [["slow"], ["network", "linux"]],
    },
    "tag": {"description": "A tag: a word without spaces or commas.", "type": "string", "pattern": r"^[^\s,]+$"},
    "duration": {
        "description": "A duration: 500ms, 5s, 2m, 1h, or a number of seconds.",
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ms|s|m|h)?\s*$"},
        ],
        "examples": ["500ms", "5s", "2m", "1h"],
    },
    "steps": {
        "description": "Steps, in the order in which they run.",
        "type": "array",
        "items": ref("step"),
        "minItems": 1,  # here: an editor that finds more than texts beside a reference doesn't complete the first `- `
    },
    "expected": {
        "description": "A value, or a matcher. Mappings may have more keys; lists match element by element.",
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"]},
            {"type": "array", "items": ref("expected")},
            ref("matcher"),
        ],
    },
    "expected_text": {
        "description": "A text, exactly; or what must hold of it: `{contains: …}`, `{matches: …}`, …",
        "anyOf": [ref("text"), ref("matcher")],
        "examples": ["hello\n", {"contains": "bin"}, {"matches": "^v[0-9]+"}, {"not": {"contains": "ERROR"}}],
    },
    "matcher": {
        "description": "Keys that are matchers say what must hold of a value; all of them must.",
        "type": "object",
        "allOf": [{"properties": MATCHER_SCHEMAS}],
        "additionalProperties": ref("expected"),
    },
    "status": {
        "description": "An HTTP status (201) or a class (2xx).",
        "anyOf": [
            {"type": "integer", "minimum": 100, "maximum": 599},
            {"type": "string", "pattern": r"^([1-5][xX][xX]|[1-5][0-9][0-9])$|\{\{"},
        ],
    },
}

TOP_LEVEL: dict[str, Schema] = {
    "title": {
        "description": "What the scenario shows, in a few words: the heading of its documents.",
        "type": "string",
        "minLength": 1,
        "examples": ["Run a command in a container"],
    },
    "about": {"description": "What a reader should know before the first step. Markdown.", "type": "string"},
    "requires": closed(
        "What the engine must be. On another one the scenario is skipped, and the report says why.",
        {
            "api": {
                "description": "Bounds of the API version, such as `>=1.42`; several with commas.",
                "type": ["string", "number"],
                "pattern": rf"^{BOUND}(,{BOUND})*$",
                "examples": [">=1.42", ">=1.40, <1.45"],
            },
            "engine": {"description": "The engine's name.", "type": "string", "examples": ["docker", "podman"]},
            "swarm": {"description": "Whether the engine must be in a swarm, or must not.", "type": "boolean"},
        },
        examples=[{"api": ">=1.42", "engine": "docker"}],
    ),
    "vars": mapping(
        "Variables and their first values. The command line and the environment (RUN_VAR_<NAME>) may set others.",
        {"description": "A value of any type. It may hold templates; it is evaluated once."},
        examples=[{"image": "alpine", "ports": [80, 443]}, {"name": "web"}],
    ),
    "matrix": mapping(
        "Values of variables: the scenario runs once for each combination, each a scenario of the report.",
        {"description": "The values that the variable has in turn.", "type": "array", "minItems": 1},
        minProperties=1,
        examples=[{"image": ["alpine", "busybox"], "tty": [True, False]}],
    ),
    "secrets": {
        "description": "Names of variables that come only from --secret or RUN_SECRET_<NAME> and are shown as ***.",
        "type": "array",
        "items": ref("name"),
        "uniqueItems": True,
        "examples": [["password"]],
    },
    "tags": ref("tags", "Words to choose the scenario by: `run --tags slow`, `run --skip-tags slow`."),
    "labels": {
        "description": "False adds no labels to what the steps create; it is removed by its ids.",
        "type": "boolean",
    },
    "timeout": ref(
        "duration", "How long a step may take unless it says otherwise: 60s; pull, push, build, load and save 10m."
    ),
    "steps": ref("steps", "The steps, in the order in which they run."),
    "finally": {
        "description": "Steps that run at the end, whatever happened before.",
        "type": "array",
        "items": ref("step"),
    },
    "on_failure": {
        "description": "Steps that run right after a step that failed, such as the logs of what died.",
        "type": "array",
        "items": ref("step"),
    },
    "outputs": mapping(
        "What a scenario that includes this one gets back, as `steps.<id>.outputs`.",
        ref("expression"),
        examples=[
            {"container": "container", "address": "steps.inspect.body.NetworkSettings.IPAddress"},
            {"id": "image"},
        ],
    ),
}

MODIFIER_SCHEMAS: dict[str, Schema] = {
    "id": ref("id", "How other steps call this one: `steps.<id>.body`, `await: <id>`. Unique in the file."),
    "title": ref("text", "What the step does, in a few words: its heading in documents."),
    "about": ref("text", "What a reader should know about the step. Markdown."),
    "when": ref("expression", "The step runs only if this is true; otherwise it is skipped."),
    "for_each": {
        "description": "Run the step once per element, with the element in `item`. Results: `steps.<id>.each`.",
        "anyOf": [
            {"description": "The elements.", "type": "array"},
            {"description": "An expression that gives a list.", "type": "string"},
            closed(
                "The elements, the variable's name, and how many at a time.",
                {
                    "file": {
                        "description": "A file of rows: .csv with a header, .json or .yaml, each row a mapping.",
                        "type": "string",
                        "minLength": 1,
                        "examples": ["rows.csv"],
                    },
                    "name": ref("expression", "What reports call an element."),
                    "in": {
                        "description": "The elements: a list, or an expression that gives one.",
                        "anyOf": [{"type": "array"}, {"type": "string"}],
                    },
                    "as": ref("name", "The variable that holds the element, instead of `item`."),
                    "parallel": {
                        "description": "How many run at a time; one after the other by default.",
                        "type": "integer",
                        "minimum": 1,
                        "examples": [4],
                    },
                },
                anyOf=[{"required": ["in"]}, {"required": ["file"]}],
            ),
        ],
        "examples": [["web", "db"], "range(3)", {"in": "names", "as": "name", "parallel": 4}],
    },
    "retry": closed(
        "Repeat the step until it passes and `until` is true.",
        {
            "times": {
                "description": "How often it may run at most.",
                "anyOf": [{"type": "integer", "minimum": 1}, ref("template")],
                "examples": [10],
            },
            "every": or_template(ref("duration"), "How long to wait between two attempts: 1s by default."),
            "until": ref("expression", "What must be true of the result."),
            "fail_if": ref("expression", "When this is true of the result, the step fails at once."),
        },
        minProperties=1,
        examples=[{"times": 20, "every": "500ms", "until": "body.State.Health.Status == 'healthy'"}],
    ),
    "timeout": or_template(ref("duration"), "How long the step may take; past it, it fails."),
    "background": {
        "description": "Go on with the next step once the response has begun. `await` joins it again.",
        "type": "boolean",
    },
    "take": {
        "description": "Stop a stream, successfully: after so many items, so long, or at an item.",
        "anyOf": [
            {"description": "How many items.", "type": "integer", "minimum": 1},
            closed(
                "When to stop; whatever comes first.",
                {
                    "items": {
                        "description": "After so many items.",
                        "type": "integer",
                        "minimum": 1,
                        "examples": [3],
                    },
                    "for": ref("duration", "After so long."),
                    "until": ref("expression", "At the first `item` for which this is true."),
                },
                minProperties=1,
            ),
        ],
        "examples": [3, {"for": "5s"}, {"until": "item.Action == 'die'"}],
    },
    "expect": closed(
        "What must hold of the result. Without `status`, it must be what the API documents as success.",
        {
            "status": {
                "description": "The HTTP status: a number, a class such as 2xx, a list of them, or a matcher.",
                "anyOf": [
                    ref("status"),
                    {"type": "array", "items": ref("status"), "minItems": 1},
                    ref("matcher"),
                ],
                "examples": [201, "2xx", [204, 304], {"one_of": [200, 304]}, {"not": 404}],
            },
            "headers": {
                "description": "Headers and their values, or matchers for them; names regardless of case.",
                "anyOf": [
                    {"type": "object", "additionalProperties": ref("expected_text")},
                    ref("template"),
                    ref("matcher"),
                ],
                "examples": [{"Content-Type": "application/json"}, {"Api-Version": {"matches": "^1[.]"}}],
            },
            "body": ref(
                "expected",
                "A part of the body: mappings may have more keys; lists match element by element; matchers anywhere.",
                examples=[{"State": {"Running": True}}, {"Mounts": {"length": {"at_least": 1}}}],
            ),
            "items": ref(
                "expected",
                "The elements of a stream: a list, or a matcher such as `contains` or `length`.",
                examples=[{"contains": {"Action": "die"}}, {"length": 3}],
            ),
            "stdout": ref("expected_text", "What the container printed to stdout."),
            "stderr": ref("expected_text", "What the container printed to stderr."),
            "that": {
                "description": "Expressions that must be true.",
                "anyOf": [{"type": "array", "items": ref("expression")}, ref("expression")],
                "examples": [["body | length > 0", "duration_ms < 1000"], "items | length == 3"],
            },
        },
        minProperties=1,
        examples=[{"status": 200, "body": {"State": {"Running": True}}}],
    ),
    "capture": mapping(
        "Variables to set from the result, each by an expression.",
        {
            "description": "For example body.Id; the value of {from: body.Token, secret: true} is masked.",
            "anyOf": [
                ref("expression"),
                closed(
                    "An expression whose value may be a secret.",
                    {
                        "from": ref("expression", "What to capture."),
                        "secret": {"description": "Show the value as *** in every output.", "type": "boolean"},
                    },
                    required=["from"],
                ),
            ],
        },
        minProperties=1,
        examples=[{"container": "body.Id"}, {"address": "body.NetworkSettings.IPAddress"}],
    ),
    "defer": {
        "description": "Cleanup that belongs to this step: runs at the end of the whole run, if this step ran.",
        "anyOf": [ref("step"), ref("steps")],
        "examples": [{"remove": {"id": "{{ container }}", "force": True}}, {"network.remove": "{{ network }}"}],
    },
    "on_failure": {
        "description": "Steps that run right after this one if it failed, such as the logs of what died.",
        "anyOf": [ref("step"), ref("steps")],
    },
    "labels": {
        "description": "False adds no labels to what this step creates; it is removed by its id.",
        "type": "boolean",
    },
    "continue_on_failure": {
        "description": "If this step fails, run the next ones all the same; the scenario fails nevertheless.",
        "type": "boolean",
    },
    "expected_failure": closed(
        "This step is known to fail: then the run passes. If it passes, the run fails.",
        {
            "when": ref("expression", "Where it fails; everywhere by default."),
            "reason": {
                "description": "Why it fails: every report shows it.",
                "type": "string",
                "minLength": 1,
            },
        },
        required=["reason"],
        examples=[{"when": "engine.name == 'podman'", "reason": "Podman answers 500 here"}],
    ),
    "show": {
        "description": "What documents show: none, request, response, all, or an expression for a part.",
        "anyOf": [{"enum": ["none", "request", "response", "all"]}, ref("expression")],
        "examples": ["none", "body.State"],
    },
    "volatile": {
        "description": "Parts of the result that differ from run to run; the stable form hides them.",
        "type": "array",
        "items": {"type": "string"},
        "examples": [["body.Warnings"]],
    },
    "tags": ref("tags", "Words to choose the step by: `run --tags slow`, `run --skip-tags slow`."),
}

KIND_SCHEMAS: dict[str, Schema] = {
    "request": closed(
        "Any request that the endpoint understands.",
        {
            "method": ref("text", "The HTTP method; GET by default.", examples=["GET", "POST"]),
            "path": ref("text", "The path; the API version is put before it.", examples=["/containers/json"]),
            "query": {
                "description": "The query's parameters. A list repeats the name; a mapping is sent as JSON.",
                "anyOf": [{"type": "object"}, ref("template")],
                "examples": [{"all": True}, {"filters": {"status": ["exited"]}}],
            },
            "headers": {
                "description": "More headers.",
                "anyOf": [{"type": "object", "additionalProperties": ref("text")}, ref("template")],
            },
            "body": {"description": "The body: a text as it is, anything else as JSON."},
            "body_file": ref("text", "A file that is sent as the body, by its path relative to this scenario."),
            "version": {"description": "`false` sends the path without an API version.", "const": False},
        },
        required=["path"],
        examples=[{"method": "GET", "path": "/info"}],
    ),
    "await": ref("id", "The id of a background step: wait for its end, and take over its result."),
    "set": mapping(
        "Variables to set.",
        {"description": "A value of any type. It may hold templates."},
        minProperties=1,
        examples=[{"url": "http://{{ address }}:8080"}, {"names": ["web", "db"]}],
    ),
    "check": {
        "description": "Expressions that must be true.",
        "anyOf": [{"type": "array", "items": ref("expression"), "minItems": 1}, ref("expression")],
        "examples": [["steps.list.body | length == 2"], "engine.name == 'docker'"],
    },
    "sleep": or_template(ref("duration"), "Wait for so long. `retry` is often better."),
    "parallel": ref("steps", "Run these steps side by side; go on when all have ended."),
    "group": ref("steps", "Run these steps one after the other, with one `when`, `for_each`, `retry` or `timeout`."),
    "include": closed(
        "Run another scenario here. Its `outputs` come back as `steps.<id>.outputs`.",
        {
            "scenario": {
                "description": "The file, by its path relative to this one.",
                "type": "string",
                "minLength": 1,
            },
            "vars": or_template(
                mapping("Values for its variables.", {"description": "A value of any type. It may hold templates."}),
                "Values for its variables.",
            ),
        },
        required=["scenario"],
        examples=[{"scenario": "common/network.yaml", "vars": {"name": "demo"}}],
    ),
}
