"""Files of lines NAME=VALUE, as variables and as secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.library.values import read_secrets, read_variables
from runner.scenario.data.dotenv import parse
from runner.scenario.yaml.nodes import SourceFile


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1\nB = two words  \n", {"A": "1", "B": "two words"}),
        ("export A=x # a note\n# B=1\n\nC=a#b", {"A": "x", "C": "a#b"}),
        ('A=\'$HOME "x"\'\r\nB="a\\nb\\"\\$"\r\n', {"A": '$HOME "x"', "B": 'a\nb"$'}),
        ("A='one\ntwo'\nB=\n", {"A": "one\ntwo", "B": ""}),
        ("A=1\nA=2", {"A": "2"}),
        ("A=b=c", {"A": "b=c"}),
    ],
)
def test_what_is_read(text: str, values: dict[str, str]) -> None:
    assert parse(SourceFile.of("x.env", text)) == values


@pytest.mark.parametrize(("text", "line"), [("A", 1), ("A=1\n2=x", 2), ('A = "x', 1), ("\n\nA='x' y", 3), ("A-B=1", 1)])
def test_what_is_refused(text: str, line: int) -> None:
    with pytest.raises(UsageError, match="not a line") as caught:
        parse(SourceFile.of("x.env", text))
    assert caught.value.place is not None and caught.value.place.line == line


@given(st.text(st.sampled_from("AB=1 \n'\"\\#\t$"), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        values = parse(SourceFile.of("x.env", text))
    except UsageError as error:
        assert error.place is not None
    else:
        assert all(name.isidentifier() for name in values)


def test_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("pw=hunter2\n")
    (tmp_path / "s.yaml").write_text("pw: hunter2\npin: 0012\n")
    assert read_secrets(str(tmp_path / ".env")) == {"pw": "hunter2"}
    assert read_secrets(str(tmp_path / "s.yaml")) == {"pw": "hunter2", "pin": "0012"}
    assert read_variables(str(tmp_path / ".env")) == {"pw": "hunter2"}


@pytest.mark.parametrize(("name", "text"), [("s.yaml", "pw: [hunter2]"), ("s.yaml", "hunter2"), ("s.env", "hunter2")])
def test_a_mistake_shows_nothing_of_a_secret(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_secrets(str(file))
    assert caught.value.code == "bad-vars-file"
    assert "hunter2" not in str(caught.value.diagnostic())
