"""Draws the steps that are running below the lines of the finished ones, on a terminal, with rich.

Most steps end before a line about them could be read, so rich is loaded only when a step has been running for half a
second.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.cli.output.console import Console
from runner.results.events import (
    Event,
    ItemArrived,
    OutputArrived,
    RequestSent,
    RunFinished,
    StepFinished,
    StepKey,
    StepStarted,
)
from runner.text import short_path, visible

if TYPE_CHECKING:
    from rich.live import Live as RichLive
    from rich.table import Table

DELAY = 0.5
"""Seconds before the first drawing."""
MAX_LAYERS = 8
"""Rows of a pull, push or build: the layers that changed last."""
REFRESHES = 8
"""Drawings a second."""


class Running:
    """A step in progress. ``layers`` holds the status of each layer of a pull, push or build, and its bytes: done and
    total."""

    def __init__(self, step_id: str, kind: str) -> None:
        self.id = step_id
        self.kind = kind
        self.what = ""
        self.since = time.monotonic()
        self.received = 0
        self.items = 0
        self.layers: dict[str, tuple[str, int, int]] = {}


class Live:
    """Follows events, which arrive in the caller's thread; rich draws in another."""

    def __init__(self, console: Console, owners: Mapping[int, str]) -> None:
        """Start the timer of the first drawing. ``owners`` names the scenarios that run at the same time."""
        self._console = console
        self._owners = owners
        self._running: dict[StepKey, Running] = {}
        self._lock = threading.Lock()
        self._rich: RichLive | None = None
        self._timer = threading.Timer(DELAY, self._start)
        self._timer.daemon = True
        self._timer.start()

    def add(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, StepStarted):
                self._running[event.key] = Running(event.id, event.kind)
            elif isinstance(event, StepFinished):
                self._running.pop(event.key, None)
            elif isinstance(event, (RequestSent, OutputArrived, ItemArrived)) and event.key in self._running:
                _note(self._running[event.key], event)
        if isinstance(event, RunFinished):
            self.stop()

    def stop(self) -> None:
        """Clear the display and print lines directly from now on."""
        self._timer.cancel()
        with self._lock:
            rich, self._rich = self._rich, None
        if rich is not None:
            with contextlib.suppress(OSError):  # the terminal may have gone
                rich.stop()
        self._console.print_with(None)

    def _start(self) -> None:
        from rich.console import Console as RichConsole
        from rich.live import Live as RichLive

        console = RichConsole(file=self._console.stderr, highlight=False, markup=False, emoji=False)
        live = RichLive(
            console=console,
            get_renderable=self._draw,
            refresh_per_second=REFRESHES,
            transient=True,
            redirect_stdout=False,
        )
        with self._lock:
            if self._timer.finished.is_set() and not self._running:
                return
            self._rich = live
        self._console.print_with(lambda line: console.print(_from_ansi(line)))
        live.start()

    def _draw(self) -> Table:
        from rich.spinner import Spinner
        from rich.table import Table

        table = Table.grid(padding=(0, 1))
        now = time.monotonic()
        with self._lock:
            running = list(self._running.items())
        for key, step in running:
            seconds = now - step.since
            table.add_row(
                visible(self._owners.get(key.scenario, "")),
                Spinner("dots", style="cyan"),
                visible(step.id),
                visible(step.what or step.kind),
                _state(step),
                f"{seconds:.0f} s",
            )
            _add_layers(table, step)
        return table


def _from_ansi(line: str) -> Any:
    from rich.text import Text

    return Text.from_ansi(line)


def _note(step: Running, event: RequestSent | OutputArrived | ItemArrived) -> None:
    if isinstance(event, RequestSent):
        step.what = f"{event.method} {short_path(event.target)}"
    elif isinstance(event, OutputArrived):
        step.received += len(event.data)
    else:
        step.items += 1
        _note_layer(step, event.item)


def _note_layer(step: Running, item: Any) -> None:
    if not isinstance(item, Mapping) or not isinstance(item.get("status"), str):
        return
    layer = str(item.get("id") or "")
    detail = item.get("progressDetail")
    done = total = 0
    if isinstance(detail, Mapping):
        done, total = (value if isinstance(value, int) else 0 for value in (detail.get("current"), detail.get("total")))
    if layer:
        step.layers[layer] = (item["status"], done, total)


def _state(step: Running) -> str:
    if step.received:
        return f"streaming, {size(step.received)}"
    return f"{step.items} items" if step.items and not step.layers else ""


def _add_layers(table: Table, step: Running) -> None:
    from rich.progress_bar import ProgressBar

    for name, (status, done, total) in list(step.layers.items())[-MAX_LAYERS:]:
        bar = ProgressBar(total=total, completed=done, width=24) if total else ""
        amount = f"{size(done)} of {size(total)}" if total else ""
        table.add_row("", "", visible(name[:16]), visible(status), bar, amount)


def size(number: int) -> str:
    """Format a number of bytes with a unit."""
    amount = float(number)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
