"""The deployment files in the hands of the tools that operators use: kustomize, Helm's engine, promtool."""

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "calicometrics"
PROMTOOL = shutil.which("promtool")
KUSTOMIZE = [tool, "build"] if (tool := shutil.which("kustomize")) else None
if KUSTOMIZE is None and (tool := shutil.which("kubectl")):
    KUSTOMIZE = [tool, "kustomize"]
# Helm's own engine: the program, or the Go SDK that PyPI's helm-python-sdk wraps. The latter is asked in a process
# of its own, since it brings a Go runtime.
HELM = shutil.which("helm")
HELM_SDK = """
import json, sys
import helm_python as helm
request = json.load(sys.stdin)
if request["verb"] == "lint":
    print(json.dumps(helm.lint(request["chart"], request["values"], strict=True)["errors"]))
else:
    with helm.Chart.load(request["chart"]) as chart:
        chart.validate_schema(request["values"])
        print("---\\n".join(
            text for name, text in
            chart.render(request["values"], name=request["name"], namespace=request["namespace"]).items()
            if name.endswith(".txt") == (request["verb"] == "notes")
        ))
"""
BUILT_IN = {"v1", "apps/v1", "networking.k8s.io/v1"}
EVERYTHING = {
    "hostPort": {"enabled": True},
    "networkPolicy": {
        "from": ["monitoring", "observability"],
        "fromCIDRs": ["192.0.2.0/24"],
        "calicoTier": "calico-system",
        "egressPorts": [
            9091,
            {"port": 8125, "protocol": "UDP"},
            {"port": 9093},
            {"port": 53, "protocol": "UDP"},
        ],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
    "extraArgs": ["--web.max-requests=8"],
    "extraEnv": [
        {"name": "CALICOMETRICS_COLLECTOR_BIRD_PROTOCOLS", "value": "false"},
        {"name": "CALICOMETRICS_COLLECTOR_BGP_SUMMARY", "value": "true"},
    ],
    "imagePullSecrets": [{"name": "registry"}],
    "podAnnotations": {"example.com/a": "b"},
    "podLabels": {"team": "network"},
    "seLinuxOptions": {"type": "spc_t"},
}

pytestmark = [pytest.mark.integration, pytest.mark.outside]
needs_kustomize = pytest.mark.skipif(KUSTOMIZE is None, reason="needs kustomize or kubectl")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="needs promtool (Debian: prometheus)")
needs_sdk = pytest.mark.skipif(find_spec("helm_python") is None, reason="needs PyPI's helm-python-sdk")
needs_helm = pytest.mark.skipif(
    HELM is None and find_spec("helm_python") is None, reason="needs helm, or PyPI's helm-python-sdk"
)


def run(*command, text=None):
    return subprocess.run(
        [str(word) for word in command], input=text, capture_output=True, text=True, timeout=60, check=False
    )


class Strict(yaml.SafeLoader):
    """A loader that refuses a key that comes twice, as Kubernetes does."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return super().construct_mapping(node, deep)


def check(text):
    """Validate what Kubernetes itself knows, and return every object."""
    objects = [document for document in yaml.load_all(text, Strict) if document]
    for document in objects:
        if document["apiVersion"] in BUILT_IN:
            kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
    return objects


def by_kind(objects):
    """Return objects by version and kind, of which there is one each."""
    found = {(item["apiVersion"], item["kind"]): item for item in objects}
    assert len(found) == len(objects)
    return found


def named(objects, kind, name):
    (found,) = [item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    return found


def build_all(path):
    result = run(*KUSTOMIZE, path)
    assert result.returncode == 0, result.stderr
    return check(result.stdout)


def build(path):
    return by_kind(build_all(path))


def overlay(directory, name, *components):
    """Return every object of one of the overlays with components."""
    shutil.copytree(DEPLOY / "kustomize", directory / "kustomize")
    mine = directory / "mine"
    mine.mkdir()
    kustomization = {
        "resources": [f"../kustomize/overlays/{name}"],
        "components": [f"../kustomize/components/{component}" for component in components],
    }
    (mine / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return build_all(mine)


def render_all(values=None, name="calicometrics", namespace="kube-system"):
    """Return every object of the chart, or the error that Helm raised."""
    if HELM:
        result = run(HELM, "template", name, CHART, "-n", namespace, "-f", "-", text=json.dumps(values or {}))
    else:
        request = {
            "verb": "render",
            "chart": str(CHART),
            "values": values or {},
            "name": name,
            "namespace": namespace,
        }
        result = run(sys.executable, "-c", HELM_SDK, text=json.dumps(request))
    return check(result.stdout) if result.returncode == 0 else result.stderr


def notes(values, namespace="kube-system"):
    """Return what the chart tells after an installation; `helm template` leaves that out."""
    request = {
        "verb": "notes",
        "chart": str(CHART),
        "values": values,
        "name": "calicometrics",
        "namespace": namespace,
    }
    result = run(sys.executable, "-c", HELM_SDK, text=json.dumps(request))
    assert result.returncode == 0, result.stderr
    return result.stdout


def render(*arguments, **options):
    """Return the chart's objects by version and kind, or the error that Helm raised."""
    made = render_all(*arguments, **options)
    return made if isinstance(made, str) else by_kind(made)


@needs_kustomize
@pytest.mark.parametrize(
    ("name", "namespace", "kinds"),
    [
        ("kube-system", "kube-system", 4),
        ("calico-system", "calico-system", 4),
        ("calico-system-tier", "calico-system", 5),
    ],
)
def test_an_overlay_builds_into_its_namespace(name, namespace, kinds):
    objects = build(DEPLOY / "kustomize" / "overlays" / name)
    assert len(objects) == kinds
    assert {item["metadata"]["namespace"] for item in objects.values()} == {namespace}
    image = objects["apps/v1", "DaemonSet"]["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith("calicometrics:")
    if kinds == 5:
        policy = objects["projectcalico.org/v3", "NetworkPolicy"]
        assert policy["metadata"]["name"].startswith(policy["spec"]["tier"] + ".")


@needs_kustomize
def test_the_components_go_together(tmp_path):
    objects = overlay(tmp_path, "calico-system-tier", "pod-monitor", "rules", "felix-metrics", "host-port")
    container = named(objects, "DaemonSet", "calicometrics")["spec"]["template"]["spec"]["containers"][0]
    assert container["ports"][0]["hostPort"] == 6502
    assert {item["kind"] for item in objects} >= {"PodMonitor", "ServiceMonitor", "PrometheusRule"}


@needs_kustomize
@pytest.mark.parametrize("name", ["kube-system", "calico-system-tier"])
def test_every_policy_lets_in_who_asks_the_nodes_port(name, tmp_path):
    """Such a scrape has a node's address, and each policy that is asked has to allow it."""
    objects = overlay(tmp_path, name, "host-port")
    admitted = {"ports": [{"port": 6502, "protocol": "TCP"}]}
    assert admitted in named(objects, "NetworkPolicy", "calicometrics")["spec"]["ingress"]
    tiered = [item for item in objects if item["apiVersion"] == "projectcalico.org/v3"]
    assert len(tiered) == (name == "calico-system-tier")
    for policy in tiered:
        assert policy["spec"]["ingress"][1:] == [
            {"action": "Allow", "protocol": "TCP", "destination": {"ports": [6502]}}
        ]


@needs_kustomize
def test_the_service_monitor_component_builds(tmp_path):
    objects = overlay(tmp_path, "kube-system", "service-monitor")
    assert ("monitoring.coreos.com/v1", "ServiceMonitor") in by_kind(objects)


@needs_kustomize
def test_the_operations_pages_overlay_puts_every_object_into_its_namespace(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "operations.md").read_text(), re.DOTALL)
    (example,) = [block for block in blocks if "kind: Kustomization" in block]
    (tmp_path / "kustomization.yaml").write_text(example)
    shutil.copytree(DEPLOY / "kustomize", tmp_path / "calicometrics" / "deploy" / "kustomize")
    objects = build_all(tmp_path)
    assert sorted((item["kind"], item["metadata"]["name"]) for item in objects) == [
        ("DaemonSet", "calicometrics"),
        ("NetworkPolicy", "calico-system.calicometrics"),
        ("NetworkPolicy", "calicometrics"),
        ("PodMonitor", "calicometrics"),
        ("PrometheusRule", "calicometrics"),
        ("Service", "calico-felix-metrics"),
        ("Service", "calicometrics"),
        ("ServiceAccount", "calicometrics"),
        ("ServiceMonitor", "calico-felix-metrics"),
    ]
    assert {item["metadata"].get("namespace") for item in objects} == {"calico-system"}
    container = named(objects, "DaemonSet", "calicometrics")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"].startswith("registry.example/calicometrics:")
    assert [entry["name"] for entry in container["env"]] == [
        "HOST_IP",
        "CALICOMETRICS_FELIX_URL",
        "CALICOMETRICS_COLLECTOR_BGP_SUMMARY",
    ]


@needs_helm
def test_the_charts_defaults_make_the_pods_of_the_kustomize_base():
    objects = render()
    assert set(objects) == {
        ("v1", "ServiceAccount"),
        ("v1", "Service"),
        ("apps/v1", "DaemonSet"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
    }
    ours = objects["apps/v1", "DaemonSet"]["spec"]["template"]["spec"]
    base = yaml.safe_load((DEPLOY / "kustomize" / "base" / "daemonset.yaml").read_text())
    theirs = base["spec"]["template"]["spec"]
    assert ours["containers"][0].pop("imagePullPolicy") == "IfNotPresent"
    ours["containers"][0]["image"] = theirs["containers"][0]["image"]
    assert ours == theirs
    policy = yaml.safe_load((DEPLOY / "kustomize" / "base" / "networkpolicy.yaml").read_text())["spec"]
    rendered = objects["networking.k8s.io/v1", "NetworkPolicy"]["spec"]
    assert (rendered["ingress"], rendered["egress"]) == (policy["ingress"], policy["egress"])


@needs_helm
def test_the_chart_renders_everything_it_offers():
    objects = render(EVERYTHING, name="edge", namespace="calico-system")
    assert {item["metadata"]["namespace"] for item in objects.values()} == {"calico-system"}
    pod = objects["apps/v1", "DaemonSet"]["spec"]["template"]
    container = pod["spec"]["containers"][0]
    assert container["args"][1:] == EVERYTHING["extraArgs"]
    assert container["env"][2:] == EVERYTHING["extraEnv"]
    assert container["ports"][0]["hostPort"] == 6502
    assert pod["metadata"]["labels"]["team"] == "network"
    assert pod["metadata"]["annotations"] == {"example.com/a": "b"}
    assert pod["spec"]["securityContext"]["seLinuxOptions"] == {"type": "spc_t"}
    assert pod["spec"]["securityContext"]["runAsGroup"] == 0
    assert objects["apps/v1", "DaemonSet"]["metadata"]["name"] == "edge-calicometrics"
    tiered = objects["projectcalico.org/v3", "NetworkPolicy"]
    assert tiered["metadata"]["name"] == "calico-system.edge-calicometrics"
    assert tiered["spec"]["ingress"][0]["source"]["namespaceSelector"] == (
        "kubernetes.io/metadata.name in {'monitoring', 'observability'}"
    )
    assert tiered["spec"]["ingress"][1]["source"]["nets"] == ["192.0.2.0/24"]
    assert objects["networking.k8s.io/v1", "NetworkPolicy"]["spec"]["ingress"][0]["from"][-1] == {
        "ipBlock": {"cidr": "192.0.2.0/24"}
    }
    assert objects["networking.k8s.io/v1", "NetworkPolicy"]["spec"]["egress"] == [
        {
            "ports": [
                {"port": 9091, "protocol": "TCP"},
                {"port": 8125, "protocol": "UDP"},
                {"port": 9093, "protocol": "TCP"},
                {"port": 53, "protocol": "UDP"},
            ]
        }
    ]
    assert tiered["spec"]["egress"] == [
        {"action": "Allow", "protocol": "TCP", "destination": {"ports": [9091, 9093]}},
        {"action": "Allow", "protocol": "UDP", "destination": {"ports": [8125, 53]}},
    ]
    monitor = objects["monitoring.coreos.com/v1", "ServiceMonitor"]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    rules = yaml.safe_load((DEPLOY / "prometheus" / "calicometrics.rules.yaml").read_text())
    assert objects["monitoring.coreos.com/v1", "PrometheusRule"]["spec"] == rules
    board = objects["v1", "ConfigMap"]["data"]["calicometrics.json"]
    assert json.loads(board) == json.loads((DEPLOY / "grafana" / "calicometrics.json").read_text())


@needs_helm
def test_one_value_moves_everything_to_another_port():
    values = {
        "port": 7000,
        "hostPort": {"enabled": True},
        "networkPolicy": {"calicoTier": "calico-system", "fromCIDRs": ["192.0.2.0/24"]},
        "podMonitor": {"enabled": True},
    }
    objects = render(values)
    assert "6502" not in json.dumps(list(objects.values()))
    (container,) = objects["apps/v1", "DaemonSet"]["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["serve", "--web.listen-address=:7000"]
    (port,) = container["ports"]
    assert port == {"name": "metrics", "containerPort": 7000, "hostPort": 7000, "protocol": "TCP"}
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == port["name"]
    (service,) = objects["v1", "Service"]["spec"]["ports"]
    assert (service["port"], service["targetPort"]) == (7000, port["name"])
    (rule,) = objects["networking.k8s.io/v1", "NetworkPolicy"]["spec"]["ingress"]
    assert rule["ports"] == [{"port": 7000, "protocol": "TCP"}]
    tiered = objects["projectcalico.org/v3", "NetworkPolicy"]["spec"]["ingress"]
    assert [rule["destination"]["ports"] for rule in tiered] == [[7000], [7000]]


@needs_helm
def test_the_charts_policy_in_the_tier_is_that_of_kustomize():
    made = render({"networkPolicy": {"calicoTier": "calico-system"}}, namespace="calico-system")
    policy = made["projectcalico.org/v3", "NetworkPolicy"]
    path = DEPLOY / "kustomize" / "components" / "calico-tier" / "networkpolicy.yaml"
    expected = yaml.safe_load(path.read_text())
    assert policy["metadata"]["name"] == expected["metadata"]["name"]
    selector = policy["spec"].pop("selector")
    assert selector.startswith(expected["spec"].pop("selector"))
    source = policy["spec"]["ingress"][0].pop("source")
    assert source == {"namespaceSelector": "kubernetes.io/metadata.name in {'monitoring'}"}
    assert expected["spec"]["ingress"][0].pop("source") == {
        "namespaceSelector": "kubernetes.io/metadata.name == 'monitoring'"
    }
    assert policy["spec"] == expected["spec"]


@needs_helm
def test_the_charts_pod_monitor_is_that_of_kustomize():
    monitor = render({"podMonitor": {"enabled": True}})["monitoring.coreos.com/v1", "PodMonitor"]
    path = DEPLOY / "kustomize" / "components" / "pod-monitor" / "podmonitor.yaml"
    expected = yaml.safe_load(path.read_text())["spec"]
    assert monitor["spec"]["podMetricsEndpoints"] == expected["podMetricsEndpoints"]
    assert monitor["spec"]["jobLabel"] == expected["jobLabel"]


@needs_helm
def test_the_charts_way_to_felix_is_that_of_kustomize():
    """But for the release's name, by which two of them in a namespace do not select each other's Service."""
    instance = {"app.kubernetes.io/instance": "edge"}
    values = {"felixMetrics": {"enabled": True, "labels": {"release": "prometheus"}}}
    objects = render_all(
        values | {"serviceMonitor": {"enabled": True}}, name="edge", namespace="calico-system"
    )
    component = DEPLOY / "kustomize" / "components" / "felix-metrics"
    for kind in ("Service", "ServiceMonitor"):
        ours = named(objects, kind, "edge-calicometrics-felix")
        theirs = yaml.safe_load((component / f"{kind.lower()}.yaml").read_text())
        assert ours["metadata"]["namespace"] == "calico-system"
        assert ours["metadata"]["labels"].items() >= (theirs["metadata"]["labels"] | instance).items()
        if kind == "ServiceMonitor":
            theirs["spec"]["selector"]["matchLabels"] |= instance
            assert ours["metadata"]["labels"]["release"] == "prometheus"
        assert ours["spec"] == theirs["spec"]
    for name in ("edge-calicometrics-felix", "edge-calicometrics"):
        selector = named(objects, "ServiceMonitor", name)["spec"]["selector"]["matchLabels"]
        selected = [
            item["metadata"]["name"]
            for item in objects
            if item["kind"] == "Service" and selector.items() <= item["metadata"]["labels"].items()
        ]
        assert selected == [name]


@needs_helm
def test_felix_may_have_another_port():
    endpoint = {"scheme": "https", "relabelings": [{"targetLabel": "cluster", "replacement": "a"}]}
    objects = render_all({"felixMetrics": {"enabled": True, "port": 9999, "endpoint": endpoint}})
    (port,) = named(objects, "Service", "calicometrics-felix")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (9999, 9999)
    (scraped,) = named(objects, "ServiceMonitor", "calicometrics-felix")["spec"]["endpoints"]
    assert (scraped["port"], scraped["scheme"]) == (port["name"], "https")
    assert scraped["relabelings"][-1:] == endpoint["relabelings"]


@needs_helm
@pytest.mark.parametrize(
    ("value", "kind", "endpoints"),
    [
        ("podMonitor", "PodMonitor", "podMetricsEndpoints"),
        ("serviceMonitor", "ServiceMonitor", "endpoints"),
    ],
)
def test_what_is_added_to_an_endpoint_joins_what_is_there(value, kind, endpoints):
    rule = {"targetLabel": "cluster", "replacement": "a"}
    added = {"path": "/", "honorLabels": False, "relabelings": [rule]}
    (before,) = render({value: {"enabled": True}})["monitoring.coreos.com/v1", kind]["spec"][endpoints]
    made = render({value: {"enabled": True, "endpoint": added}})
    (endpoint,) = made["monitoring.coreos.com/v1", kind]["spec"][endpoints]
    assert endpoint == before | {
        "path": "/",
        "honorLabels": False,
        "relabelings": [*before["relabelings"], rule],
    }


@needs_helm
def test_the_chart_mounts_a_web_configuration_and_asks_the_kubelet_for_no_password():
    endpoint = {"scheme": "https", "basicAuth": {"username": {"name": "scrape", "key": "user"}}}
    objects = render({"webConfig": {"secret": "web"}, "podMonitor": {"enabled": True, "endpoint": endpoint}})
    pod = objects["apps/v1", "DaemonSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert "--web.config.file=/etc/calicometrics/web/web.yml" in container["args"]
    assert container["volumeMounts"][1] == {
        "name": "web-config",
        "mountPath": "/etc/calicometrics/web",
        "readOnly": True,
    }
    assert pod["volumes"][1] == {
        "name": "web-config",
        "secret": {"secretName": "web", "defaultMode": 0o440},
    }
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["tcpSocket"] == {"port": "metrics"}
        assert "httpGet" not in container[probe]
    (scraped,) = objects["monitoring.coreos.com/v1", "PodMonitor"]["spec"]["podMetricsEndpoints"]
    assert scraped.items() >= endpoint.items()


@needs_helm
@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"podMonitor": {"enabled": True}, "serviceMonitor": {"enabled": True}}, "choose one"),
        ({"podMonitr": {"enabled": True}}, "podMonitr"),
        ({"bird": {"directory": "run/calico"}}, "directory"),
        ({"felix": {"url": "ftp://node"}}, "url"),
        ({"podMonitor": {"endpoint": {"interval": "5s"}}}, "interval"),
        ({"felixMetrics": {"endpoint": {"port": "other"}}}, "port"),
        ({"port": 65536}, "port"),
        ({"extraArgs": ["--web.listen-address=:7000"]}, "set port"),
        ({"extraEnv": [{"name": "CALICOMETRICS_WEB_LISTEN_ADDRESS", "value": ":7000"}]}, "set port"),
        ({"networkPolicy": {"egressPorts": [0]}}, "egressPorts"),
        ({"networkPolicy": {"egressPorts": [{"port": 8125, "protocol": "udp"}]}}, "egressPorts"),
        ({"networkPolicy": {"egressPorts": [{"protocol": "UDP"}]}}, "egressPorts"),
        ({"extraEnv": [{"name": "CALICOMETRICS_COLLECTOR_BGP_SUMMARY", "value": True}]}, "extraEnv"),
    ],
)
def test_the_chart_refuses_values_that_cannot_work(values, complaint):
    error = render(values)
    assert isinstance(error, str)
    assert complaint in error


@needs_sdk
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Allowed to scrape: the namespaces monitoring.\n"),
        (
            {"networkPolicy": {"from": ["a", "b"], "fromCIDRs": ["192.0.2.0/24", "2001:db8::/32"]}},
            "Allowed to scrape: the namespaces a, b; the networks 192.0.2.0/24, 2001:db8::/32.\n",
        ),
        ({"hostPort": {"enabled": True}}, "name the nodes' networks in networkPolicy.fromCIDRs"),
        ({"port": 7000}, "serves port 7000.\n"),
        ({"felixMetrics": {"enabled": True}}, "k8s-app=calico-node in kube-system, port 9091"),
    ],
)
def test_the_charts_notes_tell_who_may_scrape_what(values, told):
    assert told in notes(values)


@needs_sdk
def test_the_charts_notes_ask_for_the_tier_where_it_denies():
    advice = "set networkPolicy.calicoTier=calico-system"
    assert advice not in notes({})
    assert advice in notes({}, "calico-system")
    assert advice not in notes({"networkPolicy": {"calicoTier": "calico-system"}}, "calico-system")


@needs_helm
def test_helms_linter_finds_nothing():
    if HELM:
        result = run(HELM, "lint", "--strict", CHART)
        assert result.returncode == 0, result.stdout
        return
    request = {"verb": "lint", "chart": str(CHART), "values": {}}
    result = run(sys.executable, "-c", HELM_SDK, text=json.dumps(request))
    assert (result.returncode, result.stdout.strip()) == (0, "[]"), result.stderr


def offline(path, directory, targets=()):
    """Write the configuration with static targets: Debian's Prometheus is built without Kubernetes discovery."""
    document = yaml.safe_load(path.read_text())
    for job in document["scrape_configs"]:
        assert job.pop("kubernetes_sd_configs")
        job["static_configs"] = [{"targets": ["192.0.2.9:1"], "labels": labels} for labels in targets]
    copy = directory / path.name
    copy.write_text(yaml.safe_dump(document))
    for rules in document["rule_files"]:
        shutil.copy(path.parent / rules, directory)
    return copy


@needs_promtool
@pytest.mark.parametrize("name", ["prometheus.yml", "original.yml"])
def test_promtool_accepts_the_scrape_configuration(name, tmp_path):
    result = run(PROMTOOL, "check", "config", offline(DEPLOY / "prometheus" / name, tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "SUCCESS" in result.stdout


def discovered(name, job, labels, directory):
    """Return what Prometheus' relabelling makes of one discovered target, or None when it drops it."""
    config = offline(DEPLOY / "prometheus" / name, directory, [labels])
    result = run(PROMTOOL, "check", "service-discovery", "--timeout=1s", config, job)
    assert result.returncode == 0, result.stderr
    (target,) = json.loads(result.stdout)
    return target["labels"]


@needs_promtool
@pytest.mark.parametrize(
    ("job", "ip", "address"),
    [
        ("calico-node", "192.0.2.1", "192.0.2.1:9091"),
        ("calico-node", "2001:db8::1", "[2001:db8::1]:9091"),
        ("calico-typha", "192.0.2.1", "192.0.2.1:9093"),
        ("calico-typha", "2001:db8::1", "[2001:db8::1]:9093"),
        ("calico-kube-controllers", "192.0.2.1", "192.0.2.1:9094"),
        ("calico-kube-controllers", "2001:db8::1", "[2001:db8::1]:9094"),
    ],
)
def test_a_calico_pod_is_scraped_at_its_metrics_port(job, ip, address, tmp_path):
    labels = {
        "__meta_kubernetes_pod_ip": ip,
        "__meta_kubernetes_pod_node_name": "node-1",
        "__meta_kubernetes_pod_container_init": "false",
    }
    assert discovered("prometheus.yml", job, labels, tmp_path)["__address__"] == address


@needs_promtool
def test_the_exporter_and_felix_of_a_node_have_one_instance_label(tmp_path):
    labels = {
        "__meta_kubernetes_pod_ip": "192.0.2.1",
        "__meta_kubernetes_pod_node_name": "node-1",
        "__meta_kubernetes_pod_container_init": "false",
        "__meta_kubernetes_pod_container_port_name": "metrics",
    }
    for job in ("calicometrics", "calico-node"):
        found = discovered("prometheus.yml", job, labels, tmp_path)
        assert (found["instance"], found["node"], found["job"]) == ("node-1", "node-1", job)
        assert found["__metrics_path__"] == "/metrics"


@needs_promtool
@pytest.mark.parametrize("job", ["calico-typha", "calico-kube-controllers"])
def test_a_pod_of_a_deployment_is_named_after_itself_and_tells_its_node(job, tmp_path):
    labels = {
        "__meta_kubernetes_pod_ip": "192.0.2.1",
        "__meta_kubernetes_pod_name": f"{job}-7d4-x",
        "__meta_kubernetes_pod_node_name": "node-1",
    }
    found = discovered("prometheus.yml", job, labels, tmp_path)
    assert (found["instance"], found["node"], found["job"]) == (f"{job}-7d4-x", "node-1", job)


@needs_promtool
@pytest.mark.parametrize(
    ("job", "label", "value"),
    [
        ("calicometrics", "__meta_kubernetes_pod_container_port_name", "other"),
        ("calico-node", "__meta_kubernetes_pod_container_init", "true"),
        ("calico-typha", "__meta_kubernetes_pod_container_init", "true"),
        ("calico-kube-controllers", "__meta_kubernetes_pod_container_init", "true"),
    ],
)
def test_other_ports_and_init_containers_are_no_targets(job, label, value, tmp_path):
    assert not discovered("prometheus.yml", job, {label: value}, tmp_path)


@needs_promtool
@pytest.mark.parametrize(
    ("job", "address", "path"),
    [("calico-node", "192.0.2.1:9091", "/metrics"), ("bird-exporter", "192.0.2.1:6502", "/")],
)
def test_the_founding_documents_jobs_scrape_the_nodes_ports(job, address, path, tmp_path):
    labels = {
        "__meta_kubernetes_node_name": "node-1",
        "__meta_kubernetes_node_address_InternalIP": "192.0.2.1",
        "__meta_kubernetes_node_label_zone": "a",
    }
    found = discovered("original.yml", job, labels, tmp_path)
    assert found["__address__"] == address
    assert found["__metrics_path__"] == path
    assert found["kubernetes_io_hostname"] == "node-1"
    assert found["zone"] == "a"
