"""Mistakes that people make in scenarios. ``mistakes.txt`` beside this file shows what each of them is told.

``python -m tests.scenario.mistakes`` writes that file anew: look at its diff as a reader would who made the mistake.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from runner.errors import Diagnostic, InvalidScenario
from runner.scenario.open import open_scenario

GOLDEN = Path(__file__).with_suffix(".txt")

MISTAKES = {
    "unquoted-brackets": """\
title: T
steps:
  - {id: made, info: }
  - check: [steps.made.body.Names == ['/web'], status]
""",
    "unquoted-braces": """\
title: T
steps:
  - {set: {a: 1}, when: engine == {'name': 'docker'} }
""",
    "loop-name": """\
title: T
steps:
  - {for_each: [1, 2], as: one, sleep: 0}
""",
    "kind-typo": """\
title: T
steps:
  - creat:
      body: {Image: a}
""",
    "modifier-typo": """\
title: T
steps:
  - info:
    expct: {status: 200}
""",
    "param-typo": """\
title: T
steps:
  - list: {al: true}
""",
    "body-typo": """\
title: T
steps:
  - create:
      body: {Imag: a, Cmd: [ls]}
""",
    "body-type": """\
title: T
steps:
  - create:
      body: {Image: a, HostConfig: {AutoRemove: maybe}}
""",
    "var-typo": """\
title: T
vars: {container: x}
steps:
  - inspect: "{{ contaner }}"
""",
    "step-typo": """\
title: T
steps:
  - {id: made, info: }
  - check: [steps.mad.body]
""",
    "filter-typo": """\
title: T
steps:
  - {id: made, info: }
  - check: [steps.made.body.ID | shrt]
""",
    "test-typo": """\
title: T
steps:
  - {id: made, info: }
  - check: [steps.made.body.ID is defned]
""",
    "wrong-type": """\
title: T
steps:
  - list: {all: 5}
""",
    "wrong-type2": """\
title: T
steps:
  - list: {limit: many}
""",
    "two-kinds": """\
title: T
steps:
  - info:
    version:
""",
    "no-title": """\
steps:
  - info:
""",
    "no-steps": """\
title: T
""",
    "empty-steps": """\
title: T
steps: []
""",
    "null-steps": """\
title: T
steps:
""",
    "tpl-when": """\
title: T
vars: {x: true}
steps:
  - info:
    when: "{{ x }}"
""",
    "bare-braces": """\
title: T
vars: {x: true}
steps:
  - inspect: {{ x }}
""",
    "tab": "title: T\nsteps:\n\t- info:\n",
    "docker-tpl": """\
title: T
steps:
  - set: {fmt: "{{.Name}}"}
""",
    "unclosed": """\
title: T
vars: {x: true}
steps:
  - inspect: "{{ x"
""",
    "status-ok": """\
title: T
steps:
  - info:
    expect: {status: ok}
""",
    "status-6xx": """\
title: T
steps:
  - info:
    expect: {status: 6xx}
""",
    "status-600": """\
title: T
steps:
  - info:
    expect: {status: 600}
""",
    "capture-empty": """\
title: T
steps:
  - info:
    capture: {id: }
""",
    "capture-str": """\
title: T
steps:
  - info:
    capture: id
""",
    "capture-list": """\
title: T
steps:
  - info:
    capture: [id]
""",
    "capture-tpl": """\
title: T
steps:
  - info:
    capture: {id: "{{ body.ID }}"}
  - check: [id]
""",
    "await-fg": """\
title: T
steps:
  - {id: a, info: }
  - await: a
""",
    "await-unknown": """\
title: T
steps:
  - {id: out, logs: {id: x, follow: true}, background: true}
  - await: ot
""",
    "before-set": """\
title: T
steps:
  - inspect: "{{ c }}"
  - create: {body: {Image: x}}
    capture: {c: body.Id}
""",
    "bg-before-await": """\
title: T
steps:
  - {id: w, wait: x, background: true, capture: {code: body.StatusCode}}
  - check: [code == 0]
  - await: w
""",
    "bg-step-before-await": """\
title: T
steps:
  - {id: w, wait: x, background: true}
  - check: [steps.w.body.StatusCode == 0]
  - await: w
""",
    "take-nonstream": """\
title: T
steps:
  - {inspect: x, take: 3}
""",
    "stdin-inspect": """\
title: T
steps:
  - inspect: {id: x, stdin: hello}
""",
    "unknown-top": """\
title: T
version: 3
steps:
  - info:
""",
    "stepz": """\
title: T
step:
  - info:
""",
    "list-for-map": """\
title: T
steps:
  - create:
      body: [a]
""",
    "map-for-list": """\
title: T
steps:
  a: {info: }
""",
    "root-list": """\
- info:
""",
    "root-str": """\
hello
""",
    "steps-str": """\
title: T
steps:
  - info
""",
    "expect-str": """\
title: T
steps:
  - info:
    expect: 200
""",
    "expect-unknown": """\
title: T
steps:
  - info:
    expect: {code: 200}
""",
    "stdout-kind": """\
title: T
steps:
  - logs: {id: x, stdout: true}
    expect: {stdout: {contain: a}}
""",
    "matcher-beside": """\
title: T
steps:
  - inspect: x
    expect: {body: {Config: {Labels: {type: web, com.example.a: b}}}}
""",
    "matcher-near": """\
title: T
steps:
  - inspect: x
    expect: {body: {Id: {matches: a, lenght: 64}}}
""",
    "matcher-words": """\
title: T
steps:
  - inspect: x
    expect:
      status: {one_of: [200, ok]}
      headers: {Api-Version: {type: str}}
      body: {d: {type: strin}}
""",
    "matcher-numbers": """\
title: T
steps:
  - inspect: x
    expect:
      body: {b: {above: x}, c: {below: "5"}, e: {length: -1}}
""",
    "matcher-patterns": """\
title: T
steps:
  - inspect: x
    expect:
      body:
        a: {matches: "["}
        f: {length: {matches: a}}
        j: [1, {not: {contains: {matches: "(a"}}}]
""",
    "matcher-lists": """\
title: T
steps:
  - inspect: x
    expect:
      body: {g: {one_of: []}, h: {any_order: x}, i: {absent: maybe}}
""",
    "matcher-of-text": """\
title: T
steps:
  - logs: {id: x, stdout: true}
    expect: {stdout: {contains: [a]}, stderr: {any_order: [a]}}
  - logs: {id: x, stdout: true}
    expect: {stdout: {}}
""",
    "stdout-on-inspect": """\
title: T
steps:
  - inspect: x
    expect: {stdout: a}
""",
    "duration": """\
title: T
steps:
  - info:
    timeout: 5 minutes
""",
    "duration2": """\
title: T
steps:
  - sleep: -5
""",
    "regex": """\
title: T
steps:
  - logs: {id: x, stdout: true}
    expect: {stdout: {matches: "(a"}}
""",
    "show": """\
title: T
steps:
  - info:
    show: everything
""",
    "missing-param": """\
title: T
steps:
  - inspect:
""",
    "missing-body": """\
title: T
steps:
  - create:
""",
    "dup-id": """\
title: T
steps:
  - {id: a, info: }
  - {id: a, info: }
""",
    "bad-id": """\
title: T
steps:
  - {id: my step, info: }
""",
    "hyph-id": """\
title: T
steps:
  - {id: my-step, info: }
  - check: [steps.my-step.body]
""",
    "dup-key": """\
title: T
steps:
  - info:
    title: a
    title: b
""",
    "reserved": """\
title: T
vars: {body: x}
steps:
  - info:
""",
    "reserved-cap": """\
title: T
steps:
  - info:
    capture: {status: body.x}
""",
    "redefine": """\
title: T
vars: {x: 1}
steps:
  - info:
    capture: {x: body.ID}
""",
    "dunder": """\
title: T
vars: {x: 1}
steps:
  - check: ["x.__class__"]
""",
    "tag": """\
title: T
steps:
  - set: {a: !!python/object:os.system x}
""",
    "anchor": """\
title: T
steps:
  - set: {a: *nope}
""",
    "requires": """\
title: T
requires: {api: latest}
steps:
  - info:
""",
    "body-and-file": """\
title: T
steps:
  - create: {body: {Image: x}, body_file: y}
""",
    "include-missing": """\
title: T
steps:
  - include: {scenario: nope.yaml}
""",
    "include-str": """\
title: T
steps:
  - include: nope.yaml
""",
    "colon": """\
title: T
steps:
  - info:
    title: Step 1: go
""",
    "at": """\
title: T
steps:
  - set: {a: @home}
""",
    "star": """\
title: T
steps:
  - info:
    title: *bold*
""",
    "quote": """\
title: T
steps:
  - info:
    title: "unclosed
""",
    "indent": """\
title: T
steps:
  - info:
   title: x
""",
    "expr-eq": """\
title: T
steps:
  - {id: a, info: }
  - check: [steps.a.status = 200]
""",
    "expr-amp": """\
title: T
steps:
  - {id: a, info: }
  - check: [steps.a.ok && steps.a.ok]
""",
    "expr-tern": """\
title: T
steps:
  - {id: a, info: }
  - check: ["steps.a.ok ? 1 : 2"]
""",
    "expr-null": """\
title: T
steps:
  - {id: a, info: }
  - check: ["steps.a.body == null"]
""",
    "body-later": """\
title: T
steps:
  - info:
  - check: [body.ID]
""",
    "result-typo": """\
title: T
steps:
  - {id: a, info: }
  - check: [steps.a.bdy.ID]
""",
    "retry-num": """\
title: T
steps:
  - info:
    retry: 3
""",
    "foreach-str": """\
title: T
steps:
  - {inspect: "{{ item }}", for_each: names}
""",
    "foreach-num": """\
title: T
steps:
  - {inspect: "{{ item }}", for_each: 3}
""",
    "foreach-noin": """\
title: T
steps:
  - {inspect: "{{ item }}", for_each: {as: x}}
""",
    "background-yes": """\
title: T
steps:
  - {info: , background: yes}
""",
    "secret-map": """\
title: T
secrets: {a: b}
steps:
  - info:
""",
    "body-json": """\
title: T
steps:
  - create: {body: "{}"}
""",
    "filters": """\
title: T
steps:
  - list: {filters: "status=running"}
""",
    "signal-enum": """\
title: T
steps:
  - wait: {id: x, condition: nxt-exit}
""",
    "empty": "",
    "comment-only": """\
# x
""",
    "multidoc": """\
title: T
steps:
  - info:
---
title: x
""",
    "docker-cmd": """\
title: T
steps:
  - docker run alpine
""",
    "run-kind": """\
title: T
steps:
  - run: ls
""",
    "print-kind": """\
title: T
steps:
  - exec: ls
""",
    "nul": 'title: T\nsteps:\n  - info: "\x00"\n',
    "until-const": """\
title: T
steps:
  - info:
    retry: {until: "true"}
""",
    "unused": """\
title: T
steps:
  - info:
    capture: {a: body.ID}
""",
    "shadow": """\
title: T
vars: {item: x}
steps:
  - {inspect: "{{ item }}", for_each: [a]}
""",
    "in-parallel": """\
title: T
steps:
  - parallel:
    - {id: a, info: }
    - check: [steps.a.ok]
""",
    "cap-cond": """\
title: T
vars: {x: true}
steps:
  - {info: , when: x, capture: {a: body.ID}}
  - check: [a]
""",
    "upper-kind": """\
title: T
steps:
  - Create: {body: {Image: x}}
""",
    "cap-name": """\
title: T
steps:
  - {info: , capture: {my-id: body.ID}}
""",
    "finally-map": """\
title: T
steps:
  - info:
finally:
  remove: x
""",
    "wrong-level": """\
title: T
steps:
  - info:
  expect: {status: 200}
""",
    "top-expect": """\
title: T
steps:
  - info:
expect: {status: 200}
""",
    "top-tasks": """\
title: T
tasks:
  - info:
""",
    "if": """\
title: T
steps:
  - info:
    if: true
""",
    "param-outside": """\
title: T
steps:
  - logs: x
    follow: true
""",
    "modifier-inside": """\
title: T
steps:
  - inspect: {id: x, expect: {status: 200}}
""",
    "field-outside": """\
title: T
steps:
  - create: {Image: alpine, Cmd: [ls]}
""",
    "field-outside2": """\
title: T
steps:
  - create: {Imag: alpine}
""",
    "no-body": """\
title: T
steps:
  - create: {name: x}
""",
    "rename": """\
title: T
steps:
  - rename: x
""",
    "merge": """\
title: T
steps:
  - <<: {info: }
""",
    "merge-vars": """\
title: T
vars:
  base: &base {a: 1}
  more: {<<: *base}
steps:
  - info:
""",
    "tags": """\
title: !env TITLE
about: !!str x
steps:
  - info:
""",
    "open-bracket": """\
title: T
tags: [a, b
steps:
  - info:
""",
    "open-quote": """\
title: "T
about: "more"
steps:
  - info:
""",
    "today": """\
title: T
vars:
  day: "{{ today() }}"
steps:
  - info:
""",
    "title-empty": """\
title: ""
steps:
  - info:
""",
    "secret-dup": """\
title: T
secrets: [a, a]
steps:
  - info:
""",
    "limit-str": """\
title: T
steps:
  - list: {limit: "5"}
""",
    "all-str": """\
title: T
steps:
  - list: {all: "yes"}
""",
    "body-int": """\
title: T
steps:
  - create: {body: {Image: a, HostConfig: {Memory: 64m}}}
""",
    "body-enum": """\
title: T
steps:
  - create: {body: {Image: a, HostConfig: {RestartPolicy: {Name: alway}}}}
""",
    "body-list": """\
title: T
steps:
  - create: {body: {Image: a, Env: {A: b}}}
""",
    "body-str": """\
title: T
steps:
  - create: {body: {Image: [a]}}
""",
    "cmd-map": """\
title: T
steps:
  - create: {body: {Image: a, Cmd: {a: b}}}
""",
    "parallel-map": """\
title: T
steps:
  - parallel: {info: }
""",
    "check-map": """\
title: T
steps:
  - check: {a: b}
""",
    "sleep-x": """\
title: T
steps:
  - sleep: soon
""",
    "request-str": """\
title: T
steps:
  - request: GET /info
""",
    "request-nopath": """\
title: T
steps:
  - request: {method: GET}
""",
    "take-zero": """\
title: T
steps:
  - {stats: x, take: 0}
""",
    "take-str": """\
title: T
steps:
  - {stats: x, take: all}
""",
    "take-empty": """\
title: T
steps:
  - {stats: x, take: {}}
""",
    "volatile-str": """\
title: T
steps:
  - {info: , volatile: body.ID}
""",
    "defer-str": """\
title: T
steps:
  - {info: , defer: remove}
""",
    "var-hyphen": """\
title: T
vars: {my-var: 1}
steps:
  - info:
""",
    "vars-list": """\
title: T
vars: [a]
steps:
  - info:
""",
    "outputs": """\
title: T
outputs: [a]
steps:
  - info:
""",
    "foreach-par": """\
title: T
steps:
  - {inspect: "{{ item }}", for_each: {in: [a], parallel: 0}}
""",
    "bool-in-str": """\
title: T
steps:
  - {info: , when: yes}
""",
    "step-null": """\
title: T
steps:
  -
""",
    "for-typo": """\
title: T
steps:
  - {stats: x, take: {form: 5s}}
""",
    "only-mod": """\
title: T
steps:
  - {id: a, title: b}
""",
    "parallel-later": """\
title: T
steps:
  - parallel:
    - {id: a, info: , capture: {x: body.ID}}
    - check: [x]
""",
    "own": """\
title: T
steps:
  - {id: a, info: , expect: {that: [steps.a.ok]}}
""",
    "each-single": """\
title: T
steps:
  - {id: a, info: }
  - check: [steps.a.each | length == 1]
""",
    "outputs-none": """\
title: T
steps:
  - {id: a, info: }
  - check: [steps.a.outputs.x]
""",
    "loop-body": """\
title: T
steps:
  - {id: a, inspect: "{{ item }}", for_each: [x]}
  - check: [steps.a.body.Id]
""",
    "header-hyph": """\
title: T
steps:
  - {id: a, info: , expect: {that: [headers.Content-Type == "x"]}}
""",
    "guard": """\
title: T
vars: {x: true}
steps:
  - {info: , when: x, capture: {a: body.ID}}
  - {check: [a], when: x}
  - {check: [a], when: a is defined}
  - check: [a | default(1)]
finally:
  - remove: "{{ a }}"
""",
    "step-maybe": """\
title: T
vars: {x: true}
steps:
  - {id: a, info: , when: x}
  - check: [steps.a.body]
""",
    "set-expect": """\
title: T
steps:
  - {set: {a: 1}, expect: {status: 200}}
""",
    "attach-body": """\
title: T
steps:
  - {logs: {id: x, stdout: true}, expect: {body: {a: 1}}}
""",
    "vol": """\
title: T
steps:
  - {info: , volatile: [ID]}
""",
    "zero": """\
title: T
steps:
  - {info: , timeout: 0}
""",
    "secret-var": """\
title: T
vars: {a: 1}
secrets: [a]
steps:
  - info:
""",
    "bg-set": """\
title: T
steps:
  - {set: {a: 1}, background: true}
""",
    "retry-check": """\
title: T
steps:
  - {check: [true], retry: {times: 3}}
""",
    "defer-defer": """\
title: T
steps:
  - {info: , defer: {info: , defer: {info: }}}
""",
    "inc-tpl": """\
title: T
steps:
  - include: {scenario: "{{ x }}.yaml"}
""",
}
INCLUDED = {
    "included.yaml": """\
title: A container
vars: {name: alpine}
steps:
  - {create: {body: {Image: "{{ name }}"}}, capture: {c: body.Id}}
outputs: {container: c}
""",
    "circle.yaml": """\
title: A circle
steps:
  - include: {scenario: circle.yaml}
""",
    "broken.yaml": """\
title: Broken
steps:
  - {check: [nothing]}
""",
}
MISTAKES |= {
    "include-vars-and-outputs": """\
title: T
steps:
  - id: n
    include: {scenario: included.yaml, vars: {nam: x, other: y}}
  - check: [steps.n.outputs.contaner, steps.n.outputs.container]
""",
    "include-in-a-circle": """\
title: T
steps:
  - include: {scenario: circle.yaml}
""",
    "include-of-a-broken-file": """\
title: T
steps:
  - include: {scenario: broken.yaml}
  - include: {scenario: broken.yaml}
""",
}


def told(name: str, text: str, folder: Path) -> str:
    """Return what is said of one mistake, as the command says it."""
    path = folder / f"{name}.yaml"
    path.write_text(text, "utf-8")
    try:
        found = open_scenario(path, path.name, ()).warnings
    except InvalidScenario as error:
        found = error.diagnostics
    return "\n".join(_block(one) for one in found) or "nothing"


def _block(found: Diagnostic) -> str:
    assert found.place is not None, "a mistake in a file has a place in it"
    place = found.place
    lines = [f"{place}: {found.severity}[{found.code}]: {found.message}"]
    if place.text:
        lines += [f"    | {place.text}", f"    | {' ' * (place.column - 1)}{'^' * place.length}"]
    return "\n".join([*lines, *([f"  hint: {found.hint}"] if found.hint else [])])


def everything() -> str:
    """Every mistake with what it is told."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in INCLUDED.items():
            (folder / file).write_text(text, "utf-8")
        parts = [f"## {name}\n{told(name, text, folder)}\n" for name, text in MISTAKES.items()]
    return "\n".join(parts).expandtabs(1).replace("\0", "\N{SYMBOL FOR NULL}")


if __name__ == "__main__":
    GOLDEN.write_text(everything(), "utf-8")
