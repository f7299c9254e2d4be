"""The engine's own message, at a length that can be shown."""

from __future__ import annotations

from typing import Any

import pytest

from runner.api.error_message import MAX_MESSAGE, bounded, engine_message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"message": " no such container: x\n"}, "no such container: x"),
        ({"cause": "no such container", "response": 404}, "no such container"),
        ({"message": "", "cause": "the cause"}, "the cause"),
        ({"errors": [{"code": "DENIED"}]}, "[{'code': 'DENIED'}]"),
        ("page not found\n", "page not found"),
        *[({}, None), ({"message": None}, None), ("", None), (" \n", None), (None, None), ([], None), (7, None)],
    ],
)
def test_where_the_message_is(body: Any, message: str | None) -> None:
    assert engine_message(body) == message


@pytest.mark.parametrize("wrap", [lambda text: text, lambda text: {"message": text}, lambda text: {"cause": text}])
def test_three_megabytes_are_bounded_and_say_how_much_is_left_out(wrap: Any) -> None:
    message = engine_message(wrap("E" * 3_000_000))
    assert message == "E" * MAX_MESSAGE + "… (2,998,000 more characters)"


def test_a_message_of_the_length_that_can_be_shown_is_whole() -> None:
    assert bounded("E" * MAX_MESSAGE) == "E" * MAX_MESSAGE
    assert bounded("E" * (MAX_MESSAGE + 1)).endswith("… (1 more characters)")
