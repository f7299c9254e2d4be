"""Test that what is committed is what the API's description files say, and what an editor gets from it."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from runner.api import operations
from schemas import language, make, overlay, scenario, swagger, table, texts

API = make.API


@cache
def descriptions() -> list[swagger.Description]:
    try:
        return swagger.read_all(swagger.default_folder())
    except FileNotFoundError as error:
        pytest.skip(f"{error}; set ENGINE_API_FILES to compare with them")


def committed(name: str) -> Any:
    return json.loads((API / name).read_text())


def test_the_committed_files_are_what_the_descriptions_give() -> None:
    for file, text in make.generate(descriptions()).items():
        assert file.read_text() == text, f"{file.name} is stale: run python -m schemas.make"


def test_the_schema_is_what_the_committed_facts_give() -> None:
    text = scenario.render(committed("operations.json"), committed("bodies.json"))
    assert (make.SCHEMAS / "scenario.schema.json").read_text() == text, "run python -m schemas.make"


def test_every_operation_of_the_newest_description_is_there_once() -> None:
    newest = descriptions()[-1]
    text = (swagger.default_folder() / f"v{newest.version}.yaml").read_text()
    ids = re.findall(r"^      operationId: \"?(\w+)\"?$", text, re.MULTILINE)
    assert ids
    assert sorted(ids) == sorted(operation.id for operation in operations.all_operations())


def test_every_path_method_and_parameter_agrees_with_the_newest_description() -> None:
    for (method, _), (path, described) in descriptions()[-1].operations.items():
        operation = operations.by_id(described["operationId"])
        assert operation is not None
        assert (operation.method, operation.path) == (method, path)
        names = {param["name"] for param in described.get("parameters", ()) if param["in"] != "body"}
        dropped = {name.partition(".")[2] for name in overlay.NO_PARAMS if name.startswith(f"{operation.id}.")}
        added = {param["name"] for param in overlay.MORE_PARAMS.get(operation.id, ())}
        assert not names & added, "described by now"
        assert {param.name for param in operation.params if not param.until} == (names - dropped) | added


def test_the_first_version_of_an_operation_is_the_first_that_describes_it() -> None:
    for operation in operations.all_operations():
        key = (operation.method, re.sub(r"\{[^}]*\}", "{}", operation.path))
        with_it = [one.version for one in descriptions() if key in one.operations]
        assert operation.since == with_it[0]


def test_the_overlay_speaks_only_of_what_exists() -> None:
    ids = {operation.id for operation in operations.all_operations()}
    assert set(overlay.OPERATIONS) | set(overlay.ALIASES) | set(overlay.NAMES) | set(overlay.SLOW) <= ids
    for place in overlay.PARAMS:
        operation_id, _, name = place.partition(".")
        operation = operations.by_id(operation_id)
        assert operation is not None
        assert operation.param(name), place
    assert {place.partition(".")[0] for place in overlay.BODY_FIELDS} <= ids


def test_every_operation_and_parameter_has_a_description_and_none_is_left_over() -> None:
    every = operations.all_operations()
    assert set(texts.OPERATIONS) == {operation.id for operation in every}
    assert set(texts.PARAMS) == {param.name for operation in every for param in operation.params}
    assert set(texts.SPECIAL_PARAMS) <= {f"{one.id}.{param.name}" for one in every for param in one.params}
    assert set(texts.EXAMPLES) <= set(texts.OPERATIONS)


def test_no_sentence_is_taken_from_the_descriptions() -> None:
    theirs = (swagger.default_folder() / f"v{descriptions()[-1].version}.yaml").read_text()
    theirs = " ".join(theirs.split())
    ours = [*texts.OPERATIONS.values(), *texts.PARAMS.values(), *texts.SPECIAL_PARAMS.values(), *texts.EXTRAS.values()]
    assert [text for text in ours if len(text.split()) > 4 and text.rstrip(".") in theirs] == []


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        ("ContainerCreate", "container.create"),
        ("ImageGetAll", "image.get_all"),
        ("SystemPingHead", "system.ping_head"),
        ("PutContainerArchive", "put.container_archive"),
        ("Session", "session"),
    ],
)
def test_names_are_made_mechanically(operation_id: str, name: str) -> None:
    assert table.mechanical_name(operation_id) == name


def test_no_name_stands_for_two_things() -> None:
    names = [name for one in operations.all_operations() for name in (one.name, *one.aliases)]
    names += [*language.KIND_SCHEMAS, *language.MODIFIER_SCHEMAS]
    assert sorted(names) == sorted(set(names))


def test_nouns_of_containers_and_the_system_may_be_left_out() -> None:
    for operation in operations.all_operations():
        noun, _, verb = operation.name.partition(".")
        if noun in ("container", "system"):
            assert operations.find(verb) == operation


def test_a_new_version_in_the_folder_is_all_it_needs(tmp_path: Path) -> None:
    body = "definitions: {}\npaths:\n  /things/{id}:\n    get:\n      operationId: ThingInspect\n"
    body += "      produces: [application/json]\n      parameters:\n"
    body += "        - {name: id, in: path, type: string, required: true}\n"
    response = "      responses: {200: {schema: {type: object}}}\n"
    (tmp_path / "v1.9.yaml").write_text(body + response)
    (tmp_path / "v1.10.yaml").write_text(
        (body + "        - {name: deep, in: query, type: boolean}\n" + response).replace("{id}", "{name}")
    )
    rendered = json.loads(table.render(swagger.read_all(tmp_path)))
    assert (rendered["first"], rendered["api"]) == ("1.9", "1.10")
    operation = operations.from_row(rendered["operations"][0], "1.9")
    assert (operation.name, operation.since, operation.answer) == ("thing.inspect", "1.9", "json")
    assert [(param.name, param.since) for param in operation.params] == [("id", "1.9"), ("deep", "1.10")]


def test_what_a_new_version_still_needs_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "v1.99.yaml").write_text(
        "definitions: {}\npaths:\n  /containers/{id}/doze:\n    post:\n      operationId: NoSuchOperation\n"
        "      parameters:\n        - {name: id, in: path, type: string, required: true}\n"
        "        - {name: depth_of_sleep, in: query, type: integer}\n      responses: {204: {}}\n"
    )
    before = {file: file.read_bytes() for file in API.glob("*.json")}
    assert make.main(["--api-files", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  OPERATIONS: NoSuchOperation",
        "  PARAMS: depth_of_sleep, of no.such_operation",
    ]
    assert {file: file.read_bytes() for file in API.glob("*.json")} == before


def test_a_folder_without_descriptions_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make.main(["--api-files", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
