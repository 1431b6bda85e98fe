"""Tables that stay tables when a narrow screen shows each row as a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from calicometrics.web.status_page.markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTHING = "–"  # noqa: RUF001 - an en dash is what tables have for "not there"


@attrs.frozen
class Column:
    """A column.

    Attributes:
        title: What its header says.
        number: Whether it has numbers, which are aligned at the right.
    """

    title: str
    number: bool = False


@attrs.frozen
class Group:
    """Rows that belong together.

    Attributes:
        rows: The cells of each row; the first one is the row's header.
        title: What stands above them; None for nothing.
        kind: The class of its rows.
    """

    rows: Sequence[Sequence[str]]
    title: str | None = None
    kind: str | None = None


def section(name: str, title: str, *content: str) -> Markup:
    """Return a part of the page that has a heading, and can be linked to by its name."""
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, *content, id=name, aria_labelledby=f"{name}-title")


def table(name: str, columns: Sequence[Column], groups: Iterable[Group]) -> Markup:
    """Return the table of a section, in a box that can be scrolled with the keyboard.

    Roles are given although the elements imply them: browsers forget those of a table that is displayed as cards.
    """
    heads = (
        element(
            "th", column.title, scope="col", role="columnheader", class_="number" if column.number else None
        )
        for column in columns
    )
    head = element("thead", element("tr", *heads, role="row"), role="rowgroup")
    bodies = (_body(columns, group) for group in groups)
    whole = element("table", head, *bodies, role="table", aria_labelledby=f"{name}-title")
    # What scrolls is reached with the keyboard only if it can have the focus, and then it needs a role and a name.
    return element("div", whole, class_="scroll", role="group", tabindex="0", aria_labelledby=f"{name}-title")


def mark(kind: str, *words: str) -> Markup:
    """Return words with a sign before them, whose shape tells as much as its colour.

    Args:
        kind: ``bad``, ``off`` or ``good``.
        words: What it is about.
    """
    sign = element("span", {"bad": "▲", "off": "■", "good": "●"}[kind], class_="sign", aria_hidden="true")
    return element("span", sign, " ", *words, class_=kind)


def lines(*contents: str | None) -> Markup:
    """Return a cell's contents, each on a line of its own; those after the first are subordinate."""
    first, *more = (content for content in contents if content)
    return joined([first, *(element("div", line, class_="more") for line in more)])


def _body(columns: Sequence[Column], group: Group) -> Markup:
    rows = [_row(columns, cells) for cells in group.rows]
    if group.title is not None:
        title = element("th", group.title, colspan=len(columns), scope="rowgroup", role="rowheader")
        rows.insert(0, element("tr", title, role="row", class_="group"))
    return element("tbody", *rows, role="rowgroup", class_=group.kind)


def _row(columns: Sequence[Column], cells: Sequence[str]) -> Markup:
    head, *rest = cells
    shown = [element("th", head, scope="row", role="rowheader")]
    for column, cell in zip(columns[1:], rest, strict=True):
        kinds = [*(["number"] if column.number else []), *(["nothing"] if cell == NOTHING else [])]
        kind = " ".join(kinds) or None
        shown.append(element("td", cell, role="cell", data_label=column.title, class_=kind))
    return element("tr", *shown, role="row")
