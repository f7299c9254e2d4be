"""Lists options and verbs of other tools with what they mean here, so that the nearest spelling need not be guessed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple


class Meaning(NamedTuple):
    """Says what to write instead. ``option`` is the one that is meant, None where there is none."""

    option: str | None
    hint: str


_FIRST_FAILURE = "a scenario ends at its first failed step as it is; --keep-going runs the others too"
_NO_RETRIES = "a step says so by itself: retry: {times: 3, every: 1s}"
_VALUE = "for example --var image=alpine"
_PLAN = "run plan x.yaml prints the requests, and sends nothing"

OPTIONS: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(("--dry-run", "--dryrun", "--plan", "--what-if", "-n"), Meaning(None, _PLAN)),
    **dict.fromkeys(("--bail", "--fail-fast", "--failfast", "--exitfirst", "-x"), Meaning(None, _FIRST_FAILURE)),
    **dict.fromkeys(("--retry", "--retries"), Meaning(None, _NO_RETRIES)),
    **dict.fromkeys(("--set", "-e", "--variable", "--variables", "--extra-vars", "--env"), Meaning("--var", _VALUE)),
    **dict.fromkeys(("--env-file", "--variables-file", "--values"), Meaning("--vars-file", "--vars-file FILE")),
    **dict.fromkeys(("--json", "--output-format"), Meaning("--format", "--format json, or -o report.json")),
    **dict.fromkeys(
        ("--junit", "--report-junit", "--junitxml"), Meaning("--format", "--format junit, or -o report.xml")
    ),
    **dict.fromkeys(("--html", "--report-html"), Meaning("--format", "--format html, or -o report.html")),
    **dict.fromkeys(("--markdown", "--md"), Meaning("--format", "--format markdown, or -o report.md")),
    **dict.fromkeys(
        ("--no-cleanup", "--keep-containers", "--no-clean", "--leave", "--no-remove"),
        Meaning("--keep", "--keep leaves what the scenarios created"),
    ),
    **dict.fromkeys(
        ("--watch-dog", "--watchdog", "--reaper", "--ryuk"),
        Meaning("--reap", "--reap removes what is left if the runner is killed"),
    ),
    **dict.fromkeys(
        ("--no-fail-fast", "--continue-on-error", "--continue", "--no-bail", "--ignore-errors"),
        Meaning("--keep-going", "--keep-going runs the steps after one that failed"),
    ),
    **dict.fromkeys(("--silent", "--no-progress"), Meaning("--quiet", "-q")),
    **dict.fromkeys(
        ("--parallel", "-j", "--workers", "--concurrency"), Meaning("--jobs", "--jobs 4 runs files side by side")
    ),
    **dict.fromkeys(
        ("--include-tags", "--tag", "-t", "-m"), Meaning("--tags", "--tags slow runs what has 'tags: [slow]'")
    ),
    **dict.fromkeys(
        ("--exclude-tags", "--exclude", "--skip"), Meaning("--skip-tags", "--skip-tags slow leaves out 'tags: [slow]'")
    ),
    **dict.fromkeys(("--step", "--steps", "--filter", "--grep"), Meaning("--only", "--only ID[,ID] runs these steps")),
    **dict.fromkeys(("--collect-only", "--list-steps", "--list-tags", "--ls"), Meaning("--list", "--list")),
    **dict.fromkeys(
        ("--insecure", "--no-verify", "--no-tls-verify"),
        Meaning(None, "a certificate is always verified: --tlscacert FILE names the CA to verify it with"),
    ),
    **dict.fromkeys(("-f", "--file"), Meaning(None, "a scenario needs no option: run x.yaml")),
    **dict.fromkeys(("--socket", "--unix-socket"), Meaning("--host", "-H unix:///var/run/docker.sock")),
    **dict.fromkeys(("--url", "--base-url"), Meaning("--host", "-H tcp://127.0.0.1:2375")),
}
"""Options of other tools. A row counts where the option that it names exists."""

_RUN = "scenarios are run by naming them: run x.yaml"
_CHECK = "run check x.yaml: everything that is wrong, without an engine"
_OPERATION = "the operations of the API are steps of a scenario; `run operations {noun}` lists them"
VERBS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("test", "run", "exec", "execute", "apply", "up", "play", "start"), _RUN),
    **dict.fromkeys(("lint", "validate", "verify", "compile"), _CHECK),
    **dict.fromkeys(("dry-run", "dryrun", "curl", "export", "preview"), _PLAN),
    **dict.fromkeys(("list", "ls", "steps"), "run x.yaml --list lists its steps, `run operations` what a step may be"),
    "help": "run --help, or run VERB --help",
    "version": "run --version",
    **dict.fromkeys(("new", "create-scenario", "scaffold"), "run init x.yaml writes a scenario to start from"),
    **dict.fromkeys(("cleanup", "prune", "down", "gc"), "run clean removes what interrupted runs left behind"),
    "record": "run x.yaml --record x.json",
    "replay": "run x.yaml --replay x.json",
    **dict.fromkeys(("report", "render", "generate"), "run x.yaml -o report.html; .md, .json and .xml too"),
    **dict.fromkeys(("doc", "fill", "update"), "run docs PAGE.md fills the marked places of a page"),
    "diff": "run compare x.yaml -H one=URL -H two=URL compares engines",
    **dict.fromkeys(("proxy", "mock", "fake"), "run serve RECORDING plays an engine, run capture records a client"),
    **dict.fromkeys(
        ("ps", "containers", "rm", "cp", "logs", "stop", "kill", "inspect"), _OPERATION.format(noun="container")
    ),
    **dict.fromkeys(("images", "rmi", "pull", "push", "build", "commit", "tag"), _OPERATION.format(noun="image")),
    **dict.fromkeys(("ops", "operation", "api"), "run operations lists the API's operations"),
}
"""Verbs of other tools."""


def option_meant(word: str, known: Collection[str]) -> str | None:
    """Return a hint for an unknown option, where its meaning is known; ``known`` are the options that there are."""
    meaning = OPTIONS.get(word)
    if meaning is None or (meaning.option is not None and meaning.option not in known):
        return None
    return meaning.hint
