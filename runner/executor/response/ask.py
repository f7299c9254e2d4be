"""Calls one operation of the API and reads its whole response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from runner.api import operations
from runner.api.operations import Operation
from runner.engine import requests
from runner.engine.parameters import typed_params
from runner.engine.transport import Deadline, Request
from runner.executor.response.reader import Reader
from runner.results.records import RequestRecord

if TYPE_CHECKING:
    from runner.engine.engine import Engine


class Reply(NamedTuple):
    """The status and the parsed body of a response, with the request that it answers."""

    operation: Operation
    params: Mapping[str, Any]
    request: Request
    status: int
    body: Any

    def request_record(self) -> RequestRecord:
        request = self.request
        params = typed_params(self.operation, self.params)
        return RequestRecord(request.method, request.path, dict(request.query), dict(request.headers), params=params)


def ask(engine: Engine, operation_name: str, params: Mapping[str, Any], deadline: Deadline) -> Reply:
    """Call an operation that needs no body.

    Raises:
        StepError: a parameter can't be sent.
        EngineError: the engine can't be reached, or the connection broke.
        DeadlineExceeded: there is no complete response in time.
    """
    operation = operations.find(operation_name)
    assert operation is not None, operation_name
    request = requests.build(operation, params, api_version=engine.api_version)
    response = engine.send(request, deadline)
    try:
        body = Reader(response, deadline, None).value().body
    finally:
        response.close()
    return Reply(operation, params, request, response.status, body)
