"""The steps of a scenario as commands of the docker CLI, which a shell can run one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.report.snippets import bash
from runner.report.snippets.calls import Call, Left, call_of, flattened
from runner.report.snippets.docker_cli_table import COMMANDS, Command
from runner.report.snippets.jq import jq_filter
from runner.report.snippets.variables import Part, Variable, Variables
from runner.results.records import StepRecord

_DISTINCTIVE = 8
_PLACE = re.compile(r"\{(\w+)\}")


class Session:
    """The commands of one scenario, asked for in the order of its steps."""

    def __init__(self, steps: Sequence[StepRecord]) -> None:
        self._variables = Variables()
        self._execs: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._awaitable = {step.id for step in steps if step.background and step.operation != "ContainerAttach"}
        self._lost: set[str] = set()

    def command(self, step: StepRecord) -> str | None:
        """The command of a step; None if there is none."""
        try:
            found = self._of(step)
        except Left:
            found = None
        held = self._variables.known()
        self._lost.update(value for value in _texts(step.captured) if value not in held)
        return None if found is None or any(value in found for value in self._lost) else found

    def _of(self, step: StepRecord) -> str | None:
        match step.kind:
            case "await":
                return "wait" if step.awaits in self._awaitable else None
            case "set":
                return self._set(step)
        return self._one(step) if step.each is None else self._each(step)

    def _set(self, step: StepRecord) -> str | None:
        lines = []
        for name, value in step.captured.items():
            if isinstance(value, str):
                lines.append(f"{name}={bash.word(self._variables.split(value))}")
                self._variables.learn(value, Variable(name))
        return "\n".join(lines) or None

    def _each(self, step: StepRecord) -> str | None:
        lines = [line for one in step.each or () if (line := self._one(one, append=True)) is not None]
        names = [name for name in step.captured if any(f"{name}+=(" in line for line in lines)]
        for name in names:
            for index, value in enumerate(step.captured[name]):
                self._variables.learn(value, Variable(name, index))
        return "\n".join([*[f"{name}=()" for name in names], *lines]) if lines else None

    def _one(self, step: StepRecord, *, append: bool = False) -> str | None:
        call = call_of(step)
        if call is None:
            return None
        if call.operation.id == "ContainerExec":
            self._note_exec(call)
            return None
        if call.operation.id == "ContainerAttach" and step.background:
            raise Left("attach")  # the CLI attaches to what runs already
        chunks = self._exec(call) if call.operation.id == "ExecStart" else self._chunks(call, _row(call))
        if step.background:
            return bash.lay_out(chunks, " &")
        for name in step.captured:
            reading = self._reading(call, name)
            if reading is None:
                continue
            if not append:
                self._variables.learn(step.captured[name], Variable(name))
            opening, closing = (f'{name}+=("$(', ')")') if append else (f"{name}=$(", ")")
            if reading.startswith("--"):
                chunks, reading = [f"{chunks[0]} {reading}", *chunks[1:]], ""
            return bash.lay_out([opening + chunks[0], *chunks[1:]], reading + closing)
        return bash.lay_out(chunks)

    def _reading(self, call: Call, name: str) -> str | None:
        """What the output goes through to become a captured value."""
        source = call.step.capture_sources.get(name)
        path = source.path if source is not None else None
        row = COMMANDS.get(call.operation.id)
        if row is None or path is None:
            return None
        if row.prints == "--quiet":
            return row.prints if path.root == "items" and path.keys[1:] == ("aux", "ID") and not path.filter else None
        if row.prints is not None and str(path._replace(filter=None)) == row.prints:
            return ""
        if row.json and path.root == "body" and path.keys and isinstance(path.keys[0], str):
            text = jq_filter(path._replace(keys=(0, *path.keys)))
            return f" | {text}" if text else None
        return None

    def _chunks(self, call: Call, row: Command) -> list[str]:
        used: set[str] = set()
        words = [self._words(word, call.params, used) for word in row.words.split()]
        flags: list[str] = []
        for name, value in call.params.items():
            if name in used or name in row.ignored:
                continue
            if name not in row.flags:
                raise Left(name)
            flags += self._flag(row.flags[name], value, call)
        front, back = self._of_the_body(call, row)
        verb = next((number for number, word in enumerate(row.words.split()) if "{" in word or word == "-"), len(words))
        chunks = [*words[:verb], *flags, *front, *[word for word in words[verb:] if word], *back]
        docker = " ".join(["docker", *words[:verb]])
        if call.request.folder is not None and call.operation.id == "PutContainerArchive":
            docker = f"tar -C {bash.word([call.request.folder])} -c . | {docker}"
        return [docker, *_pairs(chunks[verb:]), *self._files(call)]

    def _words(self, word: str, params: Mapping[str, Any], used: set[str]) -> str:
        """A word with its places filled; empty if the parameter of its only place is not given."""
        parts: list[Part] = []
        end = 0
        for match in _PLACE.finditer(word):
            value = params.get(match[1])
            if value is None:
                return "" if not parts else bash.word(parts)
            used.add(match[1])
            parts += [word[end : match.start()]] if word[end : match.start()] else []
            if isinstance(value, list):
                return " ".join(bash.word(self._variables.split(str(one))) for one in value)
            parts += self._variables.split(str(value))
            end = match.end()
        return bash.word([*parts, word[end:]])

    def _flag(self, flag: str, value: Any, call: Call) -> list[str]:
        if flag == "--filter" and isinstance(value, Mapping):
            return [self._with(flag, f"{name}={one}") for name, ones in value.items() for one in ones]
        if flag == "--no-stream":
            return [] if value else [flag]
        if flag.endswith("=") and isinstance(value, Mapping):
            return [self._with(flag[:-1], f"{name}={one}") for name, one in value.items()]
        if isinstance(value, bool):
            return [flag] if value else [] if call.body is not None or flag != "--pause" else [f"{flag}=false"]
        return [self._with(flag, one) for one in (value if isinstance(value, list) else [value])]

    def _with(self, flag: str, value: Any) -> str:
        return f"{flag} {bash.word(self._variables.split(str(value)))}"

    def _of_the_body(self, call: Call, row: Command) -> tuple[list[str], list[str]]:
        """Flags, and what stands at the end, in the order of the row."""
        front: list[str] = []
        back: list[str] = []
        parts = {} if call.body is None else flattened(call.body, row.body or {}, row.ignored)
        for name, flag in (row.body or {}).items():
            value = parts.get(name)
            if value in (None, "", [], {}):
                continue
            if flag == "":
                ones = value if isinstance(value, list) else [value]
                back += [bash.word(self._variables.split(str(one))) for one in ones]
            elif flag == "--restart":
                front.append(self._with(flag, _restart(value)))
            elif flag == "--publish":
                front += [self._with(flag, one) for one in _published(value)]
            elif flag == "--mount":
                front += [self._with(flag, _mounted(one)) for one in value]
            elif flag == "--expose":
                front += [self._with(flag, one) for one in value]
            elif flag == "--entrypoint":
                ones = value if isinstance(value, list) else [value]
                front.append(self._with(flag, ones[0]))
                if len(ones) > 1:
                    raise Left(name)
            else:
                front += self._flag(flag, value, call)
        return front, back

    def _files(self, call: Call) -> list[str]:
        """Where what is sent comes from, and where what is answered goes."""
        request = call.request
        if call.operation.id == "ImageBuild":
            if request.folder is None:
                raise Left("body")
            return [bash.word(self._variables.split(request.folder))]
        if request.folder is not None:
            if call.operation.id == "PutContainerArchive":
                return []
            raise Left("folder")
        if request.upload is not None:
            return [f"< {bash.word(self._variables.split(request.upload.removeprefix('@')))}"]
        if call.operation.answer == "tar":
            return [f"> {bash.word(self._variables.split(request.save or f'{call.operation.noun}.tar'))}"]
        return []

    # docker exec is two calls in one

    def _note_exec(self, call: Call) -> None:
        for value in (call.step.captured or {}).values():
            if isinstance(value, str) and isinstance(call.body, Mapping):
                self._execs[value] = (call.params["id"], call.body)

    def _exec(self, call: Call) -> list[str]:
        container, body = self._execs.get(call.params["id"], ("", {}))
        known = {
            "Env": "--env",
            "User": "--user",
            "WorkingDir": "--workdir",
            "Privileged": "--privileged",
            "Tty": "--tty",
        }
        ignored = {"AttachStdin", "AttachStdout", "AttachStderr", "Cmd"}
        if not container or set(body) - set(known) - ignored:
            raise Left("exec")
        flags = ["--interactive"] if call.request.stdin is not None else []
        for name, flag in known.items():
            if body.get(name):
                flags += self._flag(flag, body[name], call)
        words = [bash.word(self._variables.split(str(one))) for one in (container, *body.get("Cmd", ()))]
        given = ""
        if call.request.stdin is not None:
            given = f"printf %s {bash.word(self._variables.split(call.request.stdin))} | "
        return [" ".join([f"{given}docker container exec", *flags, *words])]


def _row(call: Call) -> Command:
    row = COMMANDS.get(call.operation.id)
    if row is None or (call.request.stdin is not None and call.operation.id != "ExecStart"):
        raise Left(call.operation.id)
    return row


def _pairs(words: Sequence[str]) -> Iterator[str]:
    return (word for word in words if word)


def _texts(captured: Mapping[str, Any]) -> Iterator[str]:
    """Captured texts that are long enough to be recognised in a command."""
    for value in captured.values():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and len(one) >= _DISTINCTIVE:
                yield one


def _mounted(mount: Mapping[str, Any]) -> str:
    known = {"Type": "type", "Source": "source", "Target": "target", "ReadOnly": "readonly"}
    parts = flattened(mount, known)
    return ",".join(f"{known[name]}={str(value).lower() if value is True else value}" for name, value in parts.items())


def _restart(policy: Mapping[str, Any]) -> str:
    retries = policy.get("MaximumRetryCount")
    return f"{policy.get('Name')}:{retries}" if retries else str(policy.get("Name"))


def _published(bindings: Mapping[str, Any]) -> Iterator[str]:
    for port, hosts in bindings.items():
        for host in hosts or [{}]:
            address = f"{host['HostIp']}:" if host.get("HostIp") else ""
            yield f"{address}{host.get('HostPort', '')}:{port}" if host.get("HostPort") or address else str(port)
