"""A language server for the tests of what an editor shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import or_skip
from tests.editor.language_server import LanguageServer, language_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """yaml-language-server, configured as docs/editor.md says."""
    yield from or_skip(language_server(tmp_path_factory.mktemp("workspace")))
