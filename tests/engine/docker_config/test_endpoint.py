"""Which engine is meant: addresses, the order of precedence, contexts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.docker_config.endpoint import Endpoint, TlsSettings, parse
from runner.engine.docker_config.resolve import EngineOptions, resolve
from runner.engine.sockets.ssh import ssh_command
from runner.errors import UsageError


def none_exists(path: str) -> bool:
    return False


def resolved(home: Path, env: dict[str, str] | None = None, **options: Any) -> Endpoint:
    exists = options.pop("exists", none_exists)
    return resolve(EngineOptions(**options), {"HOME": str(home), **(env or {})}, exists=exists)


def context(home: Path, name: str, meta: Any, **tls: bytes) -> None:
    """Write a context as the docker CLI does."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    folder = home / ".docker" / "contexts" / "meta" / digest
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(meta if isinstance(meta, str) else json.dumps({"Name": name, **meta}))
    if tls:
        secrets = home / ".docker" / "contexts" / "tls" / digest / "docker"
        secrets.mkdir(parents=True)
        for part, content in tls.items():
            (secrets / f"{part}.pem").write_bytes(content)


def docker(host: str, **more: Any) -> dict[str, Any]:
    return {"Endpoints": {"docker": {"Host": host, **more}}}


@pytest.mark.parametrize(
    ("url", "shown", "host", "port"),
    [
        ("tcp://127.0.0.1:23", "tcp://127.0.0.1:23", "127.0.0.1", 23),
        ("tcp://engine", "tcp://engine:2375", "engine", 2375),
        ("tcp://:4000", "tcp://127.0.0.1:4000", "127.0.0.1", 4000),
        ("tcp://[::1]:4000/", "tcp://[::1]:4000", "::1", 4000),
        ("engine:4000", "tcp://engine:4000", "engine", 4000),
        ("http://engine", "http://engine:80", "engine", 80),
        ("https://engine", "https://engine:443", "engine", 443),
        ("TCP://Engine.example:1", "tcp://engine.example:1", "engine.example", 1),
    ],
)
def test_network_addresses(url: str, shown: str, host: str, port: int) -> None:
    endpoint = parse(url, source="a test")
    assert (endpoint.url, endpoint.scheme, endpoint.host, endpoint.port) == (shown, "tcp", host, port)
    assert (endpoint.tls is not None) == url.startswith("https")


def test_tls_changes_the_usual_port() -> None:
    assert parse("tcp://engine", source="a test", tls=TlsSettings()).port == 2376


def test_unix_addresses() -> None:
    assert parse("unix:///run/x y.sock", source="a test").path == "/run/x y.sock"
    assert parse("unix://", source="a test").path == "/var/run/docker.sock"


@pytest.mark.parametrize(
    ("url", "shown", "prefix"),
    [
        ("tcp://engine:9000/engines/1/", "tcp://engine:9000/engines/1", "/engines/1"),
        (
            "https://portainer.example/api/endpoints/2/docker",
            "https://portainer.example:443/api/endpoints/2/docker",
            None,
        ),
        ("http://engine/a b/%2F", "http://engine:80/a%20b/%2F", "/a%20b/%2F"),
        ("tcp://engine/", "tcp://engine:2375", ""),
    ],
)
def test_a_path_comes_before_that_of_every_request(url: str, shown: str, prefix: str | None) -> None:
    endpoint = parse(url, source="a test")
    assert endpoint.url == shown
    assert endpoint.prefix == ("/api/endpoints/2/docker" if prefix is None else prefix)
    assert parse(endpoint.url, source="a test").prefix == endpoint.prefix


@pytest.mark.parametrize(
    "url",
    [
        *[
            "",
            "/run/x.sock",
            "engine",
            "unix://relative",
            "unix:///" + "x" * 200,
            "ftp://engine",
            "fd://",
            "npipe:////x",
        ],
        *[
            "tcp://a b:1",
            "tcp://engine:port",
            "tcp://engine:99999",
            "tcp://engine/prefix?x=1",
            "tcp://u@engine",
            "tcp://[::1",
        ],
        *[
            "ssh://",
            "ssh://-oProxyCommand=x",
            "ssh://-l@host",
            "ssh://u:password@host",
            "https://",
            "http://engine?x=1",
        ],
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url, source="a test")
    assert caught.value.code == "bad-host"
    assert "password@" not in caught.value.message
    assert caught.value.hint


@given(st.text(max_size=30) | st.from_regex(r"(tcp|ssh|unix|https?)://[!-~]{0,20}", fullmatch=True))
def test_any_text_is_an_address_or_a_wrong_use(url: str) -> None:
    try:
        endpoint = parse(url, source="a test")
    except UsageError:
        return
    assert endpoint.path or endpoint.host
    assert not endpoint.host.startswith("-")


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("tcp://127.0.0.1", False),
        ("tcp://127.9.9.9", False),
        ("tcp://[::1]", False),
        ("tcp://localhost", False),
        ("unix:///x", False),
        ("ssh://host", False),
        ("https://host", False),
        ("tcp://10.0.0.1", True),
        ("http://host", True),
        ("tcp://0.0.0.0", True),
    ],
)
def test_plain_tcp_to_elsewhere_is_exposed(url: str, exposed: bool) -> None:
    assert parse(url, source="a test").exposed == exposed


def test_the_ssh_command() -> None:
    plain = ssh_command(parse("ssh://host", source="a test"))
    assert plain[-3:] == ["--", "host", "docker system dial-stdio"]
    assert plain[:4] == ["ssh", "-T", "-o", "BatchMode=yes"]
    full = ssh_command(parse("ssh://me@host:2222/run/it's.sock", source="a test"))
    assert full[-7:-2] == ["-l", "me", "-p", "2222", "--"]
    assert full[-1] == """docker --host 'unix:///run/it'"'"'s.sock' system dial-stdio"""


def test_the_order_of_precedence(tmp_path: Path) -> None:
    for name in ("flagged", "exported", "chosen"):
        context(tmp_path, name, docker(f"tcp://{name}:1"))
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "chosen"}')
    env = {"DOCKER_HOST": "tcp://variable:1", "DOCKER_CONTEXT": "exported"}
    without_host = {"DOCKER_CONTEXT": "exported"}

    def host_and_source(environment: dict[str, str], **options: Any) -> tuple[str, str]:
        endpoint = resolved(tmp_path, environment, **options)
        return endpoint.host, endpoint.source

    assert host_and_source(env, context="flagged") == ("flagged", "--context")
    assert host_and_source(env, host="tcp://option:1") == ("option", "--host")
    assert host_and_source(env) == ("variable", "DOCKER_HOST")
    assert host_and_source(env, context="default") == ("variable", "DOCKER_HOST")
    assert host_and_source(without_host) == ("exported", "DOCKER_CONTEXT")
    assert host_and_source({}) == ("chosen", "currentContext in config.json")
    assert resolved(tmp_path, {"DOCKER_CONTEXT": "default"}).path == "/var/run/docker.sock"
    with pytest.raises(UsageError, match="two engines"):
        resolved(tmp_path, host="tcp://x", context="flagged")


def test_well_known_sockets(tmp_path: Path) -> None:
    env = {"XDG_RUNTIME_DIR": "/run/user/1000"}
    order = [
        "/var/run/docker.sock",
        "/run/user/1000/docker.sock",
        "/run/user/1000/podman/podman.sock",
        "/run/podman/podman.sock",
    ]
    for first, path in enumerate(order):
        there = set(order[first:])
        assert resolved(tmp_path, env, exists=there.__contains__).path == path
    assert resolved(tmp_path, env).path == order[0]


def test_the_configuration_folder_can_be_elsewhere(tmp_path: Path) -> None:
    context(tmp_path, "remote", docker("tcp://remote:1"))
    elsewhere = {"DOCKER_CONFIG": str(tmp_path / ".docker"), "DOCKER_CONTEXT": "remote"}
    assert resolved(tmp_path / "nobody", elsewhere).host == "remote"


def test_tls_from_flags_and_environment(tmp_path: Path) -> None:
    certificates = tmp_path / "certificates"
    certificates.mkdir()
    for name in ("ca.pem", "cert.pem", "key.pem", "other.pem"):
        (certificates / name).touch()
    env = {"DOCKER_HOST": "tcp://engine", "DOCKER_CERT_PATH": str(certificates)}
    ca, cert, key, other = (certificates / f"{name}.pem" for name in ("ca", "cert", "key", "other"))
    assert resolved(tmp_path, env).tls is None
    for environment, options in (
        ({**env, "DOCKER_TLS_VERIFY": "1"}, {}),
        ({**env, "DOCKER_TLS": "1"}, {}),
        (env, {"tls": True}),
        (env, {"tlsverify": True}),
        (env, {"tlscacert": ca}),
    ):
        endpoint = resolved(tmp_path, environment, **options)
        assert (endpoint.tls, endpoint.port) == (TlsSettings(ca, cert, key), 2376)
    assert resolved(tmp_path, env, tlscacert=other).tls == TlsSettings(other, cert, key)
    assert resolved(tmp_path, {"DOCKER_HOST": "https://engine"}).tls == TlsSettings()
    assert resolved(tmp_path, {**env, "DOCKER_TLS_VERIFY": ""}).tls is None
    with pytest.raises(UsageError, match=r"there is no file .*nothing\.pem \(from --tlscert\)"):
        resolved(tmp_path, env, tlscert=tmp_path / "nothing.pem")


def test_a_context_brings_its_own_tls(tmp_path: Path) -> None:
    context(tmp_path, "full", docker("tcp://full"), ca=b"a", cert=b"b", key=b"c")
    context(tmp_path, "lax", docker("tcp://lax", SkipTLSVerify=True))
    context(tmp_path, "plain", docker("tcp://plain", SkipTLSVerify=False))
    full = resolved(tmp_path, {"DOCKER_TLS_VERIFY": "1"}, context="full")
    assert full.tls
    assert full.tls.verify
    assert [path.read_bytes() for path in (full.tls.ca, full.tls.cert, full.tls.key) if path] == [b"a", b"b", b"c"]
    assert resolved(tmp_path, context="lax").tls == TlsSettings(verify=False)
    assert resolved(tmp_path, context="plain").tls is None
    with pytest.raises(UsageError, match="TLS settings of its own"):
        resolved(tmp_path, context="full", tlsverify=True)


def test_a_context_that_is_not_there(tmp_path: Path) -> None:
    context(tmp_path, "production", docker("tcp://x"))
    with pytest.raises(UsageError, match="no context 'prodution'") as caught:
        resolved(tmp_path, context="prodution")
    assert caught.value.code == "unknown-context"
    assert "production" in (caught.value.hint or "")
    with pytest.raises(UsageError) as caught:
        resolved(tmp_path, {"DOCKER_CONTEXT": "../../etc"})
    assert "default, production" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "meta",
    [
        *("", "junk", "[]", "[" * 100_000, "{}"),
        *('{"Endpoints": []}', '{"Endpoints": {"docker": {}}}', '{"Endpoints": {"docker": {"Host": 5}}}'),
    ],
)
def test_a_context_that_is_malformed(tmp_path: Path, meta: str) -> None:
    context(tmp_path, "broken", meta)
    with pytest.raises(UsageError, match=r"the context 'broken' can't be used: .*meta\.json") as caught:
        resolved(tmp_path, context="broken")
    assert caught.value.code == "bad-context"


def test_a_configuration_that_is_malformed(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text("junk")
    with pytest.raises(UsageError, match=r"config\.json: it is not JSON"):
        resolved(tmp_path)
    assert resolved(tmp_path, host="tcp://x:1").host == "x"
