"""Draws the samples of a stats stream as small charts of CPU, memory and network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from runner.report import wording
from runner.report.html import templates
from runner.report.times import nanoseconds

_WIDTH, _HEIGHT = 300, 100
_UNITS = ("B", "kB", "MB", "GB", "TB")
_ROUND = (1, 2, 2.5, 4, 5, 8, 10)
_HEADROOM = 1.05


class _Ends(NamedTuple):
    """Describes the axis below the first and the last sample."""

    first: str
    last: str


class _Chart(NamedTuple):
    """A chart's texts; ``rows`` are its figures, by the number of the sample."""

    name: str
    first: str
    last: str
    most: str
    top: str
    points: str
    rows: list[tuple[int, str]]


def charts(samples: Sequence[Any]) -> Markup:
    """Return charts, each with its figures as a table; nothing if there are fewer than two samples."""
    known = [sample for sample in samples if isinstance(sample, Mapping)]
    if len(known) < 2:
        return Markup()
    drawn = (
        _chart("CPU", [_cpu(sample) for sample in known], _percent),
        _chart("Memory", [_number(sample, "memory_stats", "usage") for sample in known], _bytes),
        _chart("Network, in and out", [_network(sample) for sample in known], _bytes),
    )
    return templates.render("charts.html", charts=drawn, ends=_ends(known), width=_WIDTH, height=_HEIGHT)


def _ends(samples: Sequence[Mapping[str, Any]]) -> _Ends:
    """Return the time between the first and the last sample, or their numbers if they don't have their times."""
    first, last = (nanoseconds(str(sample.get("read"))) for sample in (samples[0], samples[-1]))
    if first is None or last is None or last <= first:
        return _Ends("sample 1", f"sample {len(samples)}")
    return _Ends("0 s", wording.duration((last - first) / 1e6))


def _cpu(sample: Mapping[str, Any]) -> float:
    """Return per cent of one processor, as ``docker stats`` computes it (ContainerStats in the API reference)."""
    used = _number(sample, "cpu_stats", "cpu_usage", "total_usage")
    used -= _number(sample, "precpu_stats", "cpu_usage", "total_usage")
    passed = _number(sample, "cpu_stats", "system_cpu_usage") - _number(sample, "precpu_stats", "system_cpu_usage")
    processors = _number(sample, "cpu_stats", "online_cpus") or 1
    return max(100 * processors * used / passed, 0.0) if passed > 0 else 0.0


def _network(sample: Mapping[str, Any]) -> float:
    networks = sample.get("networks")
    interfaces = networks.values() if isinstance(networks, Mapping) else ()
    return sum(_number(interface, "rx_bytes") + _number(interface, "tx_bytes") for interface in interfaces)


def _number(value: Any, *keys: str) -> float:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def _chart(name: str, values: Sequence[float], shown: Callable[[float], str]) -> _Chart:
    top = _top(max(values))
    step = _WIDTH / (len(values) - 1)
    points = " ".join(f"{number * step:.1f},{_HEIGHT * (1 - value / top):.1f}" for number, value in enumerate(values))
    rows = [(number, shown(value)) for number, value in _few(values)]
    return _Chart(name, shown(values[0]), shown(values[-1]), shown(max(values)), shown(top), points, rows)


def _top(most: float) -> float:
    """Return a round number above all values, where the scale ends: at least one per cent, or one byte."""
    unit = 1.0
    while most * _HEADROOM > 10 * unit:
        unit *= 10
    return next(number * unit for number in _ROUND if number * unit >= most * _HEADROOM)


def _few(values: Sequence[float]) -> Iterator[tuple[int, float]]:
    every = max(len(values) // 50, 1)
    return ((number, value) for number, value in enumerate(values, 1) if (number - 1) % every == 0)


def _percent(value: float) -> str:
    return f"{value:.1f} %"


def _bytes(value: float) -> str:
    unit = 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"
