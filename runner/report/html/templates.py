"""Renders the page's templates, in which every text is escaped.

``{{ text }}`` in a template shows what doesn't print, and escapes what is markup; only what another template has
rendered (:class:`markupsafe.Markup`) goes in as it is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from runner.report import wording
from runner.report.markdown.syntax import CODE_SPAN
from runner.results.statuses import STATUS_MARKS
from runner.text import visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

HERE: Final = Path(__file__).parent
FOLD: Final = 60
"""Lines from which on a text is folded."""
_MAX_LINES = 2000


class Output(NamedTuple):
    """A text for ``<pre>``, and how many lines it had before it was cut."""

    text: Markup
    lines: int


def render(template: str, **values: Any) -> Markup:
    """Return a template of this folder, rendered."""
    return Markup(_environment().get_template(template).render(values).strip())  # noqa: S704 - it has been escaped


def output(value: str) -> Output:
    """Return a text that keeps its lines; overlong lines and texts are cut, and say so."""
    texts = value.removesuffix("\n").split("\n")
    more = len(texts) - _MAX_LINES
    shown = [escape(visible(wording.cut(line.removesuffix("\r")))) for line in texts[:_MAX_LINES]]
    if more > 0:
        shown.append(escape(f"… {more} more lines"))
    return Output(Markup("\n").join(shown), len(texts))


def lines(value: str) -> Markup:
    """Return a text that keeps its lines, whole."""
    texts = value.removesuffix("\n").split("\n")
    return Markup("\n").join(visible(line.removesuffix("\r")) for line in texts)


def inline(value: str) -> Markup:
    """Return a text on one line in which backticks mark code."""
    value = wording.cut(value)
    parts: list[Markup] = []
    end = 0
    for match in CODE_SPAN.finditer(value):
        code = Markup("<code>{}</code>").format(visible(match[2].strip()))
        parts += [escape(visible(value[end : match.start()])), code]
        end = match.end()
    return Markup("").join([*parts, escape(visible(value[end:]))])


def prose(value: str) -> Markup:
    """Return an author's Markdown as HTML. HTML in it is shown, not obeyed; images stay text: a page loads nothing."""
    rendered = _markdown().render("\n".join(visible(line) for line in value.split("\n")))
    return Markup(rendered.strip())  # noqa: S704 - markdown-it lets no HTML through


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals |= {"marks": STATUS_MARKS, "fold": FOLD}
    environment.filters |= {
        "cut": wording.cut,
        "duration": wording.duration,
        "inline": inline,
        "lines": lines,
        "output": output,
        "prose": prose,
        "status_line": wording.status_line,
        "left_out": wording.left_out,
        "title": wording.title_of,
    }
    return environment


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
