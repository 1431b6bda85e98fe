"""Writes the page of the grammar and its pictures, out of the rules and the examples that stand beside them.

python docs/grammar_page.py    write docs/grammar.md and docs/images/grammar/; needs railroad-diagrams and jinja2
"""

from __future__ import annotations

import ast
import inspect
import pathlib
import re

import diagrams

from calicometrics.bird import bgp, grammar

PAGE = pathlib.Path(__file__).parent / "grammar.md"

_ABOUT = """# The grammar of BIRD's replies

What calicometrics reads of BIRD, as its rules say it. The pictures are drawn with pyparsing's diagram support from
`calicometrics.bird.grammar` and `calicometrics.bird.bgp`, which are the only description of the format
([architecture](architecture.md#reading-bird)). Follow a line from left to right, with every turn a train could take.
What stands in quotation marks is printed like that; a box with corners is another picture on this page.

Behind a label come a colon, blanks and what its rule reads; only `Pending` has no colon, and
`Neighbor graceful restart active` nothing behind it. Blanks in front of a line tell whether it is the protocol's, a
channel's or a capability's. Lines may come in any order, and one that no rule reads is kept as text and counted. Other
kinds of protocols, those of [plugins](plugins.md) for example, bring tables of their own.

## show protocols, show protocols all

How lines follow each other. BIRD 1.x prints no channels: what they would have stands on the protocol.

"""


def page() -> str:
    """Return the page."""
    parts = [_ABOUT + _picture("reply", "the lines of show protocols all")]
    for rule in (grammar.HEADER, grammar.PROTOCOL_ROW):
        note = ", in capitals or not" if rule is grammar.HEADER else ""
        parts.append(f"### {_title(rule.name)}{note}\n\n{_shown(rule)}")
    for name, fields in diagrams.TABLES.items():
        parts.append(f"### {_title(name)}\n\n{_of(name)}\n{_table(fields)}")
    parts += [f"## {name.removeprefix('a line of ')}\n\n{_of(name)}" for name in diagrams.LINES]
    parts.append(
        f"## Values\n\nA rule that is one word, a number or any text needs no picture:\n\n{_simple()}"
    )
    drawn = [rule for rule in diagrams.values() if diagrams.slug(rule.name) in diagrams.pictures()]
    parts += [f"### {_title(rule.name)}\n\n{_shown(rule)}" for rule in drawn]
    return "\n".join(parts)


def _title(name: str) -> str:
    return name[0].upper() + name[1:]


def _of(name: str) -> str:
    return _picture(diagrams.slug(name), name)


def _picture(slug: str, name: str) -> str:
    return f"![{_title(name)}](images/grammar/{slug}.svg)\n"


def _example(rule: grammar.Rule) -> str:
    example = EXAMPLES.get(id(rule))
    return f"`{example}`" if example else ""


def _shown(rule: grammar.Value) -> str:
    example = f"{_example(rule)}\n\n" if _example(rule) else ""
    return example + _of(rule.name)


def _table(fields: grammar.Fields) -> str:
    rows = ["| label | in the model | rule | example |", "|---|---|---|---|"]
    seen = set()
    for label, entry in fields.items():
        name, rule = entry
        beside = f"`{EXAMPLES[id(entry)]}`" if id(entry) in EXAMPLES else _example(rule)
        if name in seen:  # another label of the same thing: the comment says whose
            beside = EXAMPLES.get(id(entry), "")
        seen.add(name)
        read_by = "capabilities, each with its parameters" if isinstance(rule, grammar.Block) else rule.name
        rows.append(f"| `{label}` | `{name}` | {read_by} | {beside} |")
    return "\n".join(rows) + "\n"


def _simple() -> str:
    rows = ["| rule | reads | example |", "|---|---|---|"]
    for rule in diagrams.values():
        element = diagrams.elements(rule)
        if isinstance(element, diagrams.Box):
            rows.append(f"| {rule.name} | {element.text} | {_example(rule)} |")
    return "\n".join(rows) + "\n"


def examples() -> dict[int, str]:
    """Return the comments behind the rules and behind the entries of tables, by the identity of the rule or entry."""
    found = {}
    for module in (grammar, bgp):
        source = inspect.getsource(module)
        lines = source.splitlines()
        for node in ast.parse(source).body:
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            made = getattr(module, ast.unparse(target), None)
            of: list[tuple[object, ast.expr]] = [(made, node.value)]
            if isinstance(node.value, ast.Dict):
                keys = map(ast.literal_eval, node.value.keys)
                of = [(made[key], value) for key, value in zip(keys, node.value.values, strict=True)]
            for described, value in of:
                if comment := re.search(r"  # (.*)$", lines[value.end_lineno - 1]):
                    found[id(described)] = comment[1]
    return found


EXAMPLES = examples()


def main() -> None:
    """Write the page and its pictures."""
    PAGE.write_text(page(), encoding="utf-8")
    diagrams.main()


if __name__ == "__main__":
    main()
