"""What is set: times, resources, images, options and metrics. Each rule takes the Objects and the
Facts.
"""
import os
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from manifests import (
    KUBERNETES,
    containers,
    environment,
    instance_of,
    lasting_containers,
    namespace_of,
    pod,
    servers,
    title,
    yaml,
)

FLUSH_SECONDS = 1  # after --drain-timeout, for the last statuses to leave
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
LOG_BYTES = 50 << 20  # what a kubelet keeps of a container's log: five files of 10 MiB
BINARY_UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}


class Facts:
    """What only the real verdictd can tell: its options, and the series that it serves."""

    def __init__(self, verdictd, model):
        self.verdictd = verdictd
        described = subprocess.run(
            [verdictd, "--help"], stdout=subprocess.PIPE, check=True, text=True
        ).stdout
        self.variables = set(re.findall(r"\(Env:(VERDICT_\w+)\)", described))
        self.flags = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", described, re.MULTILINE))
        self.series = scrape(verdictd, model)
        with open(os.path.join(KUBERNETES, "prometheus-adapter/config.yaml")) as file:
            self.adapter_rules = yaml.safe_load(file)["rules"]

    def refusal(self, variables):
        """Why verdictd refuses options with these values; None if it takes them. It never serves:
        its model is none.
        """
        tried = subprocess.run(
            [self.verdictd, "--model=/nowhere"], env=variables, stderr=subprocess.PIPE, text=True
        )
        return tried.stderr if tried.returncode == 2 else None


def scrape(verdictd, model):
    """The series of a live /metrics, each as its name and its labels."""
    with tempfile.TemporaryFile("w+") as log:
        server = subprocess.Popen(
            [
                verdictd,
                f"--model={model}",
                "--grpc-address=127.0.0.1:0",
                "--http-address=127.0.0.1:0",
                "--threads=1",
                "--log-format=json",
            ],
            stderr=log,
            stdout=log,
        )
        try:
            give_up = time.monotonic() + 60
            address = None
            while address is None:
                if server.poll() is not None or time.monotonic() > give_up:
                    log.seek(0)
                    raise RuntimeError(f"verdictd does not serve: {log.read()}")
                time.sleep(0.05)  # polls a process that has no other way to tell
                log.seek(0)
                address = re.search(r'"http":"([^"]+)"', log.read())
            with urllib.request.urlopen(f"http://{address[1]}/metrics", timeout=10) as reply:
                page = reply.read().decode()
        finally:
            server.kill()
            server.wait()
    return {
        (name, frozenset(re.findall(r'(\w+)="([^"]*)"', labels or "")))
        for name, labels in re.findall(r"^([a-z]\w*)(?:\{(.*)\})? ", page, re.MULTILINE)
    }


def seconds(duration):
    return sum(
        float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", duration)
    )


def grace_period(objects, _):
    for workload, container in servers(objects):
        options = environment(container)
        for name in ("VERDICT_DRAIN_DELAY", "VERDICT_DRAIN_TIMEOUT"):
            if name not in options:
                yield f"{title(workload)} does not set {name}"
        hook = container.get("lifecycle", {}).get("preStop", {})
        pre_stop = hook.get("sleep", {}).get("seconds", 0)
        if hook and "sleep" not in hook:
            yield f"{title(workload)}: nobody knows how long its preStop takes"
        needed = (
            seconds(options.get("VERDICT_DRAIN_DELAY") or "0s")
            + seconds(options.get("VERDICT_DRAIN_TIMEOUT") or "30s")
            + FLUSH_SECONDS
            + pre_stop
        )
        grace = pod(workload).get("terminationGracePeriodSeconds", 30)
        if grace < needed:
            yield (
                f"{title(workload)}: terminationGracePeriodSeconds is {grace}, and its drain takes"
                f" up to {needed:g}"
            )


def guaranteed(objects, _):
    for workload in objects.workloads():
        for container in containers(pod(workload)):
            resources = container.get("resources", {})
            for key in ("cpu", "memory", "ephemeral-storage"):
                request, limit = (
                    resources.get(side, {}).get(key) for side in ("requests", "limits")
                )
                if limit is None or request != limit:
                    yield (
                        f"{title(workload)}: {container['name']} requests {key} {request} and is"
                        f" limited to {limit}"
                    )


def byte_count(quantity):
    return int(quantity[:-2]) * BINARY_UNITS[quantity[-2:]]


def ephemeral_storage(objects, _):
    """A pod whose volumes on the node's disk and logs outgrow the sum of its limits is evicted."""
    for workload in objects.workloads():
        spec = pod(workload)
        volumes = [one["emptyDir"] for one in spec.get("volumes", []) if "emptyDir" in one]
        if any("sizeLimit" not in one for one in volumes):
            yield f"{title(workload)} has an emptyDir without sizeLimit"
            continue
        lasting = lasting_containers(spec)
        needed = len(lasting) * LOG_BYTES + sum(
            byte_count(one["sizeLimit"]) for one in volumes if one.get("medium") != "Memory"
        )
        limits = [
            one.get("resources", {}).get("limits", {}).get("ephemeral-storage", "0Mi")
            for one in lasting
        ]
        if sum(map(byte_count, limits)) < needed:
            yield (
                f"{title(workload)}: ephemeral-storage is limited to {limits}, and its volumes and"
                f" logs take up to {needed >> 20} MiB"
            )


def architecture(objects, _):
    for workload in objects.workloads():
        if "kubernetes.io/arch" not in pod(workload).get("nodeSelector", {}):
            yield f"{title(workload)} may be put on a node that its image is not built for"


def whole_cpus(objects, _):
    for workload, container in servers(objects):
        cpu = str(container.get("resources", {}).get("limits", {}).get("cpu"))
        if not cpu.isdigit():
            yield (
                f"{title(workload)}: of cpu {cpu} the part of a CPU is paid for and not used, as"
                " threads are whole"
            )


def image_tags(objects, _):
    for workload in objects.workloads():
        for container in containers(pod(workload)):
            image = container["image"]
            tag = image.rsplit("/", 1)[-1].partition(":")[2]
            if "@sha256:" not in image and tag in ("", "latest"):
                yield f"{title(workload)}: image {image} has no tag, or one that moves"


def known_options(objects, facts):
    for workload, container in servers(objects):
        for name in environment(container):
            is_clients = name == "VERDICT_SERVER" or name.startswith("VERDICT_CLIENT_")
            if name.startswith("VERDICT_") and not is_clients and name not in facts.variables:
                yield f"{title(workload)}: verdictd knows no {name}"
        for argument in container.get("args", []):
            if argument.partition("=")[0] not in facts.flags:
                yield f"{title(workload)}: verdictd knows no {argument}"


def option_values(objects, facts):
    for workload, container in servers(objects):
        # Files are the pod's, and not here.
        values = {
            name: value
            for name, value in environment(container).items()
            if value and not value.startswith("/")
        }
        refusal = facts.refusal(values)
        if refusal is not None:
            yield f"{title(workload)}: verdictd refuses its options: {refusal.strip()}"


def missing_series(expression, facts):
    """The selectors in a PromQL expression that no series of the scrape matches."""
    for name, labels in re.findall(r"\b((?:verdict|grpc|process)_\w+)(?:\{([^}]*)\})?", expression):
        wanted = {
            (key, value)
            for key, operator, value in re.findall(r'(\w+)\s*(=)\s*"([^"]*)"', labels)
            if key not in ("namespace", "job", "pod")
        }
        if not any(name == found and wanted <= served for found, served in facts.series):
            yield f"{name}{{{labels}}}"


def metrics_of_triggers(objects, facts):
    for scaler in objects.of("ScaledObject"):
        for trigger in scaler["spec"]["triggers"]:
            query = trigger["metadata"]["query"]
            for selector in missing_series(query, facts):
                yield f"{title(scaler)} asks for {selector}, which verdictd does not serve"
            # The job is the instance: deploy/kubernetes/components/service-monitor.
            for label, value in (("namespace", namespace_of(scaler)), ("job", instance_of(scaler))):
                asked = re.findall(rf'{label}="([^"]*)"', query)
                if asked != [value]:
                    yield f"{title(scaler)} asks for {label} {asked}, and is of {value}"


def metrics_of_autoscalers(objects, facts):
    named = {rule["name"]["as"] for rule in facts.adapter_rules}
    for scaler in objects.of("HorizontalPodAutoscaler"):
        for metric in scaler["spec"]["metrics"]:
            name = metric["pods"]["metric"]["name"]
            if name not in named:
                yield (
                    f"{title(scaler)} asks for {name}, which prometheus-adapter's rules do not"
                    f" make: {sorted(named)}"
                )


def metrics_of_adapter(_, facts):
    for rule in facts.adapter_rules:
        query = rule["metricsQuery"].replace("<<.Series>>", rule["seriesQuery"].partition("{")[0])
        for selector in [
            *missing_series(rule["seriesQuery"], facts),
            *missing_series(query, facts),
        ]:
            yield (
                f"prometheus-adapter's {rule['name']['as']} asks for {selector}, which verdictd"
                " does not serve"
            )


RULES = [
    grace_period,
    guaranteed,
    ephemeral_storage,
    architecture,
    whole_cpus,
    image_tags,
    known_options,
    option_values,
    metrics_of_triggers,
    metrics_of_autoscalers,
    metrics_of_adapter,
]
