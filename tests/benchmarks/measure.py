"""Timing whole processes against each other, turn by turn, so that what slows the machine slows all of them."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STOPWATCH = str(Path(__file__).with_name("stopwatch.py"))


@dataclass(frozen=True, slots=True)
class Contender:
    """A process that does a case's job. ``prints`` must be in what it writes to stdout, or it did another job."""

    name: str
    command: Sequence[str]
    prints: bytes = b""


@dataclass(frozen=True, slots=True)
class Case:
    """A job and who does it: this project first, then the others."""

    name: str
    contenders: tuple[Contender, ...]
    rounds: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: wall time in seconds, peak resident memory in bytes."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Result:
    """A contender's median time in seconds, and the highest peak of its memory in bytes."""

    name: str
    seconds: float
    memory: int


def run_case(case: Case, env: Mapping[str, str]) -> tuple[Result, ...]:
    """Each contender in turn, round after round. The first round fills caches and is not counted."""
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in case.contenders}
    for turn in range(case.rounds + 1):
        for contender in case.contenders:
            sample = run_once(contender, env)
            if turn:
                samples[contender.name].append(sample)
    return tuple(
        Result(name, statistics.median(one.seconds for one in taken), max(one.memory for one in taken))
        for name, taken in samples.items()
    )


def run_once(contender: Contender, env: Mapping[str, str]) -> Sample:
    """Run it to its end; memory is the kernel's figure for this child and those it waited for.

    Raises:
        RuntimeError: it failed, or did not print what the job prints.
    """
    with tempfile.NamedTemporaryFile() as figures, tempfile.TemporaryFile() as output:
        command = [sys.executable, "-I", "-S", STOPWATCH, figures.name, *contender.command]
        done = subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, check=False
        )
        output.seek(0)
        if done.returncode or contender.prints not in output.read(1 << 20):
            raise RuntimeError(f"{contender.name} failed: {done.stderr.decode(errors='replace')[-500:]}")
        return Sample(**json.loads(figures.read()))


def table(results: Mapping[str, Sequence[Result]]) -> str:
    """The results as Markdown: per case a row for each rival, ratios being this project's figure over the rival's."""
    lines = [
        "| case | this project | against | its time | ratio | memory, this | memory, other |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: |",
    ]
    for case, (ours, *others) in results.items():
        lines += [
            f"| {case} | {clock(ours.seconds)} | {other.name} | {clock(other.seconds)} "
            f"| **{ours.seconds / other.seconds:.2f}** | {size(ours.memory)} | {size(other.memory)} |"
            for other in others
        ]
    return "\n".join(lines)


def clock(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def size(count: int) -> str:
    return f"{count / (1 << 20):.0f} MiB"
