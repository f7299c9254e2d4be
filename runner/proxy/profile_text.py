"""Writes a profile for people: what was used, what it needs, and the allow-lists."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from runner.api.operations import oldest_api
from runner.proxy import releases
from runner.proxy.allow_lists import AllowList, tecnativa, wollomatic
from runner.proxy.profile import Profile, Use
from runner.text import count, visible

_UNKNOWN = "-"
_NAMED = 6
"""Operations that are named where an allow-list grants more."""


def profile_text(profile: Profile) -> str:
    """Return the whole text, with its last line's end."""
    if not profile.uses:
        return "no calls\n"
    return "".join(f"{line}\n" for line in _lines(profile))


def _lines(profile: Profile) -> Iterator[str]:
    counts = f"{count(profile.calls, 'call')}, {count(len(profile.uses), 'operation')}"
    yield "; ".join(part for part in (counts, _versioning(profile), _needs(profile)) if part)
    yield from _excluded(profile)
    yield ""
    yield from _table(profile)
    yield ""
    yield from _allow_list(tecnativa(profile.routes), " ")
    yield from _allow_list(wollomatic(profile.routes), " \\\n              ")
    for use in profile.opaque:
        yield f"note: {use.method} {use.template} is BuildKit's: it was passed, and what it says is opaque"
    for need in profile.gone:
        yield f"note: {need.reason} is gone after API {need.until}"
    for reason in profile.notes:
        yield f"note: a connection was passed that is not HTTP/1.1: {visible(reason)}"
    if len(profile.sources) > 1:
        yield f"from {', '.join(visible(source) for source in profile.sources)}"


def _versioning(profile: Profile) -> str:
    spoken = " and ".join(profile.spoken)
    if all(use.libpod for use in profile.uses.values()):
        return "speaks Podman's own API, not Docker's"
    match profile.versioning:
        case "negotiates":
            older = f", pinned or its newest: the engine has {profile.newest_offered}" if profile.newest_spoken else ""
            return f"negotiates its version ({spoken}{older})" if spoken else "negotiates its version"
        case "pins":
            return f"pins API {spoken}"
        case "unversioned":
            return "sends no version, so it gets the engine's own"
        case "mixed":
            return f"sends API {spoken} in some paths and no version in others"


def _needs(profile: Profile) -> str:
    if all(use.libpod for use in profile.uses.values()):
        return ""
    needed = profile.needed
    if needed is None:
        return f"needs API {oldest_api()} or newer"
    release = releases.first_with(needed.version)
    since = f", so {release} or newer" if release else ""
    return f"needs API {needed.version} or newer ({needed.reason}){since}"


def _excluded(profile: Profile) -> Iterator[str]:
    """Which engines refuse the versions of a client that has no others."""
    pinned = profile.versioning in ("pins", "mixed")
    for version in profile.spoken if pinned else filter(None, [profile.newest_spoken]):
        newest = releases.first_without(version)
        oldest = releases.first_with(version)
        too_old = f"engines older than {oldest}" if pinned and oldest and oldest is not releases.RELEASES[0] else ""
        too_new = f"{newest} and newer (their oldest is API {newest.oldest})" if newest else ""
        who = " and ".join(part for part in (too_old, too_new) if part)
        if who:
            yield f"API {version} is refused by {who}"


def _table(profile: Profile) -> Iterator[str]:
    uses = sorted(profile.uses.values(), key=lambda use: (use.template, use.method))
    width = max(len(use.operation or _UNKNOWN) for use in uses)
    paths = max(len(use.template) for use in uses)
    several = len(profile.sources) > 1
    for use in uses:
        name = use.operation or _UNKNOWN
        times = f"{use.count:4}\N{MULTIPLICATION SIGN}{_remarks(use, several)}"
        yield f"  {name:{width}}  {use.method:6} {visible(use.template):{paths}} {times}"


def _remarks(use: Use, several: bool) -> str:
    remarks = []
    if use.refused:
        remarks.append(f"{use.refused} refused")
    if use.cut:
        remarks.append(f"{use.cut} cut off by the engine")
    if several:
        remarks.append(", ".join(visible(source) for source in sorted(use.sources)))
    return f"  {'; '.join(remarks)}" if remarks else ""


def _allow_list(allowed: AllowList, separator: str) -> Iterator[str]:
    lines = [shlex.quote(line) for line in allowed.lines]
    yield f"{allowed.proxy:12}  {separator.join(lines)}"
    if allowed.excess:
        names = [operation.name for operation in allowed.excess]
        opened = count(len(names), "operation")
        yield f"              grants {opened} more than was used: {_joined(names[:_NAMED])}{_more(names)}"
    else:
        yield "              grants nothing beyond what was used"
    if allowed.refused:
        routes = [f"{route.method} {visible(route.template)}" for route in allowed.refused]
        yield f"              has no variable for {_joined(routes[:_NAMED])}{_more(routes)}"


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names)


def _more(names: Sequence[str]) -> str:
    return f", and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
