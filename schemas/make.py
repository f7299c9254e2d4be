"""Generates from the API's description files: the operation table, bodies, answers and the scenario schema.

``python -m schemas.make`` writes them. With a newer ``vX.YY.yaml`` in the folder, it names the operations and
parameters that :mod:`schemas.texts` doesn't describe yet, and writes nothing until it does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.api.operations import from_row
from schemas import bodies, contract, scenario, swagger, table, texts

API = swagger.ROOT / "runner" / "api"
SCHEMAS = swagger.ROOT / "schemas"


def generate(descriptions: Sequence[swagger.Description]) -> dict[Path, str]:
    """Every generated file with its text."""
    operations, fields = table.render(descriptions), bodies.render(descriptions)
    return {
        API / "operations.json": operations,
        API / "bodies.json": fields,
        API / "contract.json": contract.render(descriptions),
        SCHEMAS / "scenario.schema.json": scenario.render(json.loads(operations), json.loads(fields)),
    }


def missing_texts(operations: Mapping[str, Any]) -> Iterator[str]:
    """Yield what :mod:`schemas.texts` has to say before the schema can be made, as ``PARAMS: seconds, of doze``."""
    for row in operations["operations"]:
        operation = from_row(row, operations["first"])
        if operation.id not in texts.OPERATIONS:
            yield f"OPERATIONS: {operation.id}"
        for param in operation.params:
            if param.name not in texts.PARAMS and f"{operation.id}.{param.name}" not in texts.SPECIAL_PARAMS:
                yield f"PARAMS: {param.name}, of {operation.name}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m schemas.make", description=__doc__.partition("\n")[0])
    parser.add_argument("--api-files", type=Path, default=swagger.default_folder(), help="folder of v1.25.yaml …")
    try:
        descriptions = swagger.read_all(parser.parse_args(arguments).api_files)
    except FileNotFoundError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    missing = list(missing_texts(json.loads(table.render(descriptions))))
    if missing:
        print("error: schemas/texts.py has no text for", *missing, sep="\n  ", file=sys.stderr)
        return 1
    for file, text in generate(descriptions).items():
        file.write_text(text, encoding="utf-8")
        print(f"{file.relative_to(swagger.ROOT)}  {len(text):,} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
