"""Test what an editor says of body fields and filters: complete, in our own words, true to the description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from runner.api import operations
from schemas import fields, filters, make, swagger
from schemas.fields.versions import version_notes

SHINGLE = 8
"""So many words in a row are a sentence that was taken over."""
BODIES = json.loads((make.API / "bodies.json").read_text())
UNDOCUMENTED_FILTERS = {"PluginList.enabled"}
MISTAKEN_FILTERS = {"PluginList.enable"}  # the engine knows it as `enabled`
MOST_USED = """
ContainerCreate: Image Cmd Entrypoint Env WorkingDir User Labels Tty OpenStdin StdinOnce AttachStdin AttachStdout
  AttachStderr ExposedPorts Volumes Hostname Healthcheck StopSignal StopTimeout HostConfig NetworkingConfig
HostConfig: Binds Mounts PortBindings PublishAllPorts NetworkMode RestartPolicy AutoRemove Memory MemorySwap NanoCpus
  CpuShares CpuQuota CpuPeriod CpusetCpus PidsLimit Privileged CapAdd CapDrop Dns DnsSearch ExtraHosts Init IpcMode
  PidMode UTSMode UsernsMode ReadonlyRootfs SecurityOpt ShmSize Sysctls Tmpfs Ulimits LogConfig LogConfig.Type
  LogConfig.Config Devices DeviceRequests GroupAdd VolumesFrom Runtime OomScoreAdj CgroupParent StorageOpt
HealthConfig: Test Interval Timeout Retries StartPeriod StartInterval
RestartPolicy: Name MaximumRetryCount
Mount: Type Source Target ReadOnly BindOptions.Propagation VolumeOptions.Subpath VolumeOptions.NoCopy
  TmpfsOptions.SizeBytes TmpfsOptions.Mode
PortMap: HostIp HostPort
EndpointSettings: IPAMConfig Aliases Links MacAddress DriverOpts GwPriority
EndpointIPAMConfig: IPv4Address IPv6Address
NetworkCreate: Name Driver Internal Attachable Ingress IPAM EnableIPv6 Options Labels
IPAMConfig: Subnet Gateway IPRange AuxiliaryAddresses
NetworkConnectRequest: Container EndpointConfig
NetworkDisconnectRequest: Container Force
VolumeCreateRequest: Name Driver DriverOpts Labels
ContainerExec: Cmd Env User WorkingDir Tty AttachStdin AttachStdout AttachStderr Privileged
ServiceCreate: Name Labels TaskTemplate Mode Mode.Replicated Mode.Replicated.Replicas Mode.Global UpdateConfig
  UpdateConfig.Parallelism UpdateConfig.Delay UpdateConfig.FailureAction UpdateConfig.Order EndpointSpec
TaskSpec: ContainerSpec ContainerSpec.Image ContainerSpec.Command ContainerSpec.Args ContainerSpec.Env
  ContainerSpec.Mounts ContainerSpec.Secrets ContainerSpec.Configs ContainerSpec.HealthCheck Resources
  Resources.Limits RestartPolicy.Condition Placement.Constraints Networks LogDriver.Name ForceUpdate
EndpointPortConfig: Protocol TargetPort PublishedPort PublishMode
SecretSpec: Name Data Labels
ConfigSpec: Name Data Labels
SwarmInit: ListenAddr AdvertiseAddr
SwarmJoin: RemoteAddrs JoinToken
NodeSpec: Role Availability Labels
"""


def most_used() -> list[str]:
    """``HostConfig.Memory`` … from the list above."""
    groups = re.findall(r"^(\w+): ([^:]*?)(?=\n\w|\n\Z)", MOST_USED, re.MULTILINE | re.DOTALL)
    return [f"{owner}.{name}" for owner, names in groups for name in names.split()]


def fields_of(shape: Any, place: str) -> Iterator[str]:
    if isinstance(shape, dict):
        for name, inner in shape.get("fields", {}).items():
            yield f"{place}.{name}"
            yield from fields_of(inner, f"{place}.{name}")
        for part in ("map", "list"):
            yield from fields_of(shape.get(part), place)
        for option in shape.get("any_of", ()):
            yield from fields_of(option, place)


def every_field() -> list[str]:
    shapes = {**BODIES["operations"], **BODIES["types"]}
    return [field for owner, shape in shapes.items() for field in fields_of(shape, owner)]


def test_every_field_of_every_body_is_described() -> None:
    assert [place for place in every_field() if not fields.description(place)] == []
    assert len({place for place in every_field() if place.partition(".")[0] not in fields.SAME}) >= 300


def test_the_most_used_fields_exist_and_are_described() -> None:
    assert len(most_used()) >= 120
    assert set(most_used()) <= set(every_field())
    assert [place for place in most_used() if not fields.description(place)] == []


def test_no_description_is_left_over() -> None:
    ours = {f"{owner}.{path}" for owner, texts_ in fields.FIELDS.items() for path in texts_}
    assert ours - set(every_field()) == set()
    assert set(fields.SAME.values()) <= set(fields.FIELDS)


def test_descriptions_reach_the_schema() -> None:
    definitions = json.loads((make.SCHEMAS / "scenario.schema.json").read_text())["$defs"]
    host_config = definitions["HostConfig"]["anyOf"][0]["properties"]
    assert host_config["Memory"]["description"] == fields.description("HostConfig.Memory")
    body = definitions["container.create"]["properties"]["body"]["anyOf"][0]["properties"]
    assert body["HostConfig"]["description"] == fields.description("ContainerCreate.HostConfig")


def test_descriptions_name_the_versions_that_have_a_field() -> None:
    definitions = json.loads((make.SCHEMAS / "scenario.schema.json").read_text())["$defs"]
    host_config = definitions["HostConfig"]["anyOf"][0]["properties"]
    assert host_config["Annotations"]["description"].endswith(" Since API 1.43.")
    assert host_config["KernelMemory"]["description"].endswith(" Gone after API 1.41.")
    assert "API" not in host_config["Memory"]["description"]
    mount = definitions["Mount"]["anyOf"][0]["properties"]["VolumeOptions"]["anyOf"][0]["properties"]
    assert mount["Subpath"]["description"].endswith(" Since API 1.45.")
    everything = set(every_field())
    assert set(version_notes(BODIES)) <= everything


def test_what_two_operations_got_at_different_times_has_no_version() -> None:
    bodies = {
        "operations": {"A": {"ref": "T"}, "B": {"list": {"ref": "T"}}},
        "types": {"T": {"fields": {"x": "string", "y": "string"}}},
        "since": {"A": {"x": "1.30", "y": "1.30"}, "B": {"*.x": "1.40", "*.y": "1.30"}},
        "until": {"A": {"y": "1.50"}},
    }
    assert version_notes(bodies) == {"T.y": "Since API 1.30. Gone after API 1.50."}


def test_lengths_are_measured_with_their_unit() -> None:
    """A number of nanoseconds or bytes says so: these are what people get wrong by a factor of a billion."""
    for owner, name in (("HealthConfig", "Interval"), ("TaskSpec", "RestartPolicy.Delay"), ("HostConfig", "Memory")):
        assert re.search(r"[Nn]anoseconds|bytes", fields.FIELDS[owner][name])


@cache
def descriptions() -> list[swagger.Description]:
    try:
        return swagger.read_all(swagger.default_folder())
    except FileNotFoundError as error:
        pytest.skip(f"{error}; set ENGINE_API_FILES to compare with them")


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1)}


def schema_texts(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("description"), str):
            yield schema["description"]
        for inner in schema.values():
            yield from schema_texts(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from schema_texts(inner)


def test_no_description_shares_eight_words_in_a_row_with_the_api_files() -> None:
    descriptions()
    theirs: set[tuple[str, ...]] = set()
    for file in swagger.default_folder().glob("v*.yaml"):
        theirs |= shingles(file.read_text())
    assert shingles("Filters to process on the container list, encoded as JSON") <= theirs
    schema = json.loads((make.SCHEMAS / "scenario.schema.json").read_text())
    ours = {text for text in schema_texts(schema) if shingles(text) & theirs}
    assert ours == set()


def test_filters_are_those_of_the_operations_that_take_them() -> None:
    taking = {one.id for one in operations.all_operations() if one.param("filters")}
    assert set(filters.FILTERS) == taking


def test_filters_are_those_that_the_description_names() -> None:
    for _, described in descriptions()[-1].operations.values():
        text = next((p["description"] for p in described.get("parameters", ()) if p["name"] == "filters"), None)
        if text is not None:
            operation_id = described["operationId"]
            theirs = {f"{operation_id}.{name}" for name in re.findall(r"^ *- `([\w.-]+)", text, re.MULTILINE)}
            if "label!=" in text:
                theirs.add(f"{operation_id}.label!")
            ours = {f"{operation_id}.{name}" for name in filters.FILTERS[operation_id]}
            assert ours - UNDOCUMENTED_FILTERS == theirs - MISTAKEN_FILTERS
