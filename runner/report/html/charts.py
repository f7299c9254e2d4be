"""The samples of a stats stream as small charts of CPU, memory and network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from runner.report import wording
from runner.report.html.escape import text
from runner.report.stable.tokens import nanoseconds

_WIDTH, _HEIGHT = 300, 100
_UNITS = ("B", "kB", "MB", "GB", "TB")
_ROUND = (1, 2, 2.5, 4, 5, 8, 10)
_HEADROOM = 1.05


def charts(samples: Sequence[Any]) -> str:
    """Charts, each with its figures as a table; nothing if there are fewer than two samples."""
    known = [sample for sample in samples if isinstance(sample, Mapping)]
    if len(known) < 2:
        return ""
    ends = _ends(known)
    drawn = (
        _chart("CPU", [_cpu(sample) for sample in known], _percent, ends),
        _chart("Memory", [_number(sample, "memory_stats", "usage") for sample in known], _bytes, ends),
        _chart("Network, in and out", [_network(sample) for sample in known], _bytes, ends),
    )
    return f'<div class="charts">{"".join(drawn)}</div>'


def _ends(samples: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """What stands below the first and the last sample: the time between them if they tell it, else their numbers."""
    first, last = (nanoseconds(str(sample.get("read"))) for sample in (samples[0], samples[-1]))
    if first is None or last is None or last <= first:
        return "sample 1", f"sample {len(samples)}"
    return "0 s", wording.duration((last - first) / 1e6)


def _cpu(sample: Mapping[str, Any]) -> float:
    """Per cent of one processor, as ``docker stats`` computes it (ContainerStats in the API reference)."""
    used = _number(sample, "cpu_stats", "cpu_usage", "total_usage")
    used -= _number(sample, "precpu_stats", "cpu_usage", "total_usage")
    passed = _number(sample, "cpu_stats", "system_cpu_usage") - _number(sample, "precpu_stats", "system_cpu_usage")
    processors = _number(sample, "cpu_stats", "online_cpus") or 1
    return max(100 * processors * used / passed, 0.0) if passed > 0 else 0.0


def _network(sample: Mapping[str, Any]) -> float:
    networks = sample.get("networks")
    found = networks.values() if isinstance(networks, Mapping) else ()
    return sum(_number(one, "rx_bytes") + _number(one, "tx_bytes") for one in found)


def _number(value: Any, *keys: str) -> float:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def _chart(name: str, values: Sequence[float], shown: Callable[[float], str], ends: tuple[str, str]) -> str:
    top = _top(max(values))
    step = _WIDTH / (len(values) - 1)
    points = " ".join(f"{number * step:.1f},{_HEIGHT * (1 - value / top):.1f}" for number, value in enumerate(values))
    rows = "".join(f"<tr><td>{number}</td><td>{text(shown(value))}</td></tr>" for number, value in _few(values))
    return (
        f"<figure><figcaption>{text(name)} <strong>{text(shown(values[-1]))}</strong></figcaption>"
        f'<div class="plot"><p class="scale" aria-hidden="true"><span>{text(shown(top))}</span><span>0</span></p>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text(name)}: from {text(shown(values[0]))} '
        f'to {text(shown(values[-1]))}, at most {text(shown(max(values)))}" preserveAspectRatio="none">'
        f'<path class="grid" d="M0 {_HEIGHT / 2}H{_WIDTH}"/>'
        f'<polygon points="0,{_HEIGHT} {points} {_WIDTH},{_HEIGHT}"/><polyline points="{points}"/></svg>'
        f'<p class="scale time" aria-hidden="true"><span>{text(ends[0])}</span><span>{text(ends[1])}</span></p></div>'
        f"<details><summary>Figures</summary><table><tr><th>Sample</th><th>{text(name)}</th></tr>{rows}</table></details>"
        "</figure>"
    )


def _top(most: float) -> float:
    """A round number above all values, where the scale ends: at least one per cent, or one byte."""
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
