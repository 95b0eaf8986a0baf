#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/llm/chat/cases.json: templates, contexts, and what Jinja renders.

Needs jinja2 (PyPI). The environment is the one chat templates are written for: sandboxed, immutable,
trim_blocks, lstrip_blocks, loop controls, and a tojson without HTML escapes. A case whose expected
text is null is one that Jinja refuses.

    python3 tools/golden/jinja_cases.py > tests/llm/chat/cases.json
"""

import json
import sys

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from jinja_cases_list import CASES


class Generation(Extension):
    """{% generation %}: what it holds is rendered as it is."""

    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = refuse
    return env


def rendered(template, context):
    try:
        return environment().from_string(template).render(**context)
    except Exception as error:  # every refusal counts
        print(f"refused: {template[:60]!r}: {error}", file=sys.stderr)
        return None


def main():
    contexts = []
    for _, context in CASES:
        if context not in contexts:
            contexts.append(context)
    cases = [{"template": t, "context": contexts.index(c), "expected": rendered(t, c)} for t, c in CASES]
    json.dump({"contexts": contexts, "cases": cases}, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main()
