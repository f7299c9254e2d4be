"""Implements ``run init [FILE]``: write a scenario to start from."""

from __future__ import annotations

from pathlib import Path

from runner.cli import options
from runner.cli.output.console import Console
from runner.errors import ExitCode, UsageError
from runner.files import check_writable, write_text
from runner.library.arguments import Parser

STARTER = Path(__file__).parents[1] / "starter.yaml"
DEFAULT = Path("hello.scenario.yaml")
USAGE = "run init [FILE]"
DESCRIPTION = f"""\
Write a scenario to start from: it pulls an image if it isn't there, creates a container, runs it and checks what it
prints. FILE is {DEFAULT} unless another one is named; a file that exists is left alone."""
EXAMPLES = """\
examples:
  run init
  run init scenarios/web.scenario.yaml"""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run init", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("file", nargs="?", type=Path, default=DEFAULT, metavar="FILE", help=f"default: {DEFAULT}")
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code.

    Raises:
        UsageError: ``file-exists``, ``cannot-write``, ``wrong-use``.
    """
    file: Path = options.parse(parser(console), arguments, console).file
    if file.suffix not in (".yaml", ".yml"):
        hint = f"for example run init {file if file.name else DEFAULT.stem}.yaml"
        raise UsageError("wrong-use", f"'{file}' can't be a scenario's name: it must end in .yaml", hint=hint)
    if file.exists():
        raise UsageError("file-exists", f"{file} exists already, and is left as it is", hint="name another file")
    check_writable(file)
    write_text(file, STARTER.read_text("utf-8"))
    console.say(f"wrote {file}")
    console.say(f"  run check {file}    report what is wrong with it, without an engine")
    console.say(f"  run {file}          run it")
    console.say("  run schema --install FILE    completion in your editor")
    return ExitCode.PASSED
