"""Parses words of a command line, or of a mark in a page, and reports mistakes as errors of the runner."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from runner.errors import UsageError
from runner.executor.untyped import UntypedText
from runner.library.values import NAME, check_names
from runner.library.words import option_meant
from runner.masking import SHOWN
from runner.nearest import did_you_mean


class Parser(argparse.ArgumentParser):
    """Reports mistakes as :class:`UsageError`, with the option that is meant, or the nearest."""

    def error(self, message: str) -> NoReturn:
        """Raise the mistake instead of exiting."""
        hint = None
        unknown = re.search(r"unrecognized arguments: (\S+)", message)
        if unknown:
            options = [option for action in self._actions for option in action.option_strings]
            word = unknown[1].partition("=")[0]
            hint = option_meant(word, options) or did_you_mean(word, options)
        raise UsageError("wrong-use", message, hint=hint or f"{self.prog} --help lists the options")


def unambiguous(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with ``--replay`` before a scenario and ``--contract`` written so that they don't take
    it for their value."""
    words = list(arguments)
    for index, word in enumerate(words):
        following = words[index + 1] if index + 1 < len(words) else ""
        if word == "--contract":
            words[index] = "--contract=documented"
        if word == "--replay" and (following.endswith((".yaml", ".yml")) or Path(following).is_dir()):
            words[index] = "--replay="
    return words


def assigned(pairs: Sequence[str]) -> dict[str, Any]:
    """Return the variables of ``--var NAME=VALUE``.

    Raises:
        UsageError: ``wrong-use``, ``reserved-name``.
    """
    found = {name: UntypedText(value) for name, value in (pair(text, "--var") for text in pairs)}
    check_names(found)
    return found


def pair(text: str, option: str) -> tuple[str, str]:
    """Split ``NAME=VALUE``.

    Raises:
        UsageError: ``wrong-use``.
    """
    name, equals, value = text.partition("=")
    if not equals or not NAME.match(name):
        shown = text if option != "--secret" else name if equals else SHOWN
        raise UsageError(
            "wrong-use", f"{option} {shown}: NAME=VALUE is expected", hint=f"for example {option} image=alpine"
        )
    return name, value
