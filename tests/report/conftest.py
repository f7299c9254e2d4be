"""A real browser for the HTML pages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.engines.packages import Unavailable, find, install

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    return next((path for name in NAMES if (path := find(name))), None)


def missing() -> list[str]:
    return [] if chromium() else ["chromium"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; as root on Debian it is installed if it is missing."""
    with contextlib.suppress(Unavailable):
        install(missing)
    path = chromium()
    if path is None:
        pytest.skip("no browser: there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def docker_cli() -> str:
    """The docker CLI, for what it says about itself; it comes with the engine."""
    with contextlib.suppress(Unavailable):
        install()
    path = find("docker")
    if path is None:
        pytest.skip("no engine: the docker CLI is not here")
    return path
