"""A real browser for the HTML pages."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.engines.packages import find

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    return next((path for name in NAMES if (path := find(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; as root on Debian it is installed if it is missing."""
    if chromium() is None and os.geteuid() == 0 and find("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("update", "install --no-install-recommends chromium"):
            subprocess.run(["apt-get", "-q", "-y", *command.split()], env=env, capture_output=True, check=False)
    path = chromium()
    if path is None:
        pytest.skip("no browser: there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
