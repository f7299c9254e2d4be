"""Masks secrets in a run's events, before any consumer gets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runner.masking import Masker, StreamMasker
from runner.results.events import Event, OutputArrived, StepFinished, StepKey


class EventMasker:
    """Masks events one by one; a secret that is split between two pieces of output is masked too."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._masker = Masker(secrets)
        self.conceal = self._masker.add
        self._streams: dict[StepKey, dict[str, tuple[OutputArrived, StreamMasker]]] = {}

    def __call__(self, event: Event) -> Iterator[Event]:
        if not self._masker:
            yield event
        elif isinstance(event, OutputArrived):
            yield from self._output(event)
        else:
            if isinstance(event, StepFinished):
                yield from self._rest(event.key)
            yield self._masker.value(event)

    def _output(self, event: OutputArrived) -> Iterator[Event]:
        streams = self._streams.setdefault(event.key, {})
        _, stream = streams.setdefault(event.stream, (event, StreamMasker(self._masker)))
        masked = stream.feed(event.data)
        if masked:
            yield event._replace(data=masked)

    def _rest(self, key: StepKey) -> Iterator[Event]:
        """Yield what the maskers of a finished step still hold back."""
        for first, stream in self._streams.pop(key, {}).values():
            masked = stream.end()
            if masked:
                yield first._replace(data=masked)
