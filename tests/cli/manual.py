"""The manual page ``docs/run.1``, made from the parsers of the command: ``python -m tests.cli.manual`` writes it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from argparse_manpage.manpage import Manpage

from runner.cli.output.console import Console
from runner.cli.verbs import RUN, VERBS
from runner.version import __version__
from tests.cli.helpers import ROOT

PAGE = ROOT / "docs" / "run.1"
ENVIRONMENT = {
    "DOCKER_HOST, DOCKER_CONTEXT, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH, DOCKER_API_VERSION, DOCKER_CONFIG": "as for the "
    "docker CLI",
    "RUN_VAR_<NAME>, RUN_SECRET_<NAME>": "set a variable, a secret",
    "NO_COLOR": "no colours",
    "GITHUB_ACTIONS": "where it is true, errors and warnings are annotations too",
}
DATA = {
    "project_name": "Engine Recipes",
    "version": __version__,
    "prog": "run",
    "description": "run declarative recipes against the Docker Engine API",
    "manual_title": "Engine Recipes",
    "date": " ",  # the same page each time
}


def page() -> str:
    """Return the page as roff."""
    console = Console(io.StringIO(), io.StringIO(), {"COLUMNS": "100"})
    parser = RUN.load().parser(console)
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    examples = [*_block(str(parser.epilog), "examples")]
    exit_codes = [*_block(str(parser.epilog), "exit codes")]
    for name, verb in VERBS.items():
        inner = verb.load().parser(console)
        examples += [*_block(str(inner.epilog), "examples")]
        texts = {"usage": inner.usage, "description": inner.description, "help": verb.summary}
        verbs.add_parser(name, parents=[inner], add_help=False, formatter_class=inner.formatter_class, **texts)
    parser.epilog = None
    sections = {
        "exit status": _verbatim(exit_codes),
        "environment": "\n".join(f".TP\n.B {_escaped(name)}\n{_escaped(text)}" for name, text in ENVIRONMENT.items()),
        "examples": _verbatim(examples),
    }
    parser._manpage = [{"heading": heading, "content": content} for heading, content in sections.items()]
    return f"{str(Manpage(parser, _data=DATA)).strip()}\n"


def _block(text: str, title: str) -> Iterator[str]:
    """Yield the indented lines below a title such as ``examples:``."""
    found = re.search(rf"^{title}:\n((?:  .*\n?)+)", text, re.MULTILINE)
    yield from (line.removeprefix("  ") for line in found[1].splitlines()) if found else ()


def _verbatim(lines: list[str]) -> str:
    return "\n".join([".nf", *map(_escaped, lines), ".fi"])


def _escaped(line: str) -> str:
    return re.sub(r"^(?=[.'])", r"\\&", line.replace("\\", "\\e").replace("-", "\\-"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
