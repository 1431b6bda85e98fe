"""The dashboard as Grafana reads it."""

import itertools
import json
import re
from pathlib import Path

import pytest

from calicometrics import dashboard
from calicometrics.dashboard.grafana import WIDTH, Panel, Query

BOARD = json.loads(dashboard.render())
COPY = Path(__file__).parents[2] / "deploy" / "grafana" / "calicometrics.json"


def panels():
    """All panels, those of folded rows included."""
    return [inner for panel in BOARD["panels"] for inner in (panel, *panel.get("panels", []))]


def titles():
    return [panel["title"] for panel in panels() if panel["type"] != "row"]


def test_the_committed_copy_is_what_the_code_renders():
    assert COPY.read_text() == dashboard.render(), "stale: run python deploy/generate.py"


def test_panel_ids_are_unique():
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))


def test_titles_are_unique_within_a_row():
    for row in dashboard.DASHBOARD.rows:
        names = [panel.title for panel in row.panels]
        assert len(names) == len(set(names))


def test_panels_neither_overlap_nor_leave_the_grid():
    def cells(panel):
        place = panel["gridPos"]
        return {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }

    # A folded row's panels are placed as if it were open, over the rows below it.
    unfolded = [panel for panel in BOARD["panels"] if not panel.get("panels")]
    for group in (unfolded, *(row["panels"] for row in BOARD["panels"] if row.get("panels"))):
        for one, other in itertools.combinations(group, 2):
            assert not cells(one) & cells(other), (one["title"], other["title"])
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= WIDTH for panel in panels())


def test_every_variable_is_used_and_every_used_one_exists():
    text = json.dumps([panel.get("targets") for panel in panels()]) + json.dumps(
        [panel["title"] for panel in panels()]
    )
    declared = {variable["name"] for variable in BOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval"}
    assert used == declared


@pytest.mark.parametrize(
    "panel", [p for p in panels() if p["type"] != "row"], ids=lambda panel: panel["title"]
)
def test_a_panel_has_queries_with_distinct_letters_and_the_chosen_source(panel):
    letters = [target["refId"] for target in panel["targets"]]
    assert letters
    assert len(letters) == len(set(letters))
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


def test_the_views_the_operator_asked_for_are_there():
    assert [row.title for row in dashboard.DASHBOARD.rows] == [
        "Cluster",
        "Node: $instance",
        "Felix",
        "Dataplane: nftables",
        "Dataplane: eBPF",
        "Dataplane: iptables",
        "Exporter",
    ]
    assert "Peers by type and state" in titles()


def test_expressions_have_no_variable_of_grafanas_left():
    expressions = list(dashboard.expressions())
    assert len(expressions) == sum(len(panel.get("targets", [])) for panel in panels())
    assert not [text for text in expressions if "$" in text]


def test_states_become_words_and_colours():
    panel = Panel("t", "state-timeline", (Query("up"),), words={0: ("down", "red")}).json(1, 0, 0)
    assert panel["fieldConfig"]["defaults"]["mappings"] == [
        {"type": "value", "options": {"0": {"text": "down", "color": "red"}}}
    ]


def test_a_table_asks_for_the_newest_value_and_hides_columns():
    panel = Panel("t", "table", (Query("up"),), hidden=("job",)).json(1, 0, 0)
    assert panel["targets"][0]["instant"] is True
    assert panel["targets"][0]["format"] == "table"
    assert panel["transformations"][0]["options"]["excludeByName"] == {"Time": True, "job": True}


def test_thresholds_are_sorted_above_the_base_colour():
    panel = Panel("t", "stat", (Query("up"),), base="red", thresholds={1: "green", 0.95: "orange"}).json(
        1, 0, 0
    )
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"] == [
        {"color": "red", "value": None},
        {"color": "orange", "value": 0.95},
        {"color": "green", "value": 1},
    ]
