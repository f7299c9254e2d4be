"""Checks which modifiers go with a step's kind, and with each other."""

from __future__ import annotations

from runner.scenario import model
from runner.scenario.findings import Findings
from runner.scenario.kinds import rules_of
from runner.scenario.modifiers import MODIFIERS
from runner.scenario.yaml import nodes

_ONE_OF = (("body", "body_file"), ("body", "body_dir"), ("body_file", "body_dir"), ("stdin", "stdin_file"))


def check_combination(step: model.Step, findings: Findings, *, deferred: bool) -> None:
    """Report modifiers that don't go with the step's kind or with each other; ``deferred`` is true for a step that
    cleans up after another one."""
    _Combination(step, findings).check(deferred=deferred)


class _Combination:
    def __init__(self, step: model.Step, findings: Findings) -> None:
        self.step = step
        self.findings = findings
        self.name = str(step.key.value)
        self.rules = rules_of(step.kind, self.name)

    def check(self, *, deferred: bool) -> None:
        for key, node in self.step.node.entries:
            if key.value in self.rules.refused and not _is_off(node, default=key.value == "labels"):
                modifier = MODIFIERS[str(key.value)]
                self._error(key, modifier.refusal.format(kind=self.name), modifier.hint)
        if deferred:
            self._deferred()
        self._expectations()
        self._bodies()
        self._durations()

    def _error(self, node: nodes.Node, message: str, hint: str | None = None) -> None:
        self.findings.error("cannot-combine", message, node, hint)

    def _key(self, modifier: str) -> nodes.Scalar:
        return self.step.node.key(modifier) or self.step.key

    def _deferred(self) -> None:
        if self.step.defer:
            hint = "give 'defer' a list of steps"
            self._error(self._key("defer"), "a deferred step can't defer another one", hint)
        if self.step.background:
            self._error(self._key("background"), "a deferred step can't run in the background")

    def _expectations(self) -> None:
        """Report expectations of a part that the result of this kind doesn't have."""
        expect = self.step.expect
        if expect is None:
            return
        for key, _ in expect.node.entries:
            part = str(key.value)
            if part in self.rules.absent and not (part in self.rules.on_failure and expect.status is not None):
                self._error(key, f"'{self.name}' has no {part} to check", self.rules.hint)

    def _bodies(self) -> None:
        call = self.step.node.get(self.name)
        if not isinstance(call, nodes.Mapping) or not isinstance(
            self.step.kind, model.OperationCall | model.RawRequest
        ):
            return
        for first, second in _ONE_OF:
            key = call.key(second)
            if key is not None and call.key(first) is not None:
                self._error(key, f"'{first}' and '{second}' can't be combined", "keep one of them")

    def _durations(self) -> None:
        take = self.step.node.get("take")
        limit = take.get("for") if isinstance(take, nodes.Mapping) else None
        for seconds, node in (
            (self.step.timeout, self.step.node.get("timeout")),
            (self.step.take.seconds if self.step.take else None, limit),
        ):
            if seconds == 0 and node is not None:
                self.findings.error("bad-duration", "a duration must be greater than zero", node, "write 500ms, 5s, …")


def _is_off(node: nodes.Node, *, default: bool = False) -> bool:
    """Return whether a modifier is there but changes nothing: ``background: false``, ``labels: true``."""
    return isinstance(node, nodes.Scalar) and node.value in (default, None)
