"""A plain pyparsing grammar of ``show protocols all``: what a grammar costs that is used as the library is meant.

It cuts a reply into protocols, each with its lines as labels and words. It makes no models and keeps no sections; it is
what the speed of the parser is measured against.
"""

from __future__ import annotations

import pyparsing as pp

pp.ParserElement.set_default_whitespace_chars(" ")

_END = pp.LineEnd().suppress()
_WORD = pp.Word(pp.printables)
_LABEL = pp.Regex(r"[^\s:][^:\n]*:")
_FIELD = pp.Group(pp.Opt(_LABEL) + pp.ZeroOrMore(_WORD) + _END)
_CODE = pp.Regex(r"\d{4}-").suppress()
_ROW = _CODE + pp.Group(pp.OneOrMore(_WORD)) + _END
_DETAIL = ~pp.Regex(r"(?:1002-|0000 )") + pp.Opt(_CODE) + _FIELD
PROTOCOL = pp.Group(_ROW + pp.Group(pp.ZeroOrMore(_DETAIL)))
REPLY = pp.ZeroOrMore(PROTOCOL)


def parse(text: str) -> pp.ParseResults:
    """Return the protocols of a reply of a control socket."""
    return REPLY.parse_string(text)
