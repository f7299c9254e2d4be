"""Gives a scenario's names identifiers of a language: none that the language or its surroundings own, no two the same.

A captured ``PATH`` would take the reader's commands away, and a captured ``list`` Python's function.
"""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from runner.results.records import StepRecord

Identifier = Callable[[str], str]
"""Returns the identifier for a name, as far as that depends on the name alone."""

_SHELL_WORDS = """
    argv cdpath fignore fpath histchars keymaps mailpath manpath module_path path pipestatus prompt psvar signals status
    watch zle_bracketed_paste builtins commands dirstack functions galiases aliases saliases history historywords
    jobdirs jobstates jobtexts modules nameddirs options parameters patchars reswords termcap terminfo userdirs
    usergroups errnos sysparams widgets auto_resume all_proxy ftp_proxy http_proxy https_proxy no_proxy response
"""
"""Parameters of zsh (https://zsh.sourceforge.io/Doc/Release/Parameters.html and its module zsh/parameter) and of bash,
proxies of curl, and the snippets' own."""
_PYTHON_WORDS = """
    APIError ThreadPoolExecutor answer base64 buffer calendar chunks client connection demultiplex docker engine error
    excluded file folder io items itertools json os registry_auth registry_config requests requests_unixsocket sock
    socket stat stdout stderr tar tarfile time url
"""
"""What the snippets import or assign themselves."""
_OWNED_BY_SHELLS: Final = frozenset(_SHELL_WORDS.split())
_OWNED_BY_PYTHON: Final = frozenset({*keyword.kwlist, *dir(builtins), *_PYTHON_WORDS.split()})


def shell_identifier(name: str) -> str:
    """Return a name for a variable of bash or zsh.

    Names without a lower-case letter belong to shells and programs (POSIX, Base Definitions, 8.1): ``IFS``,
    ``HOME``, ``PROMPT_COMMAND``, ``RANDOM``. They, and names that a shell owns in lower case, get ``my_`` in front.

    >>> shell_identifier("PATH"), shell_identifier("container")
    ('my_PATH', 'container')
    """
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    owned = plain in _OWNED_BY_SHELLS or not re.search("[a-z]", plain) or plain[0].isdigit()
    return f"my_{plain}" if owned else plain


def python_identifier(name: str) -> str:
    """Return a name for a variable of Python; what is a keyword, a builtin or a module gets ``_`` behind (PEP 8).

    >>> python_identifier("list"), python_identifier("out-put")
    ('list_', 'out_put')
    """
    normal = unicodedata.normalize("NFKC", name)  # as Python reads it
    plain = "".join(character if f"a{character}".isidentifier() else "_" for character in normal)
    plain = plain if plain.isidentifier() or keyword.iskeyword(plain) else f"_{plain}"
    return f"{plain}_" if plain in _OWNED_BY_PYTHON else plain


class Names:
    """The identifiers of one scenario's names; the same name has the same identifier all over a page."""

    def __init__(self, identifier: Identifier, steps: Sequence[StepRecord]) -> None:
        self._identifier = identifier
        self._taken: set[str] = set()
        self._variables: dict[str, str] = {}
        self._jobs: dict[str, str] = {}
        for name in captured_names(steps):
            self.variable(name)

    def variable(self, name: str) -> str:
        """Return the identifier of a captured name."""
        if name not in self._variables:
            self._variables[name] = self._free(self._identifier(name))
        return self._variables[name]

    def job(self, step_id: str, ending: str = "") -> str:
        """Return the identifier for what a step in the background leaves: a process, a thread, a stream."""
        if step_id not in self._jobs:
            self._jobs[step_id] = self._free(self._identifier(f"{step_id}{ending}"))
        return self._jobs[step_id]

    def _free(self, wanted: str) -> str:
        name = wanted
        number = 2
        while name in self._taken:
            name = f"{wanted}_{number}"
            number += 1
        self._taken.add(name)
        return name


def captured_names(steps: Iterable[StepRecord]) -> Iterator[str]:
    """Yield the names that steps set, in the order of the document; a name as often as it is set."""
    for step in steps:
        yield from step.captured
        yield from captured_names(step.inside)
