"""``python -m tests.benchmarks``: this project against what people use today, as one Markdown table.

It starts a private Docker Engine, or uses the one that ``DOCKER_HOST`` names. Needs ``pip install -e '.[bench]'``.
Figures are for comparing within one table; nothing here passes or fails by them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.cases import CASES
from tests.benchmarks.measure import Result, run_case, table
from tests.engines import Unavailable, given_docker, start_docker


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("case", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; all of them by default")
    chosen: list[str] = parser.parse_args().case or list(CASES)
    if unknown := set(chosen) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    results: dict[str, tuple[Result, ...]] = {}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        given = given_docker()
        try:
            engine = given or stack.enter_context(start_docker())
        except Unavailable as reason:
            sys.exit(f"benchmarks need an engine: {reason}")
        env = {**os.environ, "DOCKER_HOST": engine.url}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # everybody's modules are compiled once, as where they are installed
        for name in chosen:
            for case in stack.enter_context(CASES[name](engine, folder)):
                print(f"{case.name}: {case.rounds} rounds …", file=sys.stderr)
                results[case.name] = run_case(case, env)
        version = engine.get("/version")
    print(table(results))
    print(f"\nMedians on {os.cpu_count()} cores, Docker Engine {version['Version']}, Python {sys.version.split()[0]}.")


main()
