"""Implements ``run schema``: print a JSON Schema of this version, or write it to a file."""

from __future__ import annotations

from pathlib import Path

from runner.cli import options
from runner.cli.output.console import Console
from runner.errors import ExitCode
from runner.files import cannot_write, check_writable, write_text
from runner.library.arguments import Parser
from runner.resources import schema_path

SCHEMAS = ("scenario", "report", "recording")
USAGE = "run schema [scenario|report|recording] [--install FILE]"
DESCRIPTION = """\
Print the JSON Schema of scenarios (the default), of JSON reports or of recordings, or write it to a file. An editor
that reads the first one completes, explains and checks scenarios."""
EXAMPLES = """\
examples:
  run schema --install .schemas/scenario.schema.json
  run schema report > report.schema.json"""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run schema", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("schema", nargs="?", choices=SCHEMAS, default="scenario", help="which one (default: scenario)")
    parser.add_argument("--install", type=Path, metavar="FILE", help="write it to FILE, and make its folder if need be")
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code.

    Raises:
        UsageError: ``wrong-use``, ``cannot-write``.
    """
    namespace = options.parse(parser(console), arguments, console)
    name: str = namespace.schema
    text = schema_path(f"{name}.schema.json").read_text("utf-8")
    target: Path | None = namespace.install
    if target is None:
        console.write(text)
        return ExitCode.PASSED
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(target.parent, error) from None
    check_writable(target)
    write_text(target, text)
    console.say(f"wrote {target}")
    if name == "scenario":
        line = f"# yaml-language-server: $schema={target.as_posix()}"
        console.say(f"  the first line of a scenario, with the path from its folder: {line}")
    return ExitCode.PASSED
