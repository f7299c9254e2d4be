"""Which releases of engines have which API versions (https://docs.docker.com/reference/api/engine/#api-version-matrix)."""

from __future__ import annotations

from typing import Final, NamedTuple

from runner.api.operations import version_key


class Release(NamedTuple):
    """A release, with the newest and the oldest API version that it speaks."""

    engine: str
    version: str
    newest: str
    oldest: str

    def __str__(self) -> str:
        return f"{self.engine} {self.version}"


RELEASES: Final = (
    Release("Docker", "17.06", "1.30", "1.12"),
    Release("Docker", "17.07", "1.31", "1.12"),
    Release("Docker", "17.09", "1.32", "1.12"),
    Release("Docker", "17.10", "1.33", "1.12"),
    Release("Docker", "17.11", "1.34", "1.12"),
    Release("Docker", "17.12", "1.35", "1.12"),
    Release("Docker", "18.02", "1.36", "1.12"),
    Release("Docker", "18.03", "1.37", "1.12"),
    Release("Docker", "18.06", "1.38", "1.12"),
    Release("Docker", "18.09", "1.39", "1.12"),
    Release("Docker", "19.03", "1.40", "1.12"),
    Release("Docker", "20.10", "1.41", "1.12"),
    Release("Docker", "23.0", "1.42", "1.12"),
    Release("Docker", "24.0", "1.43", "1.12"),
    Release("Docker", "25.0", "1.44", "1.24"),
    Release("Docker", "26.0", "1.45", "1.24"),
    Release("Docker", "27.0", "1.46", "1.24"),
    Release("Docker", "27.2", "1.47", "1.24"),
    Release("Docker", "28.0", "1.48", "1.24"),
    Release("Docker", "28.1", "1.49", "1.24"),
    Release("Docker", "28.2", "1.50", "1.24"),
    Release("Docker", "28.3", "1.51", "1.24"),
    Release("Docker", "29.0", "1.52", "1.44"),
)


def first_with(api_version: str) -> Release | None:
    """Return the first release that speaks an API version; None where the table has none."""
    key = version_key(api_version)
    return next((release for release in RELEASES if version_key(release.newest) >= key), None)


def first_without(api_version: str) -> Release | None:
    """Return the first release that does not speak an API version any more."""
    key = version_key(api_version)
    return next((release for release in RELEASES if version_key(release.oldest) > key), None)
