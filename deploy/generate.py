"""Write the generated files of this directory; ``--check`` names the stale ones instead."""  # noqa: INP001 - a script

from __future__ import annotations

import sys
from pathlib import Path

from calicometrics import dashboard, rules

HERE = Path(__file__).parent


def generated() -> dict[Path, str]:
    """Return what each generated file has to contain."""
    board = dashboard.render()
    improved = rules.render()
    return {
        HERE / "prometheus" / "calicometrics.rules.yaml": improved,
        HERE / "prometheus" / "original.rules.yaml": rules.render(original=True),
        HERE / "kustomize" / "components" / "rules" / "prometheusrule.yaml": rules.render_custom_resource(),
        HERE / "helm" / "calicometrics" / "files" / "calicometrics.rules.yaml": improved,
        HERE / "helm" / "calicometrics" / "files" / "dashboard.json": board,
        HERE / "grafana" / "calicometrics.json": board,
    }


def stale() -> list[Path]:
    """Return the generated files that are missing or differ from the code."""
    return [path for path, text in generated().items() if not path.is_file() or path.read_text() != text]


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` name the stale ones and return 1 if there are any."""
    if arguments == ["--check"]:
        paths = stale()
        for path in paths:
            print(f"{path.relative_to(HERE)} is stale: run python deploy/generate.py", file=sys.stderr)  # noqa: T201 - a script
        return bool(paths)
    for path, text in generated().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
