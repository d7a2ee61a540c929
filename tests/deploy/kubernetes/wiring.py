"""Who refers to whom: selectors, ports, targets and names. Each rule takes the Objects, and yields
what is wrong.
"""
from manifests import (
    CLUSTER_WIDE,
    containers,
    environment,
    has_port,
    instance_of,
    matches,
    namespace_of,
    pod,
    ports,
    selectors,
    servers,
    template,
    title,
)


def namespaces(objects):
    declared = {item["metadata"]["name"] for item in objects.of("Namespace")}
    for item in objects:
        if item["kind"] not in CLUSTER_WIDE and namespace_of(item) not in declared:
            yield (
                f"{title(item)} is in namespace '{namespace_of(item)}', which is not among"
                f" {sorted(declared)}"
            )


def namespace_labels(objects):
    for item in objects.of("Namespace"):
        if (
            item["metadata"].get("labels", {}).get("pod-security.kubernetes.io/enforce")
            != "restricted"
        ):
            yield f"{title(item)} does not enforce the restricted Pod Security Standard"


def recommended_labels(objects):
    for item in objects:
        missing = {"name", "component"} if item["kind"] not in CLUSTER_WIDE else set()
        for key in sorted(missing | {"instance", "version"}):
            if f"app.kubernetes.io/{key}" not in item["metadata"].get("labels", {}):
                yield f"{title(item)} lacks the label app.kubernetes.io/{key}"


def workload_selectors(objects):
    for workload in objects.workloads():
        if not matches(workload["spec"]["selector"], template(workload)["metadata"]["labels"]):
            yield f"{title(workload)} does not select its own pods"
        if "app.kubernetes.io/version" in workload["spec"]["selector"]["matchLabels"]:
            yield f"{title(workload)} selects by version, and could never be upgraded"


def instances(objects):
    for item in objects:
        for selector in selectors(item):
            asked = selector.get("matchLabels", {}).get("app.kubernetes.io/instance")
            if asked is None or asked != instance_of(item):
                yield (
                    f"{title(item)} selects instance {asked}, is of {instance_of(item)}, and would"
                    " select another model's pods"
                )


def services(objects):
    for service in objects.of("Service"):
        workloads = objects.selected(
            {"matchLabels": service["spec"]["selector"]}, namespace_of(service)
        )
        if not workloads:
            yield f"{title(service)} selects no pods"
        for workload in workloads:
            for port in service["spec"]["ports"]:
                if not has_port(pod(workload), port.get("targetPort", port["port"])):
                    yield (
                        f"{title(service)}: no container of {title(workload)} has its targetPort"
                        f" {port['targetPort']}"
                    )


def disruption_budgets(objects):
    for budget in objects.of("PodDisruptionBudget"):
        if not objects.selected(budget["spec"]["selector"], namespace_of(budget)):
            yield f"{title(budget)} selects no pods"
        if budget["spec"].get("maxUnavailable") in (0, "0%"):
            yield f"{title(budget)} forbids to drain a node"
    for workload in objects.of("Deployment"):
        if not any(
            matches(budget["spec"]["selector"], template(workload)["metadata"]["labels"])
            for budget in objects.of("PodDisruptionBudget")
        ):
            yield f"{title(workload)} has no PodDisruptionBudget"


def network_policies(objects):
    for policy in objects.of("NetworkPolicy"):
        workloads = objects.selected(policy["spec"]["podSelector"], namespace_of(policy))
        if not workloads:
            yield f"{title(policy)} selects no pods"
        for workload in workloads:
            for rule in policy["spec"].get("ingress", []):
                for port in rule.get("ports", []):
                    if not has_port(pod(workload), port["port"]):
                        yield (
                            f"{title(policy)}: no container of {title(workload)} has port"
                            f" {port['port']}"
                        )
    for workload in objects.workloads():
        directions = {
            direction
            for policy in objects.of("NetworkPolicy")
            for direction in policy["spec"]["policyTypes"]
            if matches(policy["spec"]["podSelector"], template(workload)["metadata"]["labels"])
        }
        if directions != {"Ingress", "Egress"}:
            yield f"{title(workload)} is not held by a NetworkPolicy in both directions"


def autoscalers(objects):
    targeted = []
    for scaler in objects.of("HorizontalPodAutoscaler", "ScaledObject"):
        target = scaler["spec"]["scaleTargetRef"]
        kind = target.get("kind", "Deployment")
        found = objects.named(kind, target["name"], namespace_of(scaler))
        targeted += found
        if not found:
            yield f"{title(scaler)} scales {kind}/{target['name']}, which there is not"
        for workload in found:
            if "replicas" in workload["spec"]:
                yield f"{title(workload)} sets replicas, which {title(scaler)} decides"
    for workload in objects.of("Deployment"):
        if targeted.count(workload) > 1:
            yield f"{title(workload)} has more than one autoscaler"
        if workload not in targeted and "replicas" not in workload["spec"]:
            yield f"{title(workload)} has neither replicas nor an autoscaler"


def monitors(objects):
    for monitor in objects.of("ServiceMonitor"):
        for endpoint in monitor["spec"]["endpoints"]:
            found = [
                service
                for service in objects.of("Service")
                if matches(monitor["spec"]["selector"], service["metadata"]["labels"])
                and any(port.get("name") == endpoint["port"] for port in service["spec"]["ports"])
            ]
            if len(found) != 1:
                yield (
                    f"{title(monitor)}: {len(found)} Services have its port {endpoint['port']}, so"
                    " pods are not scraped once"
                )


def topology_spread(objects):
    for workload in objects.of("Deployment"):
        constraints = pod(workload).get("topologySpreadConstraints", [])
        if not constraints:
            yield f"{title(workload)} is not spread over nodes"
        for constraint in constraints:
            if not matches(constraint["labelSelector"], template(workload)["metadata"]["labels"]):
                yield (
                    f"{title(workload)}: spread over {constraint['topologyKey']} does not count its"
                    " own pods"
                )


def probe_ports(objects):
    for workload in objects.workloads():
        for container in containers(pod(workload)):
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                probe = container.get(kind, {})
                for way in {"grpc", "httpGet", "tcpSocket"} & set(probe):
                    port = probe[way]["port"]
                    if way == "grpc" and not isinstance(port, int):
                        yield (
                            f"{title(workload)}: {kind} of gRPC names its port, where Kubernetes"
                            " takes numbers alone"
                        )
                    if not has_port({"containers": [container]}, port):
                        yield (
                            f"{title(workload)}: {kind} asks port {port}, which"
                            f" {container['name']} does not have"
                        )


def _address(options, name):
    host, _, port = options.get(name, "").rpartition(":")
    return host, int(port or 0)


def server_ports(objects):
    for workload, container in servers(objects):
        options = environment(container)
        grpc_host, grpc_port = _address(options, "VERDICT_GRPC_ADDRESS")
        _, http_port = _address(options, "VERDICT_HTTP_ADDRESS")
        _, health_port = _address(options, "VERDICT_HEALTH_ADDRESS")
        hidden = grpc_host == "127.0.0.1"  # behind a front
        expected = {"grpc": 0 if hidden else grpc_port, "http": http_port, "health": health_port}
        declared = {port["name"]: port["containerPort"] for port in container["ports"]}
        if declared != {name: port for name, port in expected.items() if port}:
            yield f"{title(workload)} declares ports {declared}, and its addresses are {expected}"
        for kind in ("startupProbe", "readinessProbe"):
            asked = container.get(kind, {}).get("grpc", {}).get("port")
            plain = health_port if hidden or "VERDICT_TLS_CERT" in options else grpc_port
            if asked != plain:
                yield (
                    f"{title(workload)}: {kind} asks gRPC health at {asked}, and a plain port for"
                    f" it is {plain}"
                )
        if container.get("livenessProbe", {}).get("httpGet") != {
            "path": "/healthz",
            "port": "http",
        }:
            yield (
                f"{title(workload)}: livenessProbe does not ask /healthz, which knows whether the"
                " engine moves"
            )


def ports_once(objects):
    for workload in objects.workloads():
        names = [port["name"] for port in ports(pod(workload))]
        numbers = [port["containerPort"] for port in ports(pod(workload))]
        if len(set(names)) < len(names) or len(set(numbers)) < len(numbers):
            yield f"{title(workload)} declares a port twice: {names}, {numbers}"


def references(objects):
    for workload in objects.workloads():
        spec, namespace = pod(workload), namespace_of(workload)
        wanted = [("ServiceAccount", spec.get("serviceAccountName", "default"))]
        for volume in spec.get("volumes", []):
            if "configMap" in volume:
                wanted.append(("ConfigMap", volume["configMap"]["name"]))
            if "persistentVolumeClaim" in volume:
                wanted.append(
                    ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"])
                )
        for container in containers(spec):
            for item in container.get("env", []):
                if "configMapKeyRef" in item.get("valueFrom", {}):
                    wanted.append(("ConfigMap", item["valueFrom"]["configMapKeyRef"]["name"]))
            for mount in container.get("volumeMounts", []):
                if mount["name"] not in {volume["name"] for volume in spec.get("volumes", [])}:
                    yield (
                        f"{title(workload)}: {container['name']} mounts {mount['name']}, which is"
                        " no volume"
                    )
        for kind, name in wanted:
            if not objects.named(kind, name, namespace):
                yield f"{title(workload)} needs {kind}/{name}, which there is not"


def model_mounts(objects):
    for workload, container in servers(objects):
        model = environment(container).get("VERDICT_MODEL")
        mounts = [
            mount
            for mount in container.get("volumeMounts", [])
            if (model or "").startswith(mount["mountPath"]) and mount.get("readOnly")
        ]
        if model is not None and not mounts:
            yield f"{title(workload)}: VERDICT_MODEL {model} is not on a volume mounted read-only"


RULES = [
    namespaces,
    namespace_labels,
    recommended_labels,
    workload_selectors,
    instances,
    services,
    disruption_budgets,
    network_policies,
    autoscalers,
    monitors,
    topology_spread,
    probe_ports,
    server_ports,
    ports_once,
    references,
    model_mounts,
]
