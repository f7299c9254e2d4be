"""Lists what people write from habit with other tools, with an example of what is meant.

The nearest spelling is only looked for where a word is in none of these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Words = Mapping[str, str]

_TITLE: Final = "it is called 'title'"
_ABOUT: Final = "it is called 'about'"
_WHEN: Final = "it is called 'when': when: engine.name == 'docker'"
_LOOP: Final = "it is called 'for_each': for_each: [web, db]"
_EXPECT: Final = "it is called 'expect', or 'check' without a request"
_CONTINUE: Final = "write continue_on_failure: true; expected_failure: {reason: …} if it should fail"
_FINALLY: Final = "cleanup of this step is its 'defer'; of the whole scenario 'finally', at the top of the file"
_GET: Final = "it is called 'request': {method: GET, path: /info}"
_POST: Final = "it is called 'request': {method: POST, path: /…}"
_EXEC: Final = "that is two steps: container.exec: {id: …, body: {Cmd: [ls], AttachStdout: true}}, then exec.start"

IN_A_STEP: Final[Words] = {
    "run": "what `docker run` does is several steps: create, attach, start, wait",
    "ps": "the operation is called 'list': list: {all: true}",
    "ls": "the operation is called 'list': list: {all: true}",
    "rm": "the operation is called 'remove': remove: {id: \"{{ container }}\", force: true}",
    "cp": "the operations are called 'archive' (from a container) and 'put_archive' (into one)",
    "diff": "the operation is called 'changes': changes: \"{{ container }}\"",
    "commit": "the operation is called 'image.commit': image.commit: {container: \"{{ container }}\", repo: copy}",
    "save": "the operation is called 'image.get': image.get: {name: alpine, save: alpine.tar}",
    "rmi": "the operation is called 'image.remove'",
    "images": "the operation is called 'image.list'",
    "pull": "the operation is called 'image.pull': image.pull: {fromImage: alpine, tag: latest}",
    "push": "the operation is called 'image.push'",
    "build": "the operation is called 'image.build'",
    "exec_run": _EXEC,
    "name": "what a step does is its 'title'; how others call it is its 'id'",
    "description": _ABOUT,
    "if": _WHEN,
    "condition": _WHEN,
    "unless": "write the condition the other way round: when: not (engine.name == 'podman')",
    "skip": "write when the step runs: when: false, or when: engine.name == 'docker'",
    "loop": _LOOP,
    "with_items": _LOOP,
    "foreach": _LOOP,
    "register": "it is called 'capture': capture: {container: body.Id}",
    "captures": "it is called 'capture': capture: {container: body.Id}",
    "assert": _EXPECT,
    "asserts": _EXPECT,
    "test": _EXPECT,
    "retries": "it is called 'retry': {times: 3, every: 1s}",
    "ignore_errors": _CONTINUE,
    "continue_on_error": _CONTINUE,
    "delay": "write a step before it: - sleep: 1s; or between attempts: retry: {times: 3, every: 1s}",
    "env": "a container's environment is in its body: body: {Env: [NAME=value]}; variables stand in 'vars'",
    "cleanup": _FINALLY,
    "always": _FINALLY,
    "teardown": _FINALLY,
    "block": "it is called 'group': group: [step, …]",
    "debug": "show: body.State puts a part on the page; check: [body.State.Running] judges it",
    "as": "it stands inside 'for_each': {in: …, as: name}",
    "in": "it stands inside 'for_each': {in: …, as: name}",
    "until": "it stands inside 'retry' (repeat the step) or 'take' (stop a stream)",
    "every": "it stands inside 'retry'",
    "times": "it stands inside 'retry'",
    "fail_if": "it stands inside 'retry'",
    "uses": "it is called 'include': include: {scenario: other.yaml}",
    "import": "it is called 'include': include: {scenario: other.yaml}",
    "vars": "'vars' stands at the top of the file, or inside 'include'; a step sets variables with 'set'",
    "depends_on": "steps run in the order of the file; 'parallel' runs some side by side",
    "async": "it is called 'background': background: true",
    "http": "it is called 'request': {method: GET, path: /info}",
    "get": _GET,
    "post": _POST,
    "GET": _GET,
    "POST": _POST,
    "status": "it stands inside 'expect'",
    "stdout": "it stands inside 'expect', or is a parameter of attach and logs",
    "body": "a request's body stands inside the operation, an expected one inside 'expect'",
}
AT_THE_TOP: Final[Words] = {
    "name": _TITLE,
    "description": _ABOUT,
    "variables": "it is called 'vars': vars: {image: alpine}",
    "environment": "variables stand in 'vars': vars: {image: alpine}",
    "env": "variables stand in 'vars': vars: {image: alpine}",
    "setup": "what comes first are the first of the 'steps'",
    "tasks": "it is called 'steps'",
    "jobs": "it is called 'steps'",
    "cleanup": "it is called 'finally'",
    "teardown": "it is called 'finally'",
    "after": "it is called 'finally'",
    "version": "a scenario has no version; 'requires' says which API versions it needs",
    "services": "this looks like a Compose file; a scenario lists the API calls as 'steps'",
}
_TIMES: Final = "it is called 'times': retry: {times: 3, every: 1s}"
_EVERY: Final = "it is called 'every': retry: {times: 3, every: 1s}"
_STATUS: Final = "it is called 'status': expect: {status: 201}"
_BODY: Final = "it is called 'body': body: {Image: alpine}; a mapping is sent as JSON, a text as it is"
_SCENARIO: Final = "it is called 'scenario': include: {scenario: other.yaml}"
INSIDE: Final[Mapping[str, Words]] = {
    "retry": {
        **dict.fromkeys(("attempts", "max_attempts", "count", "retries", "max"), _TIMES),
        **dict.fromkeys(("delay", "interval", "wait", "sleep"), _EVERY),
        **dict.fromkeys(("backoff", "exponential"), "the pause is always the same: retry: {times: 3, every: 1s}"),
    },
    "expect": {
        "contains": "it stands below what it looks at: expect: {stdout: {contains: hello}}",
        "json": "it is called 'body': expect: {body: {State: {Running: true}}}",
        "exit_code": "wait answers with it: expect: {body: {StatusCode: 0}}; exec.inspect too: {body: {ExitCode: 0}}",
        "output": "it is called 'stdout': expect: {stdout: {contains: hello}}",
        **dict.fromkeys(("status_code", "code"), _STATUS),
    },
    "include": {
        **dict.fromkeys(("file", "path"), _SCENARIO),
        **dict.fromkeys(("with", "params"), "it is called 'vars': include: {scenario: x.yaml, vars: {image: alpine}}"),
    },
    "request": {
        **dict.fromkeys(("url", "uri"), "it is called 'path': request: {method: GET, path: /info}"),
        **dict.fromkeys(("json", "data", "payload"), _BODY),
        **dict.fromkeys(
            ("params", "parameters"), "it is called 'query': request: {path: /images/json, query: {all: true}}"
        ),
    },
}
"""Words inside the mapping of a modifier or a kind."""

FIELDS: Final[Words] = {
    "PortBindings": 'for example PortBindings: {80/tcp: [{HostPort: "8080"}]}',
    "ExposedPorts": "for example ExposedPorts: {80/tcp: {}}",
    "RestartPolicy": "for example RestartPolicy: {Name: always}",
}
"""Fields of bodies that other tools write in a short form."""
NANOSECONDS: Final = frozenset({"Interval", "Timeout", "StartPeriod", "StartInterval", "Delay", "Monitor", "Window"})
"""Fields of bodies that hold durations in nanoseconds."""
