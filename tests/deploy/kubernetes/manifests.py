"""The objects that a kustomization makes, and how its pods are looked at."""
import copy
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
try:
    import yaml
except ImportError:
    print("skipped: Python has no yaml (package python3-yaml)")
    sys.exit(SKIPPED)

KUBERNETES = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../../deploy/kubernetes"))
CLUSTER_WIDE = {"Namespace"}

# Every way that deploy/ documents to put them together: overlays, and components instead of
# production's or the demo's own.
COMBINATIONS = {
    "demo": ("demo", None),
    "demo with TLS": ("demo", ["tls"]),
    "demo behind the front": ("demo", ["front"]),
    "production": ("production", None),
    "production, model from an image, KEDA, TLS": (
        "production",
        ["model-from-image", "autoscaling-keda", "service-monitor", "tls"],
    ),
    "production, model from a volume, behind the front": (
        "production",
        ["model-from-pvc", "autoscaling-hpa", "service-monitor", "front"],
    ),
    "production, without autoscaler and monitor": ("production", ["model-from-url"]),
    "production and a second model": ("production second-model", None),
}


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def builder():
    """The command that builds a kustomization; ends the program as skipped where there is none."""
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    return skip("neither kubectl nor kustomize is installed")


def build_directory(directory):
    built = subprocess.run(
        [*builder(), directory], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if built.returncode != 0:
        raise ValueError(f"{directory} does not build: {built.stderr}")
    if "Warning" in built.stderr:  # of what kustomize is about to drop
        raise ValueError(f"{directory} builds with warnings: {built.stderr}")
    return Objects(yaml.safe_load_all(built.stdout))


def build(combination):
    """The Objects of one of COMBINATIONS."""
    overlays, components = COMBINATIONS[combination]
    return Objects(item for one in build_overlays(overlays.split(), components) for item in one)


def build_overlays(overlays, components=None):
    """The Objects of each of `overlays`, of which others may build on the first. Components are put
    into the first by editing a copy of it, as its reader would.
    """
    with tempfile.TemporaryDirectory() as folder:
        tree = os.path.join(folder, "kubernetes")
        shutil.copytree(KUBERNETES, tree)
        path = os.path.join(tree, "overlays", overlays[0], "kustomization.yaml")
        if components is not None:
            with open(path) as file:
                kustomization = yaml.safe_load(file)
            kustomization["components"] = [f"../../components/{name}" for name in components]
            with open(path, "w") as file:
                yaml.safe_dump(kustomization, file)
        return [build_directory(os.path.join(tree, "overlays", one)) for one in overlays]


class Objects(list):
    """Kubernetes objects, as dictionaries."""

    def of(self, *kinds):
        return [item for item in self if item["kind"] in kinds]

    def named(self, kind, name, namespace):
        return [
            item
            for item in self.of(kind)
            if (item["metadata"]["name"], namespace_of(item)) == (name, namespace)
        ]

    def copy(self):
        return Objects(copy.deepcopy(list(self)))

    def workloads(self):
        return self.of("Deployment", "StatefulSet", "DaemonSet", "Job")

    def selected(self, selector, namespace):
        """The workloads whose pods `selector` (matchLabels and matchExpressions, or {}) selects."""
        return [
            workload
            for workload in self.workloads()
            if namespace_of(workload) == namespace
            and matches(selector, template(workload)["metadata"]["labels"])
        ]


def instance_of(item):
    return item["metadata"].get("labels", {}).get("app.kubernetes.io/instance")


def selectors(item):
    """The selectors of pods, or of Services, that an object has; none without labels."""
    spec = item.get("spec", {})
    if item["kind"] == "Service":
        return [{"matchLabels": spec["selector"]}]
    if item["kind"] == "NetworkPolicy":
        return [spec["podSelector"]]
    found = [spec["selector"]] if "selector" in spec else []
    if "template" in spec:
        found += [
            constraint["labelSelector"]
            for constraint in pod(item).get("topologySpreadConstraints", [])
        ]
    return found


def namespace_of(item):
    return item["metadata"].get("namespace", "")


def title(item):
    return f"{item['kind']}/{item['metadata']['name']}"


def template(workload):
    return workload["spec"]["template"]


def pod(workload):
    return template(workload)["spec"]


def containers(spec):
    """All, those that initialise and sidecars among them."""
    return spec.get("initContainers", []) + spec.get("containers", [])


def lasting_containers(spec):
    """Those that live as long as the pod."""
    return [
        item for item in spec.get("initContainers", []) if item.get("restartPolicy") == "Always"
    ] + spec["containers"]


def ports(spec):
    return [port for container in lasting_containers(spec) for port in container.get("ports", [])]


def has_port(spec, port):
    """Whether `port`, a name or a number, is declared by a container of the pod."""
    return any(
        port in (declared.get("name"), declared["containerPort"]) for declared in ports(spec)
    )


def environment(container):
    return {item["name"]: item.get("value") for item in container.get("env", [])}


def servers(objects):
    """Pairs of a workload and its container that runs verdictd."""
    return [
        (workload, container)
        for workload in objects.workloads()
        for container in pod(workload)["containers"]
        if container["name"] == "verdictd"
    ]


def matches(selector, labels):
    operators = {
        "In": lambda key, values: labels.get(key) in values,
        "NotIn": lambda key, values: labels.get(key) not in values,
        "Exists": lambda key, _: key in labels,
        "DoesNotExist": lambda key, _: key not in labels,
    }
    return all(
        labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()
    ) and all(
        operators[item["operator"]](item["key"], item.get("values"))
        for item in selector.get("matchExpressions", [])
    )
