"""Which series a PromQL expression asks for: enough of the language to tell metric names from everything else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

# Tried from top to bottom at each position.          # example
_RULES = (
    ("blank", r"\s++|\#[^\n]*+"),  # ------------------ # a comment
    ("string", r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'),  # -- "job", up to the end if that is missing
    ("string", r"'(?:[^'\\]|\\.)*+(?:'|\\?\Z)"),  # -- 'job'
    ("string", r"`[^`]*+(?:`|\Z)"),  # --------------- `job`
    ("variable", r"\{\{[^{}]*+\}\}"),  # -------------- {{ .Values.prefix }}
    ("variable", r"\$\{[^{}]*+\}|\[\[[^][]*+\]\]"),  # ${metric:raw}, [[metric]]
    ("variable", r"\$\w++"),  # ----------------------- $__rate_interval
    ("range", r"\[[^][]*+\]"),  # ---------------------- [1h:5m]
    ("number", r"\.?\d[\w.]*+"),  # ------------------- 1e5, 0x1f, 5m30s
    ("word", r"[A-Za-z_:][\w:]*+"),  # ---------------- felix_host, sum, by
    ("operator", r"[=!]~|[=!]=|="),  # ---------------- =~
    ("other", r"."),  # ------------------------------- {
)
_TOKEN = re.compile(
    "|".join(f"(?P<{kind}_{number}>{rule})" for number, (kind, rule) in enumerate(_RULES)), re.DOTALL
)

_LABEL_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_KEYWORDS = {"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan"}
_AGGREGATIONS = {
    "avg", "bottomk", "count", "count_values", "group", "limit_ratio", "limitk", "max", "min", "quantile", "stddev",
    "stdvar", "sum", "topk",
}  # fmt: skip  # a list of words reads better as a block
_NOT_METRICS = _LABEL_LISTS | _KEYWORDS | _AGGREGATIONS
# Queries of Grafana's variables, about labels and patterns; label_values may have a selector in front of its label.
_ABOUT_LABELS = {"label_names", "metrics", "label_values"}
_ALTERNATIVES = re.compile(r"[\w:]++(?:\|[\w:]++)*+")


class Token(NamedTuple):
    """A piece of an expression."""

    kind: str
    text: str
    start: int
    end: int


def metric_names(promql: str) -> list[str]:
    """Return the names of the metrics that an expression asks for, in order, each once.

    Names stand alone, quoted in braces, or as the value of ``__name__``, alternatives of a plain pattern included.
    Words that touch a variable of Grafana or of a template are parts of names that nobody knows yet, and left out. What
    is not PromQL raises nothing and yields what it may.
    """
    tokens = _tokens(promql)
    if [token.text for token in tokens[1:2]] == ["("] and tokens[0].text in _ABOUT_LABELS:
        tokens = _selector(tokens[2 : _closing(tokens, 1)])
    return list(dict.fromkeys(_names(tokens)))


def _tokens(promql: str) -> list[Token]:
    tokens = []
    for match in _TOKEN.finditer(promql):
        kind = str(match.lastgroup).partition("_")[0]
        if kind != "blank":
            tokens.append(Token(kind, match[0], *match.span()))
    return tokens


def _names(tokens: list[Token]) -> Iterator[str]:
    position = 0
    while position < len(tokens):
        token = tokens[position]
        follower = tokens[position + 1].text if position + 1 < len(tokens) else ""
        position += 1
        if token.text == "{":
            end = _closing(tokens, position - 1)
            yield from _matched_names(tokens[position:end])
            position = end + 1
        elif token.kind != "word":
            continue
        elif follower == "(":
            if token.text.lower() in _LABEL_LISTS:
                position = _closing(tokens, position) + 1
        elif token.text.lower() not in _NOT_METRICS and not _touches_variable(tokens, position - 1):
            yield token.text


def _closing(tokens: list[Token], opening: int) -> int:
    """Return the position of the bracket that closes one, or the end."""
    depth = 0
    for position in range(opening, len(tokens)):
        depth += (tokens[position].text in {"(", "{"}) - (tokens[position].text in {")", "}"})
        if depth == 0:
            return position
    return len(tokens)


def _selector(arguments: list[Token]) -> list[Token]:
    """Return the arguments without the last: for ``label_values(selector, label)`` that is the selector."""
    commas = [position for position, token in enumerate(arguments) if token.text == ","]
    return arguments[: commas[-1]] if commas else []


def _matched_names(tokens: list[Token]) -> Iterator[str]:
    """Yield the names that stand between braces."""
    before = ["", "", *(token.text for token in tokens)]
    for token, label, operator in zip(tokens, before, before[1:], strict=False):
        if token.kind == "string":
            text = token.text[1:-1]
            if operator in {"", ","}:
                yield text
            elif label == "__name__" and (
                operator == "=" or (operator == "=~" and _ALTERNATIVES.fullmatch(text))
            ):
                yield from text.split("|")


def _touches_variable(tokens: list[Token], position: int) -> bool:
    token = tokens[position]
    neighbours = [*tokens[max(position - 1, 0) : position], *tokens[position + 1 : position + 2]]
    return any(
        one.kind == "variable" and (one.end == token.start or one.start == token.end) for one in neighbours
    )
