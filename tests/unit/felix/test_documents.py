"""Expressions in documents: every way to write them, with PyYAML and json as the judges."""

import json
import textwrap

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from calicometrics.felix.documents import Entry, entries

RULES = """\
groups:
  - name: a
    rules:
      - record: node:felix_a:sum
        expr: sum by (node) (felix_a) # why
      - alert: B
        expr: |-
          felix_b
            # a comment of PromQL
          > 1

        for: 5m
      - alert: C
        expr: >2-
            felix_c
        annotations: {summary: 'expr: not this'}
      - expr: "felix_d{x=\\"y\\"}"
        alert: D
      - 'expr': 'felix_e{x="it''s"}'
      - expr: felix_f
          / felix_g
        for: 1m
      - expr:
          felix_h
      - {alert: I, expr: felix_i > 0, for: 1m}
      - {record: 'j', "expr": "felix_j"}
  - name: empty
    rules:
      - expr:
      - expr: ""
"""


def test_rules_are_read_with_the_lines_of_their_keys():
    assert list(entries(RULES)) == [
        Entry("record", 4, "node:felix_a:sum"),
        Entry("expr", 5, "sum by (node) (felix_a)"),
        Entry("expr", 7, "felix_b\n            # a comment of PromQL\n          > 1"),
        Entry("expr", 14, "felix_c"),
        Entry("expr", 17, 'felix_d{x="y"}'),
        Entry("expr", 19, 'felix_e{x="it\'s"}'),
        Entry("expr", 20, "felix_f\n          / felix_g"),
        Entry("expr", 23, "felix_h"),
        Entry("expr", 25, "felix_i > 0"),
        Entry("record", 26, "j"),
        Entry("expr", 26, "felix_j"),
    ]


def test_the_rules_say_the_same_to_a_yaml_parser():
    rules = [rule for group in yaml.safe_load(RULES)["groups"] for rule in group["rules"]]
    theirs = [rule["expr"].split() for rule in rules if rule.get("expr")]
    ours = [entry.text.split() for entry in entries(RULES) if entry.key == "expr"]
    assert ours == theirs


def test_carriage_returns_change_nothing():
    assert list(entries(RULES.replace("\n", "\r\n"))) == list(entries(RULES))


DASHBOARD = {
    "panels": [{"targets": [{"expr": 'sum(felix_a{x="\\d+"})\n> 1', "refId": "A"}, {"expr": "felix_b < 2"}]}],
    "templating": {
        "list": [{"query": {"query": "label_values(felix_c, x)", "refId": "q"}}, {"query": "felix_d"}]
    },
}
IN_DASHBOARD = ['sum(felix_a{x="\\d+"})\n> 1', "felix_b < 2", "label_values(felix_c, x)", "felix_d"]


@pytest.mark.parametrize("indent", [None, 2])
def test_dashboards_are_read_in_one_line_or_many(indent):
    assert [entry.text for entry in entries(json.dumps(DASHBOARD, indent=indent))] == IN_DASHBOARD


def test_escapes_of_json_are_undone_as_go_writes_them():
    # Go's encoder escapes <, > and & even though JSON does not ask for it.
    assert [entry.text for entry in entries(r'{"expr": "a \u003e 1 \u0026 \"x\\y\"\tz"}')] == [
        'a > 1 & "x\\y"\tz'
    ]


def test_dashboards_in_a_config_map_are_read():
    config_map = "kind: ConfigMap\ndata:\n  felix.json: |\n" + textwrap.indent(
        json.dumps(DASHBOARD, indent=2), "    "
    )
    assert [entry.text for entry in entries(config_map)] == IN_DASHBOARD


def test_templates_of_helm_are_read():
    template = """\
        {{- range .Values.rules }}
        - alert: A
          expr: rate(felix_a[{{ .Values.window }}]) > {{ .threshold }}
        - alert: B
          expr: {{ .expr | quote }}
        {{- end }}
        """
    assert [entry.text for entry in entries(template)] == [
        "rate(felix_a[{{ .Values.window }}]) > {{ .threshold }}",
        "{{ .expr | quote }}",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "expression: a",
        "my_expr: a",
        "# expr: a",
        "expr : [a, b]",
        "query: {a: b}",
        "query:\n  a: b",
        "expr: *a",
    ],
)
def test_what_is_no_expression_is_left_out(text):
    assert list(entries(text)) == []


@pytest.mark.parametrize("text", ['expr: "a', "expr: 'a", "expr: |", "{expr: ", '"expr":"', 'expr: "\\u12"'])
def test_a_document_that_is_cut_raises_nothing(text):
    assert len(list(entries(text))) <= 1


EXPRESSIONS = st.lists(
    st.sampled_from(
        ["felix_a", "(", ")", "{x='y'}", '{x="a: b"}', "[5m]", "> 1", "\n", "# c\n", "\\d", "'", '"', ": x"]
    ),
    min_size=1,
    max_size=8,
).map(" ".join)


@given(
    st.lists(EXPRESSIONS, min_size=1, max_size=4), st.sampled_from([None, '"', "'", "|", ">"]), st.booleans()
)
def test_whatever_pyyaml_writes_is_read_as_written(expressions, style, indented):
    class Styled(str):
        __slots__ = ()

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow=False, indentless=False):
            return super().increase_indent(flow, indentless and not indented)

    Dumper.add_representer(
        Styled, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style)
    )
    rules = [{"alert": "A", "expr": Styled(text), "for": "1m"} for text in expressions]
    text = yaml.dump({"groups": [{"rules": rules}]}, Dumper=Dumper, sort_keys=False)
    assert [entry.text.split() for entry in entries(text)] == [
        one.split() for one in expressions if one.strip()
    ]


@pytest.mark.parametrize("piece", ["expr: |\n", '"expr": "', "expr:\n", "  ", "- ", "{", 'expr: "\\'])
def test_time_grows_with_the_length_of_a_document(piece):
    # A reader that goes over the rest again for each piece runs into the time limit.
    list(entries(piece * 100_000))
