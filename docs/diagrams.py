"""Draws the grammar of BIRD's replies as railroad diagrams, with pyparsing's own diagram support.

Most rules are one regular expression each, which pyparsing would draw as one box. So each expression is taken apart
first, into the pyparsing elements that it stands for. The pictures come from the rules that read the replies, and from
nothing else. docs/grammar_page.py writes them.
"""

from __future__ import annotations

import io
import pathlib
import re
from functools import cache
from html import escape
from re import _constants as op
from re import _parser  # private, and the only reader of its expressions that there is

import pyparsing as pp

from calicometrics.bird import bgp, grammar

PICTURES = pathlib.Path(__file__).parent / "images/grammar"

TABLES: dict[str, grammar.Fields] = {
    "a line of any protocol": grammar.PROTOCOL_FIELDS,
    "a line of a BGP session": bgp.SESSION,
    "a line of any channel": grammar.CHANNEL_FIELDS,
    "a line of a BGP channel": bgp.CHANNEL,
    "a line of limits": {**grammar.LIMITS, **grammar.LIMIT_ACTION},
    "a line of route changes": {**grammar.CHANGES_HEADER, **grammar.CHANGES},
}
LINES: dict[str, list[grammar.Value]] = {
    "a line of show status": list(grammar.STATUS.values()),
    "a line of show memory": [grammar.MEMORY_TITLE, grammar.MEMORY_ROW, grammar.MEMORY_COUNTER],
    "a line of show route count": [grammar.ROUTE_COUNT, grammar.ROUTE_COUNT_TOTAL],
}
_STACKED = 3  # so many alternatives stand below each other


class Box(pp.Token):
    """What a diagram shows in one box.

    Args:
        text: The text in the box.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def _generateDefaultName(self) -> str:  # noqa: N802 - pyparsing's name
        return self.text


def _quoted(text: str) -> str:
    return '"' + text.replace("\n", "\\n") + '"'


_CLASSES = {
    op.CATEGORY_DIGIT: ("digit", "digits"),
    op.CATEGORY_NOT_SPACE: ("not a blank", "word"),
    op.CATEGORY_SPACE: ("blank", "blanks"),
}


def _set(items: list[tuple[object, object]], *, many: bool) -> str:
    """Return what a set of characters is called."""
    if len(items) == 1 and items[0][0] is op.CATEGORY:
        return _CLASSES[items[0][1]][many]
    names = [_quoted(chr(value)) if code is op.LITERAL else "blanks" for code, value in items[1:]]
    if items[0][0] is op.NEGATE:
        return ("text" if many else "a character") + " without " + " and ".join(names)
    return "one of " + " ".join(_quoted(chr(value)) for _, value in items)


def _element(code: object, value: object) -> pp.ParserElement:  # noqa: PLR0911 - one for each kind of node
    """Return the element of one node of an expression."""
    match code:
        case op.LITERAL:
            return Box(_quoted(chr(value)))
        case op.NOT_LITERAL:
            return Box(_set([(op.NEGATE, None), (op.LITERAL, value)], many=False))
        case op.IN:
            return Box(_set(value, many=False))
        case op.SUBPATTERN:
            return _sequence(value[3])
        case op.BRANCH:
            return pp.MatchFirst([_sequence(each) for each in value[1]])
        case op.MAX_REPEAT | op.MIN_REPEAT:
            return _repeated(*value)
        case op.ASSERT:
            return Box(f"behind {_sequence(value[1])}")
        case op.ASSERT_NOT:
            return Box("nothing")
    raise NotImplementedError(f"no picture of {code}")


def _repeated(least: int, most: int, inner: _parser.SubPattern) -> pp.ParserElement:
    """Return the element of what may come several times."""
    code, value = inner[0] if len(inner) == 1 else (None, None)
    if most == 1:
        return pp.Opt(_sequence(inner))
    one: pp.ParserElement | None = None
    if code is op.ANY:
        return Box("text")  # empty or not: what it may be is what the line has left
    if code is op.LITERAL and chr(value) == " ":
        one = Box("blanks")
    elif code is op.NOT_LITERAL:
        one = Box(_set([(op.NEGATE, None), (op.LITERAL, value)], many=True))
    elif code is op.IN:
        one = Box(_set(value, many=True))
    if one is not None:
        return one if least else pp.Opt(one)
    return pp.OneOrMore(_sequence(inner)) if least else pp.ZeroOrMore(_sequence(inner))


def _sequence(nodes: _parser.SubPattern) -> pp.ParserElement:
    """Return the element of an expression's nodes, with the letters of a word in one box."""
    elements: list[pp.ParserElement] = []
    letters = ""
    for code, value in nodes:
        if code is op.LITERAL:
            letters += chr(value)
            continue
        if letters:
            elements.append(Box(_quoted(letters)))
            letters = ""
        elements.append(_element(code, value))
    if letters:
        elements.append(Box(_quoted(letters)))
    return _row(elements) if elements else Box("nothing")


def _row(elements: list[pp.ParserElement]) -> pp.ParserElement:
    """Return elements in a sequence; nested pairs, because pyparsing would put three of them below each other."""
    *before, last = elements
    for each in reversed(before):
        last = pp.And([each, last])
    return last


def _of(rule: pp.Regex) -> pp.ParserElement:
    return _sequence(_parser.parse(rule.pattern))


@cache
def elements(rule: grammar.Rule) -> pp.ParserElement:
    """Return a rule, its regular expressions taken apart, under its own name."""
    if isinstance(rule, grammar.Block):
        return elements(rule.rule)
    if isinstance(rule, pp.Regex):
        made = _of(rule)
    elif isinstance(rule, pp.ParseExpression):
        made = type(rule)([elements(each) for each in rule.exprs])
    elif isinstance(rule, pp.ParseElementEnhance):
        made = type(rule)(elements(rule.expr))
    else:
        raise NotImplementedError(f"no picture of {type(rule).__name__}")
    return made.set_name(rule.customName) if rule.customName else made


@cache
def table(name: str) -> pp.ParserElement:
    """Return a table of labels as one element: any of its lines."""
    lines = [pp.And([Box(_quoted(label)), elements(rule)]) for label, (_, rule) in TABLES[name].items()]
    return pp.MatchFirst(lines).set_name(name)


def reply() -> pp.ParserElement:
    """Return how the lines of ``show protocols all`` follow each other, as the parser cuts them."""
    lines = [table(name) for name in TABLES]
    channel = Box('"Channel" name') + pp.MatchFirst(lines[2:])[...]
    one = _row([elements(grammar.PROTOCOL_ROW), pp.MatchFirst(lines)[...], channel[...]])
    return elements(grammar.HEADER) + one[1, ...]


def pictures() -> dict[str, pp.ParserElement]:
    """Return what there is a picture of, by file name."""
    found = {"reply": reply()}
    found |= {slug(name): table(name) for name in TABLES}
    for name, rules in LINES.items():
        found[slug(name)] = pp.MatchFirst(map(_of, rules)).set_name(name)
    for rule in (grammar.HEADER, grammar.PROTOCOL_ROW, *values()):
        if not isinstance(elements(rule), Box):
            found[slug(rule.customName)] = elements(rule)
    return found


def values() -> list[pp.ParserElement]:
    """Return the rules that the tables name, each once, in the order of their names; capabilities are three rules."""
    named = {bgp.CAPABILITY_NAME.name: bgp.CAPABILITY_NAME, bgp.PARAMETER.name: bgp.PARAMETER}
    for fields in TABLES.values():
        named |= {rule.name: rule for _, rule in fields.values() if isinstance(rule, grammar.Value)}
    return [named[name] for name in sorted(named)]


def slug(name: str) -> str:
    """Return the file name of a rule's picture, without its ending."""
    return re.sub(r"\W+", "-", name).strip("-").lower()


def words(element: pp.ParserElement) -> str:
    """Return an element as one line of text, in which other rules have their names: the picture in words."""
    inner = [f"<{each.customName}>" if each.customName else words(each) for each in element.recurse()]
    match element:
        case Box():
            return element.text
        case pp.MatchFirst():
            return "( " + " | ".join(inner) + " )"
        case pp.Opt():
            return f"[ {inner[0]} ]"
        case pp.ZeroOrMore():
            return f"{{ {inner[0]} }}"
        case pp.OneOrMore():
            return f"{{ {inner[0]} }}+"
    return " ".join(inner)


def draw(element: pp.ParserElement) -> str:
    """Return an element's picture as SVG."""
    from pyparsing.diagram import to_railroad

    named = to_railroad(element, vertical=_STACKED)
    picture = next(each for each in named if each.name == (element.customName or ""))
    written = io.StringIO()
    picture.diagram.writeStandalone(written.write)
    # Links lead to places in pyparsing's own page, which this is not.
    svg = re.sub(r"</?a\b[^>]*>", "", written.getvalue())
    about = f"<title>{escape(element.customName or 'show protocols all')}</title><desc>{escape(words(element))}</desc>"
    return re.sub(r"(<svg[^>]*>)", lambda found: found[1] + about, svg, count=1) + "\n"


def main() -> None:
    """Write every picture, and remove those of rules that are gone."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.svg"):
        old.unlink()
    for name, element in pictures().items():
        (PICTURES / f"{name}.svg").write_text(draw(element), encoding="utf-8")
