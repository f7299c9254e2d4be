"""Test that a page's snippets do what the run did: each scenario is run, and its snippets are pasted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engines import Docker
from tests.report.snippets.pasting import LANGUAGES, Reader

ALL = tuple(LANGUAGES)


class Case(NamedTuple):
    """A scenario with the files beside it. ``prints`` are the lines that each language prints, among others; ``never``
    what none does; ``missing`` are the languages without an equivalent of something that the lines need."""

    scenario: str
    prints: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    files: Mapping[str, str] = {}


CASES = {
    "input of an attached container and of a command": Case(
        """
        title: Input
        steps:
          - create: {body: {Image: alpine, Cmd: [sh, -c, "sort; echo sorted >&2"], OpenStdin: true, StdinOnce: true}}
            capture: {c: body.Id}
            defer: {remove: {id: "{{ c }}", force: true}}
          - id: out
            attach: {id: "{{ c }}", stream: true, stdout: true, stderr: true, stdin: "2 '$x'\\n1\\n"}
            background: true
          - start: "{{ c }}"
          - wait: "{{ c }}"
          - await: out
            expect: {stdout: "1\\n2 '$x'\\n"}
          - create: {body: {Image: alpine, Cmd: [sleep, "60"]}}
            capture: {box: body.Id}
            defer: {remove: {id: "{{ box }}", force: true}}
          - start: "{{ box }}"
          - container.exec: {id: "{{ box }}", body: {Cmd: [tr, a-z, A-Z], AttachStdin: true, AttachStdout: true}}
            capture: {e: body.Id}
          - exec.start: {id: "{{ e }}", body: {}, stdin: "shout\\n"}
            expect: {stdout: "SHOUT\\n"}
        """,
        ("1", "2 '$x'", "SHOUT"),
        missing=("docker-cli", "docker-py"),
    ),
    "a log's end, from the beginning of time, and one stream of two": Case(
        """
        title: Logs
        steps:
          - create: {body: {Image: alpine, Cmd: [sh, -c, "echo oops >&2; sleep 0.1; printf 'line %s\\n' 1 2 3"]}}
            capture: {c: body.Id}
            defer: {remove: {id: "{{ c }}", force: true}}
          - start: "{{ c }}"
          - wait: "{{ c }}"
            show: none
          - logs: {id: "{{ c }}", stdout: true, tail: "1", since: 0}
        """,
        ("line 3",),
        ("line 1", "oops"),
    ),
    "a part of a log is a time from which on it is read": Case(
        """
        title: Since
        steps:
          - create: {body: {Image: alpine, Cmd: [sh, -c, "for i in 1 2 3; do echo line $i; sleep 0.2; done"]}}
            capture: {c: body.Id}
            defer: {remove: {id: "{{ c }}", force: true}}
          - start: "{{ c }}"
          - wait: "{{ c }}"
          - logs: {id: "{{ c }}", stdout: true, timestamps: true}
            capture: {last: "stdout.splitlines()[-1].split(' ')[0]"}
            show: none
          - logs: {id: "{{ c }}", stdout: true, since: "{{ last }}"}
        """,
        ("line 3",),
        ("line 1",),
        ("docker-py",),  # which takes whole seconds
    ),
    "a command that is started detached, and asked for until it has ended": Case(
        """
        title: Exec
        steps:
          - create: {body: {Image: alpine, Cmd: [sleep, "60"]}}
            capture: {c: body.Id}
            defer: {remove: {id: "{{ c }}", force: true}}
          - start: "{{ c }}"
          - container.exec: {id: "{{ c }}", body: {Cmd: [sh, -c, "sleep 0.5; exit 4"]}}
            capture: {e: body.Id}
          - exec.start: {id: "{{ e }}", body: {Detach: true}}
          - exec.inspect: "{{ e }}"
            retry: {times: 50, every: 100ms, until: not body.Running}
            show: body.ExitCode
          - container.exec: {id: "{{ c }}", body: {Cmd: [echo, done], AttachStdout: true}}
            capture: {last: body.Id}
          - exec.start: {id: "{{ last }}", body: {}}
        """,
        ("done",),
    ),
    "what a page hides is there to paste": Case(
        """
        title: Hidden
        steps:
          - create: {name: "hidden-box", body: {Image: alpine, Cmd: [echo, hello]}}
            show: none
            defer: {remove: {id: hidden-box, force: true}}
          - start: hidden-box
            show: none
          - wait: hidden-box
            show: response
          - logs: {id: hidden-box, stdout: true}
        """,
        ("hello",),
    ),
    "a refused upload, and imports that only some steps need": Case(
        """
        title: Refused
        steps:
          - secret.create: {body: {Name: x, Data: "eA=="}}
            expect: {status: 503}
          - inspect: nonesuch
            expect: {status: 404}
          - create: {body: {Image: alpine, Cmd: [echo, hello]}}
            capture: {c: body.Id}
            defer: {remove: {id: "{{ c }}", force: true}}
          - container.put_archive: {id: "{{ c }}", path: /nonesuch, body_dir: up}
            expect: {status: 404}
          - container.put_archive: {id: "{{ c }}", path: /, body_file: deep/er.tar}
            expect: {status: [200, 400, 500]}
          - start: "{{ c }}"
          - wait: "{{ c }}"
            show: none
          - logs: {id: "{{ c }}", stdout: true}
        """,
        ("hello",),
        files={"up/a": "a", "deep/er.tar": "\0" * 10240},
    ),
    "names that shells and Python own": Case(
        """
        title: Names
        steps:
          - create: {body: {Image: alpine, Cmd: [echo, hello]}}
            capture: {PATH: body.Id}
            defer: {remove: {id: "{{ PATH }}", force: true}}
          - set: {list: "{{ PATH | short }}", IFS: "x", path: "/nowhere/{{ PATH }}", client: "12"}
          - start: "{{ list }}"
          - wait: "{{ PATH }}"
            show: none
          - logs: {id: "{{ PATH }}", stdout: true}
        """,
        ("hello",),
    ),
    "a path with a comma, quotes, and text that is not ASCII": Case(
        """
        title: Words
        steps:
          - create:
              body:
                Image: alpine
                Cmd: [sh, -c, "echo \\"$UNI\\"; ls /m,x"]
                Env: ["UNI=ü '✓' !"]
                Labels: {"a/b": "✓ 'q' $x", e: ""}
                HostConfig: {Mounts: [{Type: bind, Source: /etc/alternatives, Target: "/m,x", ReadOnly: true}]}
            capture: {c: body.Id}
            defer: {remove: {id: "{{ c }}", force: true}}
          - start: "{{ c }}"
          - wait: "{{ c }}"
            show: none
          - logs: {id: "{{ c }}", stdout: true}
        """,
        ("ü '✓' !", "pager"),
    ),
    "a port that the engine chose is in a text": Case(
        """
        title: Port
        steps:
          - create:
              body:
                Image: alpine
                Cmd: [sleep, "60"]
                ExposedPorts: {80/tcp: {}}
                HostConfig: {PortBindings: {80/tcp: [{HostIp: 127.0.0.1, HostPort: ""}]}}
            capture: {c: body.Id}
            defer: {remove: {id: "{{ c }}", force: true}}
          - start: "{{ c }}"
          - inspect: "{{ c }}"
            capture: {port: "body.NetworkSettings.Ports['80/tcp'][0].HostPort"}
            show: none
          - set: {url: "http://127.0.0.1:{{ port }}/"}
          - create: {body: {Image: alpine, Cmd: [echo, "{{ url }}"]}}
            capture: {d: body.Id}
            defer: {remove: {id: "{{ d }}", force: true}}
          - start: "{{ d }}"
          - wait: "{{ d }}"
            show: none
          - logs: {id: "{{ d }}", stdout: true}
        """,
        ("http://127.0.0.1:",),
    ),
}


@pytest.fixture
def reader(docker: Docker, tmp_path: Path) -> Reader:
    if not docker.url.startswith("unix://"):
        pytest.skip("the caller's engine is not on a socket")
    return Reader(docker, tmp_path)


@pytest.mark.parametrize("name", CASES)
def test_snippets_do_what_the_run_did(reader: Reader, name: str) -> None:
    case = CASES[name]
    reader.write(case.files)
    reader.run(case.scenario)
    before = set(reader.docker.containers())
    for language in ALL:
        done = reader.paste(language)
        assert done.code == 0 or language != "docker-py", f"{language}: {done.err}\n{reader.page}"
        assert "unbound variable" not in done.err, f"{language}: {done.err}"
        for line in case.prints if language not in case.missing else ():
            assert line in done.out, f"{language} prints {done.out!r} {done.err!r}\n{reader.page}"
        assert not [line for line in case.never if line in done.out + done.err], language
        assert set(reader.docker.containers()) == before, f"{language} leaves something behind"


@pytest.mark.parametrize("language", ALL)
def test_a_stream_without_an_end_is_cut_off_and_awaited(reader: Reader, language: str) -> None:
    reader.run(
        """
        title: Events
        steps:
          - id: events
            events: {filters: {type: [container], event: [create, start, die, destroy]}}
            background: true
            take: 4
          - create: {body: {Image: alpine, Cmd: ["true"], HostConfig: {AutoRemove: true}}}
            capture: {c: body.Id}
          - start: "{{ c }}"
          - await: events
        """
    )
    shown = [line for line in reader.page.split("\n") if '"Action":' in line]
    assert [line.split('"')[3] for line in shown] == ["create", "start", "die", "destroy"]
    done = reader.paste(language)
    assert done.code == 0, done.err
    if language == "curl":
        events = [json.loads(line) for line in done.out.splitlines() if '"Action"' in line]
        assert [event["Action"] for event in events] == ["create", "start", "die", "destroy"]
    if language == "docker-cli":
        assert [line.split()[2] for line in done.out.splitlines() if " container " in line] == [
            "create", "start", "die", "destroy",
        ]  # fmt: skip


@pytest.mark.parametrize("language", ALL)
def test_a_folder_is_sent_without_what_was_left_out(reader: Reader, language: str) -> None:
    files = {
        "Dockerfile": "FROM alpine\nCOPY . /src/\nCMD find /src -type f | sort\n",
        ".dockerignore": "*.env\nsub\n!sub/in",
    }
    more = {"app": "a", "secret.env": "s", "[x].env": "s", "sub/out": "o", "sub/in/file": "i"}
    reader.write({f"ctx/{name}": text for name, text in {**files, **more}.items()})
    reader.run(
        """
        title: Build
        steps:
          - image.build: {body_dir: ctx, dockerfile: Dockerfile, t: ["proved/one:1", "proved/two:2"]}
            capture: {built: "(items | selectattr('aux', 'defined') | list)[-1].aux.ID"}
            show: none
            defer: [{image.remove: "proved/one:1"}, {image.remove: "proved/two:2"}]
          - image.inspect: "proved/two:2"
            show: body.RepoTags
          - create: {body: {Image: "proved/two:2"}}
            capture: {c: body.Id}
            defer: {remove: {id: "{{ c }}", force: true}}
          - start: "{{ c }}"
          - logs: {id: "{{ c }}", stdout: true, follow: true}
        """
    )
    done = reader.paste(language)
    expected = ["/src/.dockerignore", "/src/Dockerfile", "/src/app", "/src/sub/in/file"]
    assert [line for line in done.out.splitlines() if line.startswith("/src")] == expected, done.err + reader.page


def test_an_excerpt_is_what_its_command_prints(reader: Reader) -> None:
    page = reader.run("title: Version\nsteps: [{version: {}, show: body.ApiVersion}]\n")
    assert "Excerpt: `body.ApiVersion`" in page
    shown = page.split("```text\n")[1].split("\n")[0]
    assert reader.paste("curl").out == f"{shown}\n"
