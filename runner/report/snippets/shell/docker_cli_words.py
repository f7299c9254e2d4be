"""Writes a call as the words and flags of a docker CLI command."""

from __future__ import annotations

import csv
import io
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from runner.report.snippets.calls import Call, flattened
from runner.report.snippets.session import NoEquivalent
from runner.report.snippets.shell import bash
from runner.report.snippets.shell.curl_request import folder_tar
from runner.report.snippets.shell.docker_cli_table import ENDPOINT, SUBNET, Command, Flag
from runner.report.snippets.variables import Part, Variables

_PLACE = re.compile(r"\{(\w+)\}")
_DIGEST = "sha256:"
_MOUNT = {"Type": "type", "Source": "source", "Target": "target", "ReadOnly": "readonly"}


class CommandWords:
    """Writes calls; values that are in variables are read from there."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables

    def chunks(self, call: Call, row: Command) -> list[str]:
        """Return the command in pieces that each stay on one line.

        Raises:
            NoEquivalent: the command has no flag for something that was sent.
        """
        used: set[str] = set()
        words = [self._words(word, call.params, used) for word in row.words.split()]
        flags: list[str] = []
        for name, value in call.params.items():
            if name in used or name in row.ignored:
                continue
            if name not in row.flags:
                raise NoEquivalent(name)
            flags += self._parameter(row.flags[name], name, value, call)
        front, back = self.of_the_body(call.body, row)
        verb = next((number for number, word in enumerate(row.words.split()) if "{" in word or word == "-"), len(words))
        docker = " ".join(["docker", *words[:verb]])
        if call.request.folder is not None and row.folder == "pipe":
            docker = f"{folder_tar(call.request)} | {docker}"
        arguments = [*_all_tags(call, row), *flags, *front, *words[verb:], *back]
        return [docker, *filter(None, arguments), *self._files(call, row)]

    def of_the_body(self, body: Any, row: Command) -> tuple[list[str], list[str]]:
        """Return a body's flags, and what is at the end, in the order of the row.

        Raises:
            NoEquivalent: the command has no flag for a part of it.
        """
        front: list[str] = []
        back: list[str] = []
        parts = {} if body is None else flattened(body, row.body or {}, row.ignored)
        for name, flag in (row.body or {}).items():
            value = parts.get(name)
            if value in (None, "", [], {}):
                continue
            if flag == "":
                back += [self._word(part) for part in (value if isinstance(value, list) else [value])]
            else:
                front += self._flag(_flag_of(flag), value)
        return front, back

    def _word(self, value: object) -> str:
        return bash.word(self._variables.split(str(value)))

    def _words(self, word: str, params: Mapping[str, Any], used: set[str]) -> str:
        """Return a word with its places filled; without the part whose parameter has no value."""
        parts: list[Part] = []
        end = 0
        for match in _PLACE.finditer(word):
            value = params.get(match[1])
            if value is None:
                return bash.word(parts) if parts else ""
            used.add(match[1])
            if isinstance(value, list):
                return " ".join(self._word(element) for element in value)
            between = word[end : match.start()]
            parts += ["@" if between == ":" and str(value).startswith(_DIGEST) else between, *self._split(value)]
            end = match.end()
        return bash.word([*parts, word[end:]])

    def _split(self, value: object) -> list[Part]:
        return self._variables.split(str(value))

    def _parameter(self, flag: str | Flag, name: str, value: Any, call: Call) -> list[str]:
        """Return the flag of a parameter; one that is true by default must be given where it is false."""
        param = call.operation.param(name)
        if value is False and param is not None and param.default is True and isinstance(flag, str):
            return [f"{flag}=false"]
        if isinstance(flag, Flag) and flag.form == "in_folder":
            value = posixpath.join(call.request.folder or "", str(value))
        return self._flag(_flag_of(flag), value)

    def _flag(self, flag: Flag, value: Any) -> list[str]:
        """Return a flag as often as its value needs it."""
        if flag.form == "inverted":
            return [] if value else [flag.name]
        if flag.form == "value" and isinstance(value, bool):
            return [flag.name] if value else []
        if flag.form == "subnets":
            return [word for subnet in value for word in self._parts(subnet, SUBNET)]
        if flag.form == "endpoint":
            if len(value) != 1:  # the flags are for the network of the command
                raise NoEquivalent(flag.name)
            return [word for endpoint in value.values() for word in self._parts(endpoint or {}, ENDPOINT)]
        return [f"{flag.name} {self._word(part)}" for part in _values(flag, value)]

    def _parts(self, value: Any, known: Mapping[str, str | Flag]) -> Iterator[str]:
        """Yield a flag for each part of a value."""
        for name, part in flattened(value, known).items():
            yield from self._flag(_flag_of(known[name]), part)

    def _files(self, call: Call, row: Command) -> list[str]:
        """Return where what is sent comes from, and where what is answered goes."""
        request = call.request
        if row.folder == "argument":
            if request.folder is None:
                raise NoEquivalent("body")
            return [self._word(request.folder)]
        if request.folder is not None:
            if row.folder is None:
                raise NoEquivalent("folder")
            return []
        if request.upload is not None:
            return [f"< {self._word(request.upload.removeprefix('@'))}"]
        if call.operation.answer == "tar":
            return [f"> {self._word(request.save or f'{call.operation.noun}.tar')}"]
        return []


def _flag_of(flag: str | Flag) -> Flag:
    if isinstance(flag, Flag):
        return flag
    return Flag(flag.removesuffix("="), "pairs") if flag.endswith("=") else Flag(flag)


def _values(flag: Flag, value: Any) -> Iterator[object]:
    """Yield the values of a flag that has some.

    Raises:
        NoEquivalent: the flag can't have this value.
    """
    match flag.form:
        case "value" | "in_folder":
            yield from value if isinstance(value, list) else [value]
        case "pairs":
            yield from _pairs(flag, value)
        case "filters":
            yield from [f"{name}={part}" for name, parts in value.items() for part in parts]
        case "restart":
            yield from [_restart(value)]
        case "publish":
            yield from _published(flag, value)
        case "mounts":
            yield from map(_mounted, value)
        case "keys":
            yield from list(value)
        case "entrypoint":
            yield from [_program(flag, value)]
        case "shell":
            yield from [shlex.join(map(str, value))]
        case "inverted" | "subnets" | "endpoint":
            return
        case _:
            assert_never(flag.form)


def _program(flag: Flag, value: Any) -> object:
    values = value if isinstance(value, list) else [value]
    if len(values) > 1:  # the flag takes a program without arguments
        raise NoEquivalent(flag.name)
    return values[0]


def _all_tags(call: Call, row: Command) -> list[str]:
    """Return the flag for a call that is for all tags of an image, since it names none."""
    if row.all_tags is None:
        return []
    image, tag = (call.params.get(name) for name in row.all_tags)
    named = tag or ":" in str(image).rpartition("/")[2] or "@" in str(image)
    return [] if named else ["--all-tags"]


def _pairs(flag: Flag, value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        raise NoEquivalent(flag.name)
    return [f"{name}={part}" for name, part in value.items()]


def _mounted(mount: Mapping[str, Any]) -> str:
    """Return a mount as one line of CSV, as the CLI reads it: a comma in a path is quoted."""
    parts = flattened(mount, _MOUNT)
    fields = [f"{_MOUNT[name]}={str(value).lower() if value is True else value}" for name, value in parts.items()]
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(fields)
    return line.getvalue()


def _restart(policy: Mapping[str, Any]) -> str:
    retries = policy.get("MaximumRetryCount")
    return f"{policy.get('Name')}:{retries}" if retries else str(policy.get("Name"))


def _published(flag: Flag, bindings: Mapping[str, Any]) -> Iterator[str]:
    for port, hosts in bindings.items():
        if not hosts:  # the engine publishes nothing, the flag would
            raise NoEquivalent(flag.name)
        for host in hosts:
            address = host.get("HostIp") or ""
            address = f"[{address}]:" if ":" in address else f"{address}:" if address else ""
            yield f"{address}{host.get('HostPort', '')}:{port}" if host.get("HostPort") or address else str(port)
