"""Settings of a run: which engine, which values, which recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.contradiction import Contract
from runner.engine.docker_config.resolve import EngineOptions
from runner.library.access import FileAccess
from runner.results.records import EMPTY
from runner.scenario.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from runner.engine.engine import Engine

CONNECT_TIMEOUT = 30.0
"""Seconds that an engine has to answer the first request, unless the caller sets a limit."""

RECORDINGS = "recordings"
"""The name of the folder of recordings, beside their scenarios."""


class EngineSettings(NamedTuple):
    """Says how to connect to an engine: the options that select it, the API version to use instead of negotiating
    one, and the limit for its first answer in seconds."""

    options: EngineOptions = EngineOptions()
    api_version: str | None = None
    timeout: float = CONNECT_TIMEOUT


class Record(NamedTuple):
    """Record the run: to ``path``, a file (one scenario) or a folder."""

    path: Path


class Replay(NamedTuple):
    """Answer from a recording: the file or folder ``path``, or the ``recordings`` folder beside each scenario."""

    path: Path | None = None


class RunSettings(NamedTuple):
    """Says how to run scenarios. ``engine`` is a connected engine or how to connect to one; ``values`` are variables
    from outside; ``timeout`` is the default of every step, in seconds; ``cache`` is a folder that remembers which
    recordings are valid; ``access`` limits local files; ``folder`` is where what steps save is written;
    ``contract`` holds answers against the API's description; ``selection`` says which steps run;
    ``reap`` starts a process that removes what is left if this one is killed."""

    engine: EngineSettings | Engine = EngineSettings()
    values: Mapping[str, Any] = EMPTY
    secrets: Mapping[str, str] = EMPTY
    timeout: float | None = None
    keep_going: bool = False
    keep: bool = False
    jobs: int = 1
    recording: Record | Replay | None = None
    cache: Path | None = None
    access: FileAccess = FileAccess()
    folder: Path = Path()
    contract: Contract | None = None
    selection: Selection = EVERYTHING
    reap: bool = False
