"""The catalogue against what is known of Calico from elsewhere: the founding page, and counts."""

import collections

import attrs
import pytest

from calicometrics.exposition.parser import parse_exposition
from calicometrics.felix.catalogue import CatalogueEntry, catalogue

ENTRIES = {entry.name: entry for entry in catalogue()}


def test_there_is_one_entry_for_each_name_sorted_within_its_component():
    assert len(ENTRIES) == len(catalogue())
    order = ["felix", "typha", "kube-controllers", "goldmane"]
    keys = [(order.index(entry.component), entry.name) for entry in catalogue()]
    assert keys == sorted(keys)


def test_every_component_prints_as_many_families_as_its_source_registers():
    counts = collections.Counter(entry.component for entry in catalogue() if entry.removed is None)
    assert counts == {"felix": 100, "typha": 24, "kube-controllers": 16, "goldmane": 13}


def test_felix_has_the_types_that_its_source_registers():
    kinds = collections.Counter(
        entry.type for entry in catalogue() if entry.component == "felix" and entry.removed is None
    )
    assert kinds == {"gauge": 46, "counter": 40, "summary": 10, "histogram": 4}


def test_every_family_of_the_founding_page_is_an_entry_with_its_type_and_labels(data):
    text = (data / "founding" / "felix_metrics.prom").read_text()
    families = [family for family in parse_exposition(text) if family.name.startswith("felix_")]
    assert len(families) == 38
    for family in families:
        entry = ENTRIES[family.name]
        assert entry.type == family.type, entry
        names = {name for sample in family.samples() for name, _ in sample.labels} - {"quantile"}
        assert names == set(entry.labels), entry


def test_five_families_of_the_founding_page_are_gone(data):
    text = (data / "founding" / "felix_metrics.prom").read_text()
    names = [family.name for family in parse_exposition(text)]
    assert {name: ENTRIES[name].removed for name in names if name in ENTRIES and ENTRIES[name].removed} == {
        "felix_active_local_tags": "v3.23",
        "felix_iptables_lock_acquire_secs": "v3.32",
        "felix_iptables_lock_retries": "v3.32",
        "felix_route_table_list_seconds": "v3.29",
        "felix_route_table_per_iface_sync_seconds": "v3.29",
    }


def test_what_is_gone_has_a_last_version_and_heirs_that_exist():
    for entry in catalogue():
        assert (entry.last is None) == (entry.removed is None)
        if entry.last:
            assert entry.removed
            assert int(entry.removed.removeprefix("v3.")) == int(entry.last.removeprefix("v3.")) + 1
        assert all(ENTRIES[heir].removed is None for heir in entry.replaced_by)


def test_names_that_differ_by_total_only_are_entries_of_their_own():
    assert ENTRIES["felix_bpf_conntrack_expired"].type == "gauge"
    assert ENTRIES["felix_bpf_conntrack_expired_total"].type == "counter"
    assert ENTRIES["felix_bpf_conntrack_expired_total"].labels == ("reason",)


@pytest.mark.parametrize(
    ("kind", "series"),
    [
        ("gauge", ("x",)),
        ("counter", ("x",)),
        ("summary", ("x", "x_sum", "x_count")),
        ("histogram", ("x_bucket", "x_sum", "x_count")),
        (None, ("x", "x_bucket", "x_sum", "x_count")),
    ],
)
def test_a_family_has_the_series_of_its_type(kind, series):
    assert CatalogueEntry("felix", "x", kind).series == series


def test_the_catalogue_is_read_once_and_cannot_be_changed():
    assert catalogue() is catalogue()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        catalogue()[0].name = "other"
