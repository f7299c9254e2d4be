"""Streams and tables of figures in the stable form: stats, processes, progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_STATS_FIXED = {
    "usage": 4_194_304,
    "max_usage": 4_194_304,
    "limit": 8_589_934_592,
    "online_cpus": 2,
    "num_procs": 0,
    "current": 1,
    "cpu": 0,
}
_STATS_GROWING = {
    "total_usage": 20_000_000,
    "usage_in_kernelmode": 10_000_000,
    "usage_in_usermode": 10_000_000,
    "system_cpu_usage": 2_000_000_000,
    "rx_bytes": 1_024,
    "rx_packets": 8,
    "tx_bytes": 512,
    "tx_packets": 4,
}
"""Counters since the container's start: what one second of a quiet container adds."""
_FROM_PS = {"C": "0", "%CPU": "0.0", "%MEM": "0.0", "STIME": "00:00", "START": "00:00", "ELAPSED": "1s"}
_PROCESS_IDS = frozenset({"PID", "PPID", "HPID"})


Note = Callable[[float, Any], Any]
"""Is told of each number and what is shown instead; returns the latter."""


def stats(sample: Any, number: int, note: Note) -> Any:
    """Return a sample of ``ContainerStats``, the ``number``-th of its stream, with the figures of a quiet container.

    Its form stays, but which lists are empty and how many processors there are depends on the host.
    """
    return _figures(sample, number, "", note) if isinstance(sample, Mapping) else sample


def _figures(value: Any, number: int, key: str, note: Note) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _figures(part, number - 1 if name == "precpu_stats" else number, str(name), note)
            for name, part in value.items()
        }
    if isinstance(value, list) or (value is None and key.endswith("_recursive")):
        return [_STATS_GROWING["usage_in_usermode"] * number] * 2 if key == "percpu_usage" else []
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if key in _STATS_GROWING:
        return note(value, _STATS_GROWING[key] * number)
    return note(value, _STATS_FIXED.get(key, 0))


def processes(body: Any, pid: Callable[[int], int]) -> Any:
    """Return the answer of ``ContainerTop``: process ids by ``pid``, times and shares of the processor as at the
    start."""
    if not isinstance(body, Mapping) or not isinstance(body.get("Titles"), list):
        return body
    titles = body["Titles"]
    rows = [
        [_cell(str(title), cell, pid) for title, cell in zip(titles, row, strict=False)]
        for row in body.get("Processes") or ()
        if isinstance(row, list)
    ]
    return {**body, "Processes": rows}


def _cell(title: str, cell: Any, pid: Callable[[int], int]) -> Any:
    if title in _PROCESS_IDS and isinstance(cell, str) and cell.isdecimal() and cell != "0":
        return str(pid(int(cell)))
    if title == "TIME":
        return "00:00:00" if str(cell).count(":") == 2 else "0s"
    return _FROM_PS.get(title, cell)


def folded(items: Sequence[Any]) -> list[Any]:
    """Return a stream of progress as it stands at its end: each layer's last word, and text in one piece."""
    result: list[Any] = []
    places: dict[Any, int] = {}
    for item in items:
        if not isinstance(item, Mapping):
            result.append(item)
            continue
        if "progress" in item or item.get("progressDetail"):
            item = {name: value for name, value in item.items() if name not in ("progress", "progressDetail")}  # noqa: PLW2901
        layer = item.get("id")
        if "status" in item and isinstance(layer, str):
            if layer in places:
                result[places[layer]] = item
                continue
            places[layer] = len(result)
        elif set(item) == {"stream"} and result and _is_text(result[-1]):
            result[-1] = {"stream": f"{result[-1]['stream']}{item['stream']}"}
            continue
        result.append(item)
    return result


def _is_text(item: Any) -> bool:
    return isinstance(item, Mapping) and set(item) == {"stream"} and isinstance(item["stream"], str)
