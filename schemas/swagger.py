"""Reads the API's own description files (Swagger 2.0, one per API version)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
METHODS = ("get", "head", "post", "put", "delete")

Key = tuple[str, str]
"""What identifies an operation across versions: method and path. Its operationId and the names of its path
parameters do change."""


@dataclass(frozen=True)
class Description:
    """One version's file."""

    version: str
    definitions: Mapping[str, Any]
    operations: Mapping[Key, tuple[str, Mapping[str, Any]]]
    """Path as written and Swagger operation, in the file's order."""


def default_folder() -> Path:
    """``$ENGINE_API_FILES``, or ``../shared/engine-api`` beside the repository."""
    return Path(os.environ.get("ENGINE_API_FILES") or ROOT.parent / "shared" / "engine-api")


def read_all(folder: Path) -> list[Description]:
    """Every ``vX.YY.yaml`` in a folder, oldest first.

    Raises:
        FileNotFoundError: there is none.
    """
    files = {match[1]: file for file in folder.glob("v*.yaml") if (match := re.fullmatch(r"v(\d+\.\d+)", file.stem))}
    if not files:
        raise FileNotFoundError(f"no API description files (v1.25.yaml …) in {folder}")
    ordered = sorted(files, key=lambda version: [int(part) for part in version.split(".")])
    return [_read(version, files[version]) for version in ordered]


def _read(version: str, file: Path) -> Description:
    import yaml

    # Both loaders are the safe one; the first is its fast twin.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(file.read_bytes(), Loader=loader)  # noqa: S506
    return Description(version, document["definitions"], dict(_operations(document["paths"])))


def _operations(paths: Mapping[str, Any]) -> Iterator[tuple[Key, tuple[str, Mapping[str, Any]]]]:
    for path, methods in paths.items():
        for method in METHODS:
            if method in methods:
                yield (method.upper(), re.sub(r"\{[^}]*\}", "{}", path)), (path, methods[method])
