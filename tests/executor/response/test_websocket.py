"""Attach over WebSocket, on a real engine."""

from __future__ import annotations

import pytest

from runner.results.events import OutputArrived
from tests.engines import Docker
from tests.executor.helpers import Player

ATTACH = """
    secrets: []
    steps:
      - create:
          body: {{Image: alpine, Cmd: [sh, -c, {command}], OpenStdin: true, StdinOnce: true, Tty: {tty}}}
        capture: {{box: body.Id}}
        defer: {{remove: {{id: "{{{{ box }}}}", force: true}}}}
      - id: output
        attach_websocket: {{id: "{{{{ box }}}}", stream: true, {more}}}
        background: true
        {modifiers}
      - start: "{{{{ box }}}}"
      - await: output
      - id: ended
        wait: "{{{{ box }}}}"
"""


def script(command: str, more: str = "logs: false", modifiers: str = "title: it", *, tty: bool = False) -> str:
    return ATTACH.format(command=command, more=more, modifiers=modifiers, tty=str(tty).lower())


def test_output_and_stdin(docker: Docker, on_docker: Player) -> None:
    played = on_docker(script("'echo out; echo err >&2; cat; echo end; exit 3'", 'stdin: "one\\ntwo\\n"'))
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    request, response, ended = played["output"].request, played["output"].response, played["ended"].response
    assert request is not None
    assert response is not None
    assert ended is not None
    assert sorted((response.stdout or "").split()) == ["end", "err", "one", "out", "two"]
    assert response.stderr == "", "the engine does not tell the two streams apart here"
    assert response.status == 101
    assert request.stdin == "one\ntwo\n"
    named = {"stdin": "1", "stdout": "1", "stderr": "1"} if docker.version.api_key >= (1, 42) else {}
    assert request.query == {"stream": "1", **named}, "API 1.41 has no such parameters yet, 1.42 wants them"
    assert ended.body["StatusCode"] == 3


def test_a_terminal(on_docker: Player) -> None:
    response = on_docker(script("'echo out'", tty=True))["output"].response
    assert response is not None
    assert response.stdout == "out\r\n"


def test_output_at_once_is_not_lost(on_docker: Player) -> None:
    played = on_docker("""
        steps:
          - id: made
            for_each: {in: "{{ range(20) | list }}", parallel: 4}
            create: {body: {Image: alpine, Cmd: [echo, "{{ item }}"], HostConfig: {NetworkMode: none}}}
            capture: {boxes: body.Id}
            defer: {remove: {id: "{{ boxes }}", force: true}}
          - id: outputs
            for_each: boxes
            attach_websocket: {id: "{{ item }}", stream: true}
            background: true
          - for_each: {in: boxes, parallel: 4}
            start: "{{ item }}"
          - await: outputs
          - check:
              - steps.outputs.each | map(attribute='stdout') | join == range(20) | join('\\n') ~ '\\n'
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]


def test_much_goes_both_ways_at_once(on_docker: Player) -> None:
    (on_docker.folder / "input").write_bytes(b"0123456789abcde\n" * (3 * 65536))  # 3 MiB
    played = on_docker(script("'cat; echo end'", "stdin_file: input"))
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    told = b"".join(event.data for event in played.events if isinstance(event, OutputArrived))
    assert len(told) == 3 * 1024 * 1024 + len("end\n")
    assert told.endswith(b"abcde\nend\n")
    response = played["output"].response
    assert response is not None
    assert response.truncated


def test_lines_are_taken(on_docker: Player) -> None:
    played = on_docker("""
        steps:
          - create: {body: {Image: alpine, Cmd: [sh, -c, "while echo more; do sleep 0.05; done"]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - start: "{{ box }}"
          - id: output
            attach_websocket: {id: "{{ box }}", stream: true}
            take: 3
            expect: {stdout: "more\\nmore\\nmore\\n"}
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]


def test_an_endless_one_ends_with_its_time(on_docker: Player) -> None:
    played = on_docker(script("'echo begin; sleep 60'", modifiers="timeout: 1s"))
    code, message = played.error("output")
    assert (code, message) == ("timeout", "no complete answer within 1 s")
    response = played["output"].response
    assert response is not None
    assert response.stdout == "begin\n"


def test_secrets_are_masked(on_docker: Player) -> None:
    played = on_docker(
        script("'cat'", 'stdin: "say {{ word }} again\\n"').replace("secrets: []", "secrets: [word]"),
        secrets={"word": "open-sesame"},
    )
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    assert "sesame" not in repr((played.report, played.events))
    response = played["output"].response
    assert response is not None
    assert response.stdout == "say *** again\n"


@pytest.mark.parametrize("name", ["on_docker", "on_podman"])
def test_where_there_is_none(name: str, request: pytest.FixtureRequest) -> None:
    play: Player = request.getfixturevalue(name)
    played = play("steps:\n  - {id: output, attach_websocket: {id: missing, stream: true}}\n")
    assert played.statuses == {"output": "failed"}
    assert played.error("output")[1].lower().startswith("the engine answered 404 not found")


def test_by_a_raw_request(on_docker: Player) -> None:
    played = on_docker("""
        steps:
          - create: {body: {Image: alpine, Cmd: [echo, hello]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - id: output
            request:
              method: GET
              path: "/containers/{{ box }}/attach/ws?stream=1&stdout=1"
              headers: {Upgrade: websocket}
            background: true
          - start: "{{ box }}"
          - await: output
            expect: {stdout: "hello\\n"}
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    assert played["output"].expectations[0].expression == "status in [101, 2xx]"
