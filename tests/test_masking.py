"""No form of a secret is left in any text, however that comes; texts without one stay as they are."""

from __future__ import annotations

import base64
import itertools
import json
import re
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import Diagnostic, Place
from runner.masking import CUT, SHOWN, Masker, StreamMasker

ODD = "\"'/\\+%&<>?#= \n\té€😀ßabcXYZ019._-~"
SECRETS = st.text(
    st.sampled_from(ODD) | st.characters(exclude_characters="*" + CUT, exclude_categories=["Cs"]), min_size=4
)
AROUND = st.text(st.sampled_from('xyz{}",:%& \n') | st.characters(exclude_categories=["Cs"]), max_size=20)


def encodings(secret: str) -> dict[str, str]:
    """As others than the code under test write it."""
    data = secret.encode()
    return {
        "plain": secret,
        "JSON": json.dumps(secret)[1:-1],
        "JSON, not ASCII": json.dumps(secret, ensure_ascii=False)[1:-1],
        "JSON of JSON": json.dumps(json.dumps(secret)[1:-1])[1:-1],
        "percent": urllib.parse.quote(data, safe=""),
        "percent, in a path": urllib.parse.quote(data),
        "percent, lower case": re.sub("%..", lambda match: match[0].lower(), urllib.parse.quote(data, safe="")),
        "form": urllib.parse.quote_plus(data),
        "base64": base64.b64encode(data).decode(),
        "base64url": base64.urlsafe_b64encode(data).decode(),
        "base64url without padding": base64.urlsafe_b64encode(data).decode().rstrip("="),
        "terminal": secret.replace("\n", "\r\n"),
        "percent twice": urllib.parse.quote(urllib.parse.quote(data, safe=""), safe=""),
        "hexadecimal": data.hex(),
        "hexadecimal, capitals": data.hex().upper(),
    }


def survivors(secret: str, text: str) -> list[str]:
    """The encodings of a secret that are in a text."""
    return [name for name, form in encodings(secret).items() if form in text]


@given(SECRETS, st.data())
def test_no_form_survives(secret: str, data: st.DataObject) -> None:
    forms = list(encodings(secret).values())
    text = "".join(data.draw(AROUND) + data.draw(st.sampled_from(forms)) for _ in range(4)) + data.draw(AROUND)
    assert survivors(secret, Masker([secret]).text(text)) == []


@pytest.mark.parametrize(("line", "shown"), [("sixsix", SHOWN), ("five5", "five5")])
def test_a_line_of_a_secret_is_masked_from_six_characters_on(line: str, shown: str) -> None:
    assert Masker([f"first line\n{line}\n"]).text(f"it is {line}.") == f"it is {shown}."


@given(SECRETS, st.data())
def test_no_form_survives_in_pieces(secret: str, data: st.DataObject) -> None:
    """Cut anywhere, also inside of a character."""
    forms = list(encodings(secret).values())
    sent = "".join(data.draw(AROUND) + data.draw(st.sampled_from(forms)) for _ in range(3)).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=8)))
    mask = StreamMasker(Masker([secret]))
    shown = b"".join(mask.feed(sent[start:end]) for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True))
    assert survivors(secret, (shown + mask.end()).decode()) == []


@given(st.lists(SECRETS, min_size=1, max_size=3), AROUND, AROUND)
def test_a_longer_text_in_base64(secrets: list[str], before: str, after: str) -> None:
    """Such as credentials: no more than its first and last character, which hold other bits too, are left."""
    masker = Masker(secrets)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(f"{before}{secrets[0]}{after}".encode()).decode()
        start = len(before.encode())
        inner = whole[-(-start * 8 // 6) : (start + len(secrets[0].encode())) * 8 // 6]
        if len(inner) >= 8:
            assert inner not in masker.text(whole)


@given(SECRETS, st.text(st.sampled_from("xyz .,:{}"), max_size=200), st.lists(st.integers(0, 200)))
def test_what_has_no_secret_is_untouched(secret: str, text: str, cuts: list[int]) -> None:
    masker = Masker(["#" + secret])
    assert masker.text(text) == text
    assert masker.value({"a": [text, 1, None, (text,)]}) == {"a": [text, 1, None, (text,)]}
    mask = StreamMasker(masker)
    data = text.encode()
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    shown = b"".join(mask.feed(data[start:end]) for start, end in itertools.pairwise(places))
    assert shown + mask.end() == data


@given(st.binary(max_size=200), st.integers(0, 200))
def test_bytes_that_are_no_text_pass(data: bytes, cut: int) -> None:
    mask = StreamMasker(Masker(["a secret that is not in it"]))
    assert mask.feed(data[:cut]) + mask.feed(data[cut:]) + mask.end() == data


def test_the_longest_is_replaced_wherever_it_is_cut() -> None:
    whole = b"<abcdabcdefgh>"
    for cut in range(len(whole)):
        mask = StreamMasker(Masker(["abcd", "abcdefgh"]))
        assert mask.feed(whole[:cut]) + mask.feed(whole[cut:]) + mask.end() == b"<******>"


def test_forms_that_overlap_where_a_piece_ends() -> None:
    mask = StreamMasker(Masker(["abcX", "cXyz"]))
    assert mask.feed(b"abcX") + mask.feed(b"-") + mask.end() == b"***-"


def test_a_line_of_a_secret() -> None:
    masker = Masker(["-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n"])
    assert masker.text("key=MIIEvQIBADANBg") == f"key={SHOWN}"
    assert masker.text("a line: BEGIN") == "a line: BEGIN"


def test_where_a_text_was_cut() -> None:
    masker = Masker(["correct horse battery"])
    assert masker.text(f"expected correct hor{CUT} in") == f"expected {SHOWN}{CUT} in"
    assert masker.text(f"a color{CUT}") == f"a color{CUT}"


def test_a_number() -> None:
    assert Masker(["123456"]).value({"pin": 123456, "123456": [1234567]}) == {"pin": SHOWN, SHOWN: [1234567]}


SHORT = st.text(st.sampled_from("e1aZ_é"), min_size=1, max_size=3)


@given(SHORT, st.text(st.sampled_from("e1aZ_é xyz.,:\"'\n{}"), max_size=60))
def test_a_short_secret_is_masked_as_a_word_by_itself(secret: str, text: str) -> None:
    word = re.compile(rf"(?<!\w){re.escape(secret)}(?!\w)")
    masked = Masker([secret]).text(text)
    assert not word.search(masked)
    assert Masker([secret]).text(secret) == SHOWN
    assert word.search(text) or masked == text


@given(SHORT, st.text(st.sampled_from("e1aZ_é xyz.,:"), max_size=60), st.lists(st.integers(0, 60)))
def test_a_short_secret_in_pieces(secret: str, text: str, cuts: list[int]) -> None:
    """The border of a word is where the whole text has it, not where a piece ends."""
    mask = StreamMasker(Masker([secret]))
    places = sorted({0, *(cut for cut in cuts if cut < len(text)), len(text)})
    shown = b"".join(mask.feed(text[start:end].encode()) for start, end in itertools.pairwise(places))
    assert (shown + mask.end()).decode() == Masker([secret]).text(text)


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        ("pass", "compass, pass", "com***, ***"),
        ("e", "e, the e-mail of e", "***, the ***-mail of ***"),
        ("1", "1 of 10: a1 v1.41", "*** of 10: a1 v1.41"),
        ("!", "yes! ! no!", "yes! *** no!"),
        ("pw", 'cHc= and "pw"', '*** and "***"'),
    ],
)
def test_texts_from_outside(secret: str, text: str, masked: str) -> None:
    assert Masker([secret]).text(text) == masked


@pytest.mark.parametrize(
    ("secret", "message", "masked"),
    [
        ("1", "not done within 1 s: '1' is not \"1\"", "not done within 1 s: '***' is not \"***\""),
        ("hunter2", "there is no hunter2 here", "there is no *** here"),
    ],
)
def test_messages_of_the_runner(secret: str, message: str, masked: str) -> None:
    assert Masker([secret]).message(message) == masked


def test_short_secrets_are_not_masked_in_numbers_and_names_of_fields() -> None:
    masker = Masker(["200", "Id", "id", "true", "null"])
    value = {"Id": "Id", "code": 200, "id": ["200", True, None], "Status": "true"}
    assert masker.value(value) == {"Id": SHOWN, "code": 200, "id": [SHOWN, True, None], "Status": SHOWN}


def test_the_columns_of_a_source_line_stay() -> None:
    place = Place("x.yaml", 1, 22, 3, "a: hunter2; b: hunter2; c")
    found = Masker(["hunter2"]).diagnostic(Diagnostic("code", "m", place))
    assert found.place is not None
    assert found.place.text == "a: *******; b: *******; c"
