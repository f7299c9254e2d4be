"""Output, stdin, statistics and events of real engines: nothing is lost, nothing goes on for ever."""

from __future__ import annotations

import pytest

from runner.results.events import ItemArrived, OutputArrived
from tests.engines import Docker, Engine
from tests.executor.helpers import Player

RUN = """
    steps:
      - id: made
        create:
          body: {{Image: alpine, Cmd: {command}, Tty: {tty}, OpenStdin: {stdin}, StdinOnce: {stdin}}}
        capture: {{box: body.Id}}
        defer:
          remove: {{id: "{{{{ box }}}}", force: true}}
      - id: output
        attach: {{id: "{{{{ box }}}}", stream: true, stdout: true, stderr: true{more}}}
        background: true
      - start: "{{{{ box }}}}"
      - await: output
      - id: ended
        wait: "{{{{ box }}}}"
"""


def script(command: str, *, tty: bool = False, stdin: bool = False, more: str = "") -> str:
    return RUN.format(command=command, tty=str(tty).lower(), stdin=str(stdin).lower(), more=more)


def test_attach_tells_the_two_streams_apart(on_each: Player) -> None:
    played = on_each(script('[sh, -c, "echo out; echo err >&2; exit 3"]'))
    assert played.status == "passed"
    response = played["output"].response
    assert response is not None
    assert (response.stdout, response.stderr) == ("out\n", "err\n")
    assert played["await_4"].awaits == "output"
    assert played["await_4"].response == response
    ended = played["ended"].response
    assert ended is not None
    assert ended.body["StatusCode"] == 3
    pieces = [event for event in played.events if isinstance(event, OutputArrived)]
    assert b"".join(event.data for event in pieces if event.stream == "stderr") == b"err\n"


def test_a_terminal_of_a_container_made_here_is_raw(on_each: Player) -> None:
    played = on_each(script('[sh, -c, "echo out; echo err >&2"]', tty=True))
    response = played["output"].response
    assert response is not None
    assert (response.stdout, response.stderr) == ("out\r\nerr\r\n", "")


@pytest.mark.parametrize("tty", [True, False])
def test_whether_a_container_made_elsewhere_has_a_terminal_is_asked(on_each: Player, engine: Engine, tty: bool) -> None:
    terminal = ("-t",) if tty else ()
    box = engine.cli("create", *terminal, "alpine", "sh", "-c", "echo out; echo err >&2").strip()
    played = on_each(
        """
        vars: {box: ""}
        steps:
          - id: output
            attach: {id: "{{ box }}", stream: true, stdout: true, stderr: true}
            background: true
          - start: "{{ box }}"
          - await: output
          - id: again
            logs: {id: "{{ box }}", stdout: true, stderr: true}
        finally:
          - remove: {id: "{{ box }}", force: true}
        """,
        values={"box": box},
    )
    assert played.status == "passed"
    for step in ("output", "again"):
        response = played[step].response
        assert response is not None
        assert (response.stdout, response.stderr) == (("out\r\nerr\r\n", "") if tty else ("out\n", "err\n"))


def test_stdin_is_sent_while_the_echo_is_read(on_each: Player) -> None:
    (on_each.folder / "input").write_bytes(b"0123456789abcde\n" * (5 * 65536))  # 5 MiB
    played = on_each(script("[sh, -c, 'cat | tee /dev/stderr | wc -c >&2']", stdin=True, more=", stdin_file: input"))
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    response = played["output"].response
    assert response is not None
    assert response.stderr is not None
    assert response.truncated
    assert len(response.stderr) == 1024 * 1024
    sizes = [len(event.data) for event in played.events if isinstance(event, OutputArrived)]
    last = b"".join(event.data for event in played.events if isinstance(event, OutputArrived))[-9:]
    assert sum(sizes) == 5 * 1024 * 1024 + len("5242880\n")
    assert last == b"\n5242880\n"


def test_exec_with_stdin_and_a_terminal(on_each: Player) -> None:
    played = on_each("""
        steps:
          - create: {body: {Image: alpine, Cmd: [sleep, "600"]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - start: "{{ box }}"
          - exec: {id: "{{ box }}", body: {Cmd: [cat], AttachStdin: true, AttachStdout: true}}
            capture: {cat: body.Id}
          - id: echoed
            exec.start: {id: "{{ cat }}", body: {Detach: false}, stdin: "one\\ntwo\\n"}
          - exec: {id: "{{ box }}", body: {Cmd: [sh, -c, "echo hi; exit 7"], AttachStdout: true, Tty: true}}
            capture: {shell: body.Id}
          - id: raw
            exec.start: {id: "{{ shell }}", body: {Tty: true}}
          - exec.inspect: "{{ shell }}"
            expect: {body: {ExitCode: 7, Running: false}}
          - exec: {id: "{{ box }}", body: {Cmd: ["true"]}}
            capture: {quiet: body.Id}
          - id: detached
            exec.start: {id: "{{ quiet }}", body: {Detach: true}}
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    echoed, raw = played["echoed"], played["raw"].response
    assert echoed.response is not None
    assert (echoed.response.stdout, echoed.response.stderr) == ("one\ntwo\n", "")
    assert echoed.request is not None
    assert echoed.request.stdin == "one\ntwo\n"
    assert raw is not None
    assert raw.stdout == "hi\r\n"


def test_output_past_the_limit_is_counted_out(on_docker: Player) -> None:
    played = on_docker(script("[sh, -c, 'yes | head -c 3000000']"))
    response = played["output"].response
    assert response is not None
    assert response.truncated
    assert response.stdout == "y\n" * (512 * 1024)


def test_output_that_is_not_text_is_shown_with_replacements(on_docker: Player) -> None:
    played = on_docker(script("""[sh, -c, "printf 'a\\\\377b\\\\0c'"]"""))
    response = played["output"].response
    assert response is not None
    assert response.stdout == "a\ufffdb\0c"


def test_a_container_that_prints_and_ends_at_once_loses_nothing(on_docker: Player) -> None:
    """Attach comes before start, 200 times: in one scenario, some of them side by side."""
    played = on_docker("""
        timeout: 5m
        steps:
          - id: made
            for_each: {in: "{{ range(200) | list }}", parallel: 4}
            create: {body: {Image: alpine, Cmd: [echo, "{{ item }}"], HostConfig: {NetworkMode: none}}}
            capture: {boxes: body.Id}
            defer: {remove: {id: "{{ boxes }}", force: true}}
          - id: outputs
            for_each: boxes
            attach: {id: "{{ item }}", stream: true, stdout: true, stderr: true}
            background: true
          - for_each: {in: boxes, parallel: 4}
            start: "{{ item }}"
          - await: outputs
          - check:
              - steps.outputs.each | map(attribute='stdout') | join == range(200) | join('\\n') ~ '\\n'
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]


def test_logs_are_followed_until_taken(on_each: Player) -> None:
    played = on_each("""
        steps:
          - create:
              body: {Image: alpine, Cmd: [sh, -c, "i=0; while true; do echo line $i; i=$((i+1)); sleep 0.05; done"]}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - start: "{{ box }}"
          - id: three
            logs: {id: "{{ box }}", follow: true, stdout: true}
            take: 3
            expect: {stdout: "line 0\\nline 1\\nline 2\\n", that: ["items == ['line 0', 'line 1', 'line 2']"]}
          - id: until
            logs: {id: "{{ box }}", follow: true, stdout: true}
            take: {until: item == 'line 5'}
            expect: {that: ["items[-1] == 'line 5'"]}
          - id: while
            logs: {id: "{{ box }}", follow: true, stdout: true}
            take: {for: 300ms}
            expect: {that: [items | length >= 3]}
          - id: endless
            logs: {id: "{{ box }}", follow: true, stdout: true}
            timeout: 500ms
    """)
    errors = {name: step.error.message for name, step in played.steps.items() if step.error}
    assert errors == {"endless": "the stream did not end within 0.5 s"}
    assert 300 <= played["while"].duration_ms < 10_000
    endless = played["endless"]
    assert endless.status == "failed"
    assert endless.error is not None
    assert endless.error.code == "timeout"
    assert "take" in (endless.error.hint or "")
    assert endless.response is not None, "what came before the end of the time is in the report"
    assert (endless.response.stdout or "").startswith("line 0\nline 1\n")


def test_statistics_once_and_as_a_stream(on_docker: Player, docker: Docker) -> None:
    box = docker.cli("run", "-d", "alpine", "sleep", "600").strip()
    played = on_docker(
        """
        vars: {box: ""}
        steps:
          - id: once
            stats: {id: "{{ box }}", stream: false, one-shot: true}
            expect: {that: [body.memory_stats.usage > 0]}
          - id: two
            stats: "{{ box }}"
            take: 2
            expect: {that: ["items | length == 2", "items[1].read > items[0].read"]}
          - id: until
            stats: {id: "{{ box }}", stream: true}
            take: {until: item.pids_stats.current >= 1}
          - id: while
            stats: "{{ box }}"
            take: {for: 200ms}
        finally:
          - remove: {id: "{{ box }}", force: true}
        """,
        values={"box": box},
    )
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    taken = [event for event in played.events if isinstance(event, ItemArrived) and event.key.path == (1,)]
    assert len(taken) == 2
    assert 200 <= played["while"].duration_ms < 10_000


def test_events_in_the_background_see_what_happens_after(on_each: Player) -> None:
    played = on_each("""
        steps:
          - id: told
            events: {filters: {type: container}}
            take: {until: item.status == 'died' or item.status == 'die'}
            background: true
          - create: {body: {Image: alpine, Cmd: ["true"]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - start: "{{ box }}"
          - await: told
            capture: {seen: items | map(attribute='Action') | list}
          - check: ["'start' in seen"]
    """)
    assert played.status == "passed", [step.error for step in played.scenario.steps]
    assert played["told"].background


def test_an_attach_that_is_refused_stops_the_steps_at_once(on_each: Player) -> None:
    played = on_each("""
        steps:
          - id: output
            attach: {id: missing, stream: true, stdout: true}
            background: true
          - {id: next, sleep: 0}
    """)
    assert played.statuses == {"output": "failed", "next": "skipped"}
    code, message = played.error("output")
    assert code == "unexpected-status"
    assert message.startswith("the engine answered 404 Not Found: ")
    assert "no such container" in message.lower()


def test_a_background_step_that_fails_late_fails_the_run(on_docker: Player) -> None:
    played = on_docker("""
        steps:
          - create: {body: {Image: alpine, Cmd: [sh, -c, "exit 3"]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - id: ended
            wait: {id: "{{ box }}", condition: next-exit}
            background: true
            expect: {body: {StatusCode: 0}}
          - start: "{{ box }}"
          - {id: meanwhile, sleep: 0}
    """)
    assert played.statuses["ended"] == "failed"
    assert played.statuses["meanwhile"] == "passed"
    assert played.status == "failed"


def test_awaiting_a_step_that_failed_fails_too(on_docker: Player) -> None:
    played = on_docker("""
        steps:
          - create: {body: {Image: alpine, Cmd: [sh, -c, "exit 3"]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - id: ended
            wait: {id: "{{ box }}", condition: next-exit}
            background: true
            expect: {body: {StatusCode: 0}}
          - start: "{{ box }}"
          - {id: joined, await: ended}
          - {id: after, sleep: 0}
    """)
    assert played.statuses["joined"] == "failed"
    assert played.statuses["after"] == "skipped"
    assert played.error("joined") == (
        "awaited-step-failed", "the background step 'ended' did not pass: body does not match",
    )  # fmt: skip


def test_background_steps_are_joined_at_the_end(on_docker: Player) -> None:
    played = on_docker(script("[sh, -c, 'sleep 0.3; echo late']").replace("      - await: output\n", ""))
    assert played.status == "passed"
    response = played["output"].response
    assert response is not None
    assert response.stdout == "late\n"


@pytest.mark.parametrize("ending", ["finally:\n  - sleep: 0\n", ""])
def test_an_endless_background_step_does_not_hold_up_a_run_that_failed(on_docker: Player, ending: str) -> None:
    played = on_docker(
        "steps:\n  - {id: told, events: {}, background: true}\n  - {id: bad, check: ['false']}\n" + ending
    )
    assert played.error("bad")[0] == "expectation"
    assert played.error("told") == ("interrupted", "cut off before its end")
    assert (played.status, played.scenario.error) == ("failed", played["bad"].error), "the cut-off follows from it"
    assert played.report.duration_ms < 5000


def test_a_name_can_come_to_mean_a_container_without_a_terminal(on_docker: Player) -> None:
    on_docker.write(
        """
        title: one
        vars: {name: "", tty: false}
        steps:
          - create: {name: "{{ name }}", body: {Image: alpine, Cmd: [echo, out], Tty: "{{ tty }}"}}
          - start: "{{ name }}"
          - wait: "{{ name }}"
          - logs: {id: "{{ name }}", stdout: true, stderr: true}
            capture: {said: stdout}
        finally:
          - remove: {id: "{{ name }}", force: true}
        outputs: {said: said}
        """,
        "one.yaml",
    )
    played = on_docker("""
        vars: {name: er-terminals}
        steps:
          - for_each: [true, false]
            include: {scenario: one.yaml, vars: {name: "{{ name }}", tty: "{{ item }}"}}
            capture: {said: outputs.said}
          - check: ["said == ['out\\\\r\\\\n', 'out\\\\n']"]
    """)
    assert played.status == "passed", [step.error for step in played.steps.values() if step.error]
