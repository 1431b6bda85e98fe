"""What an operator applies: manifests against Kubernetes' schemas, and what keeps the exporter harmless on a node."""

import importlib.util
import json
import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from calicometrics import __version__, config
from calicometrics.cli import build
from calicometrics.plugins import Plugins

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BASE = DEPLOY / "kustomize" / "base"
COMPONENTS = DEPLOY / "kustomize" / "components"
CHART = DEPLOY / "helm" / "calicometrics"
BUILT_IN = {"v1", "apps/v1", "networking.k8s.io/v1"}
VERSIONS = ["1.25", "1.29", kubernetes_validate.latest_version()]


def manifests():
    """The plain manifests under kustomize/, without kustomize's own files."""
    return [
        pytest.param(document, id=f"{path.parent.name}/{path.name}")
        for path in sorted((DEPLOY / "kustomize").rglob("*.yaml"))
        if path.name != "kustomization.yaml"
        for document in yaml.safe_load_all(path.read_text())
    ]


def daemonset():
    return yaml.safe_load((BASE / "daemonset.yaml").read_text())


def pod():
    return daemonset()["spec"]["template"]["spec"]


def load_generator():
    spec = importlib.util.spec_from_file_location("generate", DEPLOY / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_generated_file_is_stale():
    assert load_generator().stale() == []


def test_the_generator_names_stale_files_and_writes_them(tmp_path, monkeypatch, capsys):
    generator = load_generator()
    monkeypatch.setattr(generator, "HERE", tmp_path)
    assert generator.main(["--check"]) == 1
    assert "prometheus/original.rules.yaml is stale: run python deploy/generate.py" in capsys.readouterr().err
    assert generator.main([]) == 0
    assert generator.main(["--check"]) == 0
    (tmp_path / "grafana" / "calicometrics.json").write_text("{}")
    assert generator.stale() == [tmp_path / "grafana" / "calicometrics.json"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", manifests())
def test_a_manifest_is_valid_kubernetes(manifest, version):
    if manifest["apiVersion"] in BUILT_IN:
        kubernetes_validate.validate(manifest, version, strict=True)
    else:
        assert manifest["apiVersion"] in {"monitoring.coreos.com/v1", "projectcalico.org/v3"}


def test_the_schema_check_sees_a_misspelt_field():
    broken = daemonset()
    broken["spec"]["template"]["spec"]["tolerationz"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("manifest", manifests())
def test_a_manifest_leaves_the_namespace_to_the_overlay(manifest):
    assert "namespace" not in manifest["metadata"]


@pytest.mark.parametrize("path", sorted((DEPLOY / "kustomize").rglob("kustomization.yaml")), ids=str)
def test_a_kustomization_refers_to_files_that_exist(path):
    document = yaml.safe_load(path.read_text())
    references = document.get("resources", []) + document.get("components", [])
    assert references or document.get("patches")
    for reference in references:
        assert (path.parent / reference).exists(), reference


def test_every_manifest_is_in_a_kustomization():
    for path in (DEPLOY / "kustomize").rglob("*.yaml"):
        if path.name != "kustomization.yaml":
            resources = yaml.safe_load((path.parent / "kustomization.yaml").read_text())["resources"]
            assert path.name in resources


def test_the_container_can_do_nothing_but_read():
    security = pod()["containers"][0]["securityContext"]
    assert security == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65534,
        "runAsGroup": 0,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod())
    assert pod()["automountServiceAccountToken"] is False


def test_the_sockets_directory_is_mounted_read_only_and_not_the_socket():
    (mount,) = pod()["containers"][0]["volumeMounts"]
    (volume,) = pod()["volumes"]
    assert mount == {"name": volume["name"], "mountPath": "/var/run/calico", "readOnly": True}
    assert volume["hostPath"] == {"path": "/var/run/calico", "type": "Directory"}


def test_it_runs_wherever_calico_node_does():
    tolerations = {(t.get("key"), t["operator"], t.get("effect")) for t in pod()["tolerations"]}
    assert tolerations == {
        (None, "Exists", "NoSchedule"),
        ("CriticalAddonsOnly", "Exists", None),
        (None, "Exists", "NoExecute"),
    }
    assert pod()["priorityClassName"] == "system-node-critical"


def test_kubernetes_puts_no_service_variables_where_settings_are_read_from():
    """A Service named calicometrics would become CALICOMETRICS_PORT=tcp://… in every container."""
    assert pod()["enableServiceLinks"] is False


def environment(container, **known):
    """Return the variables of a container as the kubelet sets them: one may be made of those before it."""
    variables = {}
    for entry in container["env"]:
        value = entry.get("value", known.get(entry["name"]))
        variables[entry["name"]] = re.sub(
            r"\$\((\w+)\)", lambda match: variables.get(match[1], match[0]), value
        )
    return variables


def test_a_command_in_the_pod_reads_the_same_page_as_the_exporter():
    """kubectl exec has the container's variables and none of its arguments."""
    container = pod()["containers"][0]
    assert container["args"] == ["serve"]
    variables = environment(container, HOST_IP="192.0.2.1")
    settings = config.load(build.schema(Plugins.load()), {}, variables)
    assert settings.sections["felix"].url == "http://192.0.2.1:9091/metrics"


def test_probes_ask_the_paths_made_for_them():
    container = pod()["containers"][0]
    assert container["livenessProbe"]["httpGet"] == {"path": "/-/healthy", "port": "metrics"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/-/ready", "port": "metrics"}


def test_selectors_labels_and_ports_agree():
    service = yaml.safe_load((BASE / "service.yaml").read_text())
    policy = yaml.safe_load((BASE / "networkpolicy.yaml").read_text())
    monitor = yaml.safe_load((COMPONENTS / "pod-monitor" / "podmonitor.yaml").read_text())
    labels = daemonset()["spec"]["template"]["metadata"]["labels"]
    for selector in (
        daemonset()["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        policy["spec"]["podSelector"]["matchLabels"],
        monitor["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    (port,) = pod()["containers"][0]["ports"]
    assert port["containerPort"] == 6502
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == port["name"]
    assert policy["spec"]["ingress"][0]["ports"][0]["port"] == port["containerPort"]
    assert service["spec"]["clusterIP"] == "None"


@pytest.mark.parametrize(
    ("path", "endpoints"),
    [
        ("pod-monitor/podmonitor.yaml", "podMetricsEndpoints"),
        ("service-monitor/servicemonitor.yaml", "endpoints"),
        ("felix-metrics/servicemonitor.yaml", "endpoints"),
    ],
)
def test_a_monitor_names_series_after_the_node(path, endpoints):
    monitor = yaml.safe_load((COMPONENTS / path).read_text())
    (endpoint,) = monitor["spec"][endpoints]
    targets = [rule["targetLabel"] for rule in endpoint["relabelings"] if "targetLabel" in rule]
    assert targets == ["node", "instance"]
    assert endpoint["path"] == "/metrics"


def test_a_monitors_job_is_one_that_the_alerts_know():
    text = (DEPLOY / "prometheus" / "calicometrics.rules.yaml").read_text()
    jobs = re.findall(r'up\{job=~"([^"]+)"\}', text)
    for path in ("service-monitor/servicemonitor.yaml", "felix-metrics/servicemonitor.yaml"):
        monitor = yaml.safe_load((COMPONENTS / path).read_text())
        # Prometheus' operator takes the job from the Service's label that jobLabel names.
        job = monitor["spec"]["selector"]["matchLabels"][monitor["spec"]["jobLabel"]]
        assert any(re.fullmatch(pattern, job) for pattern in jobs)


@pytest.mark.parametrize("name", ["prometheus.yml", "original.yml"])
def test_a_scrape_configs_jobs_are_those_that_the_alerts_know(name):
    document = yaml.safe_load((DEPLOY / "prometheus" / name).read_text())
    text = "".join((DEPLOY / "prometheus" / file).read_text() for file in document["rule_files"])
    known = re.findall(r'up\{job=~?"([^"]+)"\}', text)
    jobs = {job["job_name"] for job in document["scrape_configs"]}
    watched = {job for job in jobs if any(re.fullmatch(pattern, job) for pattern in known)}
    assert jobs - watched <= {"calico-typha", "calico-kube-controllers"}
    assert len(watched) == 2


def test_versions_follow_the_package():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__
    (image,) = yaml.safe_load((BASE / "kustomization.yaml").read_text())["images"]
    assert image == {"name": "calicometrics", "newTag": __version__}
    assert f"calicometrics:{__version__}" in (DEPLOY / "Containerfile").read_text()


def test_the_charts_templates_use_the_values_that_it_documents():
    templates = "\n".join(path.read_text() for path in (CHART / "templates").iterdir())
    used = {match.split(".")[0] for match in re.findall(r"\.Values\.([\w.]+)", templates)}
    documented = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert used == set(documented) == set(schema["properties"]) - {"global"}
    nested = {
        f"{top}.{key}"
        for top in ("image", "bird", "felix", "hostPort", "networkPolicy")
        for key in documented[top]
    }
    assert nested <= set(re.findall(r"\.Values\.([\w.]+)", templates))


@pytest.mark.parametrize("name", ["podMonitor", "serviceMonitor", "felixMetrics"])
def test_a_monitors_values_are_used_by_its_template_or_by_what_all_monitors_have_in_common(name):
    helpers = (CHART / "templates" / "_helpers.tpl").read_text()
    template = (CHART / "templates" / f"{name.lower()}.yaml").read_text()
    used = set(re.findall(r"\.monitor\.(\w+)", helpers))
    used |= set(re.findall(rf"\.Values\.{name}\.(\w+)", template))
    assert used == set(yaml.safe_load((CHART / "values.yaml").read_text())[name])


def test_every_value_of_the_chart_is_explained():
    for block in (CHART / "values.yaml").read_text().split("\n\n"):
        assert (
            block.lstrip().startswith("#") or re.search(r"^  # ", block, re.MULTILINE) or "podLabels" in block
        )


def instructions():
    text = (DEPLOY / "Containerfile").read_text()
    return [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_runs_as_nobody_of_group_0_without_a_shell():
    final = instructions()[max(i for i, (word, _) in enumerate(instructions()) if word == "FROM") :]
    settings = dict(final)
    assert settings["USER"] == "65534:0"
    assert json.loads(settings["ENTRYPOINT"]) == ["python", "-m", "calicometrics"]
    assert json.loads(settings["CMD"]) == ["serve"]
    assert settings["EXPOSE"] == "6502"
    assert "RUN" not in settings


def runs():
    return [json.loads(rest) for word, rest in instructions() if word == "RUN"]


def test_the_build_stage_needs_no_shell_lists_what_it_has_and_copies_what_exists():
    assert {run[0] for run in runs()} == {"python", "env"}
    assert "--output-file=/app/sbom.cdx.json" in runs()[-1]
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert source == "README.md" or (ROOT / source).exists()


def test_the_image_gets_what_is_pinned_with_hashes_and_nothing_that_is_looked_up_at_its_build():
    installs = [set(run[4:]) for run in runs() if run[:4] == ["python", "-m", "pip", "install"]]
    copied = {word for _, rest in instructions() for word in rest.split() if word.endswith(".lock")}
    pinned = [flags for flags in installs if "--require-hashes" in flags]
    assert {f"--requirement={lock}" for lock in copied} == {
        flag for flags in pinned for flag in flags if flag.startswith("--requirement=")
    }
    assert all("--only-binary=:all:" in flags for flags in pinned)
    assert {"--target=/app", "--requirement=requirements/image.lock"} <= pinned[0]
    (own,) = [flags for flags in installs if flags not in pinned]
    assert own >= {"--no-index", "--no-deps", "--no-build-isolation", "--target=/app", "."}


def test_both_stages_of_the_image_have_the_base_that_one_argument_chooses():
    words = [(word, rest.split()[0]) for word, rest in instructions() if word in {"ARG", "FROM"}]
    assert words[1:] == [("FROM", "${BASE}")] * 2
    assert re.fullmatch(r"BASE=docker\.io/library/python:3\.\d+-slim-\w+", words[0][1])


def operations():
    return (ROOT / "docs" / "operations.md").read_text()


def test_the_yaml_of_the_operations_page_is_yaml():
    blocks = re.findall(r"```yaml\n(.*?)```", operations(), re.DOTALL)
    assert len(blocks) >= 5
    assert all(isinstance(yaml.safe_load(block), dict) for block in blocks)


def test_the_operations_page_names_every_overlay_and_component():
    for kind in ("overlays", "components"):
        for path in (DEPLOY / "kustomize" / kind).iterdir():
            assert f"`{path.name}`" in operations()


def test_the_paths_that_the_operations_page_names_exist():
    paths = {path.rstrip("/") for path in re.findall(r"`?(?<![\w/])(deploy/[\w./*-]+)", operations())}
    assert len(paths) >= 5
    for path in paths:
        assert list(ROOT.glob(path.rstrip("."))), path


def test_links_between_the_operators_pages_lead_somewhere():
    pages = [
        ROOT / "docs" / "operations.md",
        DEPLOY / "README.md",
        *(ROOT / "docs" / "runbooks").glob("*.md"),
    ]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)
