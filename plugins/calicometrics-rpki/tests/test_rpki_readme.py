"""The table of families in the README is not stale."""

from __future__ import annotations

import pathlib

from calicometrics_rpki.collector import RpkiCollector

README = pathlib.Path(__file__).parents[1] / "README.md"


def test_the_readme_lists_every_family_with_its_labels_and_help() -> None:
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| `bird_")]
    assert rows == [
        f"| `{spec.name}` | {', '.join(f'`{label}`' for label in spec.all_label_names)} | {spec.help} |"
        for spec in RpkiCollector.families
    ]
