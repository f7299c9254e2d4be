"""Implements ``run completion``: print what makes a shell complete the command."""

from __future__ import annotations

from runner.cli import options
from runner.cli.output.console import Console
from runner.errors import ExitCode
from runner.library.arguments import Parser

SHELLS = ("bash", "zsh", "fish")
COMMANDS = ("run", "engine-recipes")
USAGE = "run completion bash|zsh|fish"
DESCRIPTION = """\
Print code for a shell that completes the command: verbs, options, scenario files, the ids of their steps, operations,
contexts, formats."""
EXAMPLES = """\
examples:
  bash, in ~/.bashrc:             source <(run completion bash)
  zsh, in ~/.zshrc:               source <(run completion zsh)      (behind compinit)
  fish, once:                     run completion fish > ~/.config/fish/completions/run.fish"""


def parser(console: Console) -> Parser:
    """Return the parser of the verb's arguments."""
    parser = options.parser(console, "run completion", DESCRIPTION, EXAMPLES, USAGE)
    parser.add_argument("shell", choices=SHELLS, help="the shell")
    options.add_common(parser)
    return parser


def main(arguments: list[str], console: Console) -> ExitCode:
    """Run the verb and return its exit code."""
    from argcomplete.shell_integration import shellcode

    namespace = options.parse(parser(console), arguments, console)
    console.write(shellcode(COMMANDS, shell=namespace.shell))
    return ExitCode.PASSED
