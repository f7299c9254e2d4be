"""``run docs``: parts of a run, where marks stand, kinds of pages, folders, and pages that are hard to write."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.helpers import Command

STEPS = """\
title: four
steps:
  - {id: one, title: First, set: {a: "1"}}
  - {id: two, title: Second, sleep: 0}
  - {id: three, title: Third, sleep: 0}
finally:
  - {id: last, title: Last, sleep: 0}
"""


def fill(command: Command, name: str, text: str) -> str:
    """Fill a page, and return it."""
    path = command.write("x.yaml", STEPS).parent / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    done = command("docs", name, "-q")
    assert done.code == 0, done.err
    return path.read_bytes().decode()


def titles(text: str) -> list[str]:
    """The headings of the page's parts."""
    return [line.lstrip(" >#") for line in text.splitlines() if line.lstrip(" >").startswith("##")]


def test_parts_of_one_run_stand_where_their_marks_do(command: Command) -> None:
    text = fill(
        command,
        "p.md",
        "# Page\n\n1. item\n\n    <!-- run: x.yaml#one -->\n    <!-- /run -->\n\n"
        "> <!-- run: x.yaml#two..three -->\n> <!-- /run -->\n\nprose\n\n<!-- run: x.yaml#three.. -->\n<!-- /run -->\n",
    )
    assert titles(text) == ["1. First", "2. Second", "3. Third", "3. Third", "Afterwards"]
    assert "\n    ## 1. First\n\n    ```bash\n    a=1\n    ```\n" in text
    assert "\n> ## 2. Second\n>\n> ```bash\n> sleep 0.1\n> ```\n" in text
    assert "\n\nprose\n\n<!-- run: x.yaml#three.. -->\n\n## 3. Third\n" in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]
    assert "# four" not in text
    assert fill(command, "p.md", text) == text


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("<!-- run: x.yaml#tow -->", "error[bad-mark]: x.yaml has no step 'tow'"),
        ("<!-- run: x.yaml#three..one -->", "step 'three' is behind step 'one'"),
        ("| <!-- run: x.yaml --> |", "a table's cell can't hold a place"),
        ("<!-- run: x.yaml --lang curl,pythn -->", "there is no language of snippets 'pythn'"),
        ("<!-- run: x.yaml --flavour mkdoks -->", "there is no flavour 'mkdoks'"),
    ],
)
def test_a_mark_that_makes_no_sense_is_refused_before_anything_runs(command: Command, mark: str, message: str) -> None:
    command.write("x.yaml", STEPS)
    (command.folder / "p.md").write_text(f"{mark}\n<!-- /run -->\n")
    done = command("docs", "p.md")
    assert (done.code, message in done.err, "First" in done.err) == (3, True, False), done.err


@pytest.mark.parametrize(
    ("name", "before", "after", "title", "step"),
    [
        ("p.mdx", "# T\n\n{/* run: x.yaml */}\n", "{/* /run */}\n", "## four\n", "### 1. First\n\n<Tabs groupId="),
        (
            "p.rst",
            "T\n~\n\nS\n=\n\n.. run: x.yaml\n",
            ".. /run\n\nend\n",
            "four\n----\n",
            "1. First\n^^^^^^^^\n\n.. code-block:: bash\n\n   a=1\n",
        ),
        (
            "p.adoc",
            "= T\n\n== S\n\n// run: x.yaml\n",
            "// /run\n",
            "=== four\n",
            "==== 1. First\n\n[source,bash]\n----\na=1\n----\n",
        ),
    ],
    ids=["mdx", "rst", "adoc"],
)
def test_other_kinds_of_pages(command: Command, name: str, before: str, after: str, title: str, step: str) -> None:
    text = fill(command, name, before + after)
    assert text.startswith(before + "\n" + title)
    assert "\n\n" + step in text
    assert text.endswith(after)


@pytest.mark.parametrize(
    ("flavour", "shown"),
    [
        ("mkdocs", '\n=== "curl"\n\n    ```bash\n    a=1\n    ```\n\n=== "docker CLI"\n'),
        (
            "myst",
            "\n::::{tab-set}\n:sync-group: language\n\n:::{tab-item} curl\n:sync: curl\n\n```bash\na=1\n```\n:::\n",
        ),
        (
            "mdx",
            '\n<Tabs groupId="language">\n<TabItem value="curl" label="curl">\n\n```bash\na=1\n```\n\n</TabItem>\n',
        ),
    ],
)
def test_flavours(command: Command, flavour: str, shown: str) -> None:
    assert shown in fill(command, "p.md", f"<!-- run: x.yaml --flavour {flavour} -->\n<!-- /run -->")


def test_languages_are_chosen_by_the_command_and_by_a_mark(command: Command) -> None:
    command.write("x.yaml", STEPS)
    path = command.folder / "p.md"
    place = "<!-- run: x.yaml --no-title{} -->\n<!-- /run -->\n"
    path.write_text(place.format("") + place.format(" --lang docker-py"))
    assert command("docs", "p.md", "--lang", "requests,curl").code == 0
    first, second = path.read_text().split("<!-- /run -->")[:2]
    assert first.index("```py\n") < first.index("<summary>With curl</summary>") < first.index("```bash")
    assert "```python" in second
    assert "```bash" not in second
    assert "<details>" not in second


def test_anchors_are_those_of_the_page(command: Command) -> None:
    place = "<!-- run: x.yaml --contents -->\n<!-- /run -->\n"
    text = fill(command, "p.md", f"# A\n{place}# B\n{place}")
    assert [text.count(f"1. [First]({anchor})") for anchor in ("#1-first", "#1-first-1")] == [1, 1]


def test_a_folder_and_a_page_without_marks(command: Command) -> None:
    command.write("x.yaml", STEPS)
    for name in ("docs/a.md", "docs/.hidden/b.md", "docs/deep/c.rst", "docs/d.txt"):
        command.write(name, "<!-- run: ../x.yaml -->\n<!-- /run -->\n" if name.endswith("a.md") else "plain\n")
    done = command("docs", "docs")
    assert done.code == 0
    assert "docs/a.md: written\n" in done.err
    assert "docs/deep/c.rst: no marks, nothing to fill; it is written: .. run: " in done.err
    assert "hidden" not in done.err
    assert "d.txt" not in done.err
    assert "no marks" in command("docs", "docs/deep/c.rst", "--check").err


def test_a_page_of_five_mebibytes(command: Command) -> None:
    line = "- a line with `code` and <b>more</b>\r\n"
    filler = line * (5 * 2**20 // len(line))
    text = fill(command, "p.md", f"\ufeff{filler}\r\n<!-- run: x.yaml -->\r\n<!-- /run -->\r\n{filler}end")
    assert text.startswith(f"\ufeff{filler}\r\n<!-- run: x.yaml -->\r\n\r\n# four\r\n")
    assert text.endswith(f"\r\n\r\n<!-- /run -->\r\n{filler}end")


def test_a_page_that_is_changed_while_it_is_filled_is_left_alone(command: Command) -> None:
    command.write("x.yaml", STEPS.replace("{id: two, title: Second, sleep: 0}", "{id: two, sleep: 3s}"))
    path = command.folder / "p.md"
    path.write_text("<!-- run: x.yaml -->\n<!-- /run -->\n")
    words = [sys.executable, "-m", "runner", "docs", "p.md"]
    process = subprocess.Popen(
        words, cwd=command.folder, env=command.environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    told = process.stderr.readline() + process.stderr.readline()  # the run has begun
    path.write_text("another text\n")
    _, more = process.communicate(timeout=60)
    assert process.returncode == 2, told + more
    assert "error[page-changed]: p.md was changed while its scenarios ran; it is left as it is" in more
    assert path.read_text() == "another text\n"
