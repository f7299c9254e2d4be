"""Defines a contradiction between an answer and the API's own description."""

from __future__ import annotations

from typing import Literal, NamedTuple

Contract = Literal["documented", "strict"]
"""How answers are held against the description; ``strict`` also refuses fields that it lacks."""


class Contradiction(NamedTuple):
    """An answer that the API's description of ``version`` does not allow: ``path`` is ``status`` or leads into the
    body, with ``[]`` for any element of a list and ``*`` for any key of a map."""

    operation: str
    version: str
    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.operation} {self.path}: {self.problem} (API {self.version})"
