"""Every option and verb of other tools that is known is answered with what is meant."""

from __future__ import annotations

import io
import shlex

import pytest

from runner.cli.main import run_command
from runner.cli.output.console import Console
from runner.cli.verbs import RUN, VERBS
from runner.errors import UsageError
from runner.library.words import OPTIONS
from runner.library.words import VERBS as MEANT

CONSOLE = Console(io.StringIO(), io.StringIO(), {})
KNOWN = {option for action in RUN.load().parser(CONSOLE)._actions for option in action.option_strings}


@pytest.mark.parametrize("word", sorted(set(OPTIONS) - KNOWN))
def test_an_option_of_another_tool_is_answered_with_what_is_meant(word: str) -> None:
    meaning = OPTIONS[word]
    with pytest.raises(UsageError) as caught:
        RUN.load().parser(CONSOLE).parse_args(["x.yaml", word])
    assert caught.value.hint == meaning.hint


@pytest.mark.parametrize("meaning", {meaning for meaning in OPTIONS.values() if meaning.option})
def test_what_is_meant_exists(meaning: tuple[str, str]) -> None:
    option, hint = meaning
    assert option in KNOWN
    assert any(word in KNOWN for word in shlex.split(hint)), hint


@pytest.mark.parametrize("word", MEANT)
def test_a_verb_of_another_tool_is_answered_with_what_is_meant(
    word: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    console = Console(io.StringIO(), io.StringIO(), {})
    assert word not in VERBS
    assert run_command([word, "x.yaml"], console) == 2
    assert isinstance(console.stderr, io.StringIO)
    assert f"hint: {MEANT[word]}" in console.stderr.getvalue()


def test_an_option_that_another_verb_lacks_is_not_named() -> None:
    with pytest.raises(UsageError) as caught:
        VERBS["init"].load().parser(CONSOLE).parse_args(["--json"])
    assert caught.value.hint == "run init --help lists the options"
