"""Names the labels that the runner puts on everything a run creates."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "engine-recipes."
RUN: Final = f"{PREFIX}run"
"""The id of the run."""
SCENARIO: Final = f"{PREFIX}scenario"
"""The scenario's title."""
ORIGIN: Final = f"{PREFIX}origin"
"""What kind of resource it was put on, and by which step: containers and images inherit labels."""
