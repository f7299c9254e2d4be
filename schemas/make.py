"""Generates the operation table, the request bodies' fields and the scenario schema from the API's description files.

``python -m schemas.make`` writes them; with a newer ``vX.YY.yaml`` in the folder that is all a new API version needs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from schemas import bodies, scenario, swagger, table

API = swagger.ROOT / "runner" / "api"
SCHEMAS = swagger.ROOT / "schemas"


def generate(descriptions: Sequence[swagger.Description]) -> dict[Path, str]:
    """Every generated file with its text."""
    operations, fields = table.render(descriptions), bodies.render(descriptions)
    return {
        API / "operations.json": operations,
        API / "bodies.json": fields,
        SCHEMAS / "scenario.schema.json": scenario.render(json.loads(operations), json.loads(fields)),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m schemas.make", description=__doc__.partition("\n")[0])
    parser.add_argument("--api-files", type=Path, default=swagger.default_folder(), help="folder of v1.25.yaml …")
    try:
        descriptions = swagger.read_all(parser.parse_args(arguments).api_files)
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for file, text in generate(descriptions).items():
        file.write_text(text, encoding="utf-8")
        print(f"{file.relative_to(swagger.ROOT)}  {len(text):,} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
