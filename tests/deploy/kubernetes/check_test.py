#!/usr/bin/env python3
"""Each rule of the checker is seen to fail: manifests that pass are broken in one place, and it
says so.

Usage: check_test.py --verdictd PROGRAM. Ends with 77 where no kubectl or kustomize is installed.
"""
import argparse
import copy
import functools
import sys
import unittest

import pod_security
import settings
import wiring
from check import DEMO, violations
from manifests import build, builder, matches, pod

VERDICTD = None
PLAIN = "production"
KEDA = "production, model from an image, KEDA, TLS"


@functools.lru_cache(maxsize=None)
def built(combination):
    return build(combination)


@functools.lru_cache(maxsize=None)
def facts():
    return settings.Facts(VERDICTD, DEMO)


def the(objects, kind, index=0):
    return objects.of(kind)[index]


def spec(objects):
    return pod(the(objects, "Deployment"))


def server(objects):
    return spec(objects)["containers"][0]


def in_pod_context(key, value):
    return lambda objects: spec(objects)["securityContext"].update({key: value})


def in_context(key, value):
    return lambda objects: server(objects)["securityContext"].update({key: value})


def in_pod(key, value):
    return lambda objects: spec(objects).update({key: value})


def in_server(key, value):
    return lambda objects: server(objects).update({key: value})


def without(path, kind="Deployment"):
    def remove(objects):
        place = the(objects, kind)
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]

    return remove


def put(path, value, kind="Deployment", index=0):
    def replace(objects):
        place = the(objects, kind, index)
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return replace


def option(name, value):
    def replace(objects):
        rest = [item for item in server(objects)["env"] if item["name"] != name]
        server(objects)["env"] = rest + (
            [{"name": name, "value": value}] if value is not None else []
        )

    return replace


SERVER = ("spec", "template", "spec", "containers", 0)
LABELS = {"matchLabels": {"app.kubernetes.io/name": "other"}}
INSTANCE = "app.kubernetes.io/instance"

# Rule, the combination that is broken, and how.
BROKEN = [
    ("host_process", PLAIN, in_context("windowsOptions", {"hostProcess": True})),
    ("host_namespaces", PLAIN, in_pod("hostPID", True)),
    ("host_namespaces", PLAIN, in_pod("hostNetwork", True)),
    ("privileged", PLAIN, in_context("privileged", True)),
    ("host_ports", PLAIN, put((*SERVER, "ports", 0, "hostPort"), 50051)),
    (
        "host_in_probes",
        PLAIN,
        put((*SERVER, "lifecycle"), {"postStart": {"httpGet": {"host": "10.0.0.1", "port": 1}}}),
    ),
    ("app_armor", PLAIN, in_pod_context("appArmorProfile", {"type": "Unconfined"})),
    ("selinux", PLAIN, in_context("seLinuxOptions", {"type": "spc_t"})),
    ("proc_mount", PLAIN, in_context("procMount", "Unmasked")),
    ("sysctls", PLAIN, in_pod_context("sysctls", [{"name": "kernel.msgmax", "value": "1"}])),
    (
        "volume_types",
        PLAIN,
        lambda objects: spec(objects)["volumes"].append(
            {"name": "host", "hostPath": {"path": "/"}}
        ),
    ),
    (
        "privilege_escalation",
        PLAIN,
        without((*SERVER, "securityContext", "allowPrivilegeEscalation")),
    ),
    ("run_as_non_root", PLAIN, in_context("runAsNonRoot", False)),
    ("run_as_user", PLAIN, in_pod_context("runAsUser", 0)),
    ("seccomp", PLAIN, in_pod_context("seccompProfile", {"type": "Unconfined"})),
    ("capabilities", PLAIN, in_context("capabilities", {"drop": ["NET_RAW"]})),
    ("capabilities", PLAIN, in_context("capabilities", {"drop": ["ALL"], "add": ["SYS_NICE"]})),
    # An init container counts as well.
    (
        "capabilities",
        PLAIN,
        without(
            ("spec", "template", "spec", "initContainers", 0, "securityContext", "capabilities")
        ),
    ),
    ("read_only_root", PLAIN, without((*SERVER, "securityContext", "readOnlyRootFilesystem"))),
    ("no_token", PLAIN, without(("spec", "template", "spec", "automountServiceAccountToken"))),
    ("no_service_links", PLAIN, without(("spec", "template", "spec", "enableServiceLinks"))),
    ("namespaces", PLAIN, put(("metadata", "namespace"), "default", "ServiceMonitor")),
    (
        "namespace_labels",
        PLAIN,
        put(("metadata", "labels", "pod-security.kubernetes.io/enforce"), "baseline", "Namespace"),
    ),
    (
        "recommended_labels",
        PLAIN,
        without(("metadata", "labels", "app.kubernetes.io/instance"), "Service"),
    ),
    ("workload_selectors", PLAIN, put(("spec", "selector"), LABELS)),
    (
        "workload_selectors",
        PLAIN,
        put(("spec", "selector", "matchLabels", "app.kubernetes.io/version"), "0.1.0"),
    ),
    ("instances", PLAIN, without(("spec", "selector", INSTANCE), "Service")),
    ("instances", PLAIN, without(("spec", "selector", "matchLabels", INSTANCE))),
    ("instances", PLAIN, without(("spec", "selector", "matchLabels", INSTANCE), "ServiceMonitor")),
    ("instances", PLAIN, put(("spec", "selector", "matchLabels", INSTANCE), "other")),
    ("services", PLAIN, put(("spec", "selector"), LABELS["matchLabels"], "Service", 1)),
    ("services", PLAIN, put(("spec", "ports", 0, "targetPort"), "rpc", "Service", 1)),
    ("disruption_budgets", PLAIN, put(("spec", "selector"), LABELS, "PodDisruptionBudget")),
    ("disruption_budgets", PLAIN, put(("spec", "maxUnavailable"), 0, "PodDisruptionBudget")),
    ("network_policies", PLAIN, put(("spec", "podSelector"), LABELS, "NetworkPolicy")),
    (
        "network_policies",
        PLAIN,
        put(("spec", "ingress", 0, "ports", 0, "port"), 50052, "NetworkPolicy"),
    ),
    ("network_policies", PLAIN, put(("spec", "policyTypes"), ["Ingress"], "NetworkPolicy")),
    (
        "autoscalers",
        PLAIN,
        put(("spec", "scaleTargetRef", "name"), "verdictd", "HorizontalPodAutoscaler"),
    ),
    ("autoscalers", KEDA, put(("spec", "scaleTargetRef", "name"), "verdictd", "ScaledObject")),
    ("autoscalers", PLAIN, put(("spec", "replicas"), 2)),
    (
        "autoscalers",
        PLAIN,
        lambda objects: objects.extend(copy.deepcopy(objects.of("HorizontalPodAutoscaler"))),
    ),
    ("autoscalers", PLAIN, lambda objects: objects.remove(the(objects, "HorizontalPodAutoscaler"))),
    ("monitors", PLAIN, put(("spec", "endpoints", 0, "port"), "grpc", "ServiceMonitor")),
    ("monitors", PLAIN, put(("spec", "selector"), LABELS, "ServiceMonitor")),
    ("topology_spread", PLAIN, without(("spec", "template", "spec", "topologySpreadConstraints"))),
    (
        "topology_spread",
        PLAIN,
        put(("spec", "template", "spec", "topologySpreadConstraints", 1, "labelSelector"), LABELS),
    ),
    ("probe_ports", PLAIN, put((*SERVER, "startupProbe"), {"grpc": {"port": "grpc"}})),
    ("probe_ports", PLAIN, put((*SERVER, "startupProbe"), {"grpc": {"port": 50053}})),
    ("server_ports", PLAIN, option("VERDICT_GRPC_ADDRESS", "0.0.0.0:50061")),
    ("server_ports", KEDA, put((*SERVER, "readinessProbe", "grpc", "port"), 50051)),  # speaks TLS
    ("server_ports", PLAIN, put((*SERVER, "livenessProbe"), {"grpc": {"port": 50051}})),
    (
        "ports_once",
        PLAIN,
        lambda objects: server(objects)["ports"].append({"name": "again", "containerPort": 8080}),
    ),
    ("references", PLAIN, lambda objects: objects.remove(the(objects, "ServiceAccount"))),
    ("references", PLAIN, lambda objects: objects.remove(the(objects, "ConfigMap"))),
    ("references", PLAIN, lambda objects: spec(objects)["volumes"].pop()),
    ("model_mounts", PLAIN, put((*SERVER, "volumeMounts", 0, "readOnly"), False)),
    ("model_mounts", PLAIN, option("VERDICT_MODEL", "/srv/models")),
    ("grace_period", PLAIN, in_pod("terminationGracePeriodSeconds", 35)),
    ("grace_period", PLAIN, option("VERDICT_DRAIN_TIMEOUT", "1m")),
    ("grace_period", PLAIN, option("VERDICT_DRAIN_DELAY", None)),
    ("grace_period", PLAIN, in_server("lifecycle", {"preStop": {"sleep": {"seconds": 10}}})),
    (
        "grace_period",
        PLAIN,
        in_server("lifecycle", {"preStop": {"exec": {"command": ["sleep", "1"]}}}),
    ),
    ("guaranteed", PLAIN, put((*SERVER, "resources", "requests"), {"cpu": "1", "memory": "1Gi"})),
    ("guaranteed", PLAIN, without((*SERVER, "resources", "limits", "memory"))),
    ("guaranteed", PLAIN, without((*SERVER, "resources", "requests", "ephemeral-storage"))),
    (
        "ephemeral_storage",
        PLAIN,
        put((*SERVER, "resources", "limits", "ephemeral-storage"), "512Mi"),
    ),
    (
        "ephemeral_storage",
        PLAIN,
        put(("spec", "template", "spec", "volumes", 0), {"name": "model", "emptyDir": {}}),
    ),
    ("architecture", PLAIN, without(("spec", "template", "spec", "nodeSelector"))),
    (
        "whole_cpus",
        PLAIN,
        put(
            (*SERVER, "resources"),
            {side: {"cpu": "1500m", "memory": "1Gi"} for side in ("requests", "limits")},
        ),
    ),
    ("image_tags", PLAIN, in_server("image", "registry.example.com:5000/verdict")),
    ("image_tags", PLAIN, in_server("image", "verdict:latest")),
    ("known_options", PLAIN, option("VERDICT_DRAIN_WAIT", "5s")),
    ("known_options", PLAIN, in_server("args", ["--max-batch=3"])),
    ("option_values", PLAIN, option("VERDICT_THREADS", "all")),
    (
        "metrics_of_triggers",
        KEDA,
        put(
            ("spec", "triggers", 1, "metadata", "query"),
            'sum(verdict_queue_depth{namespace="verdict",job="verdict"})',
            "ScaledObject",
        ),
    ),
    (
        "metrics_of_triggers",
        KEDA,
        put(
            ("spec", "triggers", 1, "metadata", "query"),
            'max(verdict_latency_seconds{namespace="verdict",job="verdict",quantile="0.75"})',
            "ScaledObject",
        ),
    ),
    (
        "metrics_of_triggers",
        KEDA,
        put(
            ("spec", "triggers", 1, "metadata", "query"),
            'sum(verdict_queue_tokens{namespace="prod",job="verdict"})',
            "ScaledObject",
        ),
    ),
    (
        "metrics_of_triggers",
        KEDA,
        put(
            ("spec", "triggers", 1, "metadata", "query"),
            "sum(verdict_queue_tokens)",
            "ScaledObject",
        ),
    ),
    (
        "metrics_of_triggers",
        KEDA,
        put(
            ("spec", "triggers", 1, "metadata", "query"),
            'sum(verdict_queue_tokens{namespace="verdict",job="other"})',
            "ScaledObject",
        ),
    ),
    (
        "metrics_of_autoscalers",
        PLAIN,
        put(
            ("spec", "metrics", 0, "pods", "metric", "name"),
            "verdict_queue",
            "HorizontalPodAutoscaler",
        ),
    ),
]


class EachRule(unittest.TestCase):
    def test_is_silent_about_what_is_right(self):
        for combination in (PLAIN, KEDA):
            self.assertEqual(list(violations(built(combination), facts())), [])

    def test_is_broken_by_some_manifest_here_but_the_adapters(self):
        rules = {rule.__name__ for rule in pod_security.POD_RULES + wiring.RULES + settings.RULES}
        self.assertEqual(rules - {rule for rule, _, _ in BROKEN}, {"metrics_of_adapter"})

    def test_sees_the_manifest_that_breaks_it(self):
        for number, (rule, combination, change) in enumerate(BROKEN):
            with self.subTest(rule=rule, number=number):
                objects = built(combination).copy()
                change(objects)
                found = list(violations(objects, facts()))
                self.assertTrue(any(line.startswith(f"{rule}: ") for line in found), found)

    def test_sees_an_adapters_query_of_a_metric_that_is_not_served(self):
        broken = copy.copy(facts())
        broken.adapter_rules = copy.deepcopy(broken.adapter_rules)
        broken.adapter_rules[0]["metricsQuery"] = "sum(verdict_queue_depth{<<.LabelMatchers>>})"
        self.assertTrue(
            any(
                line.startswith("metrics_of_adapter: ") for line in violations(built(PLAIN), broken)
            )
        )


class Selectors(unittest.TestCase):
    def test_match_as_kubernetes_has_it(self):
        labels = {"app": "verdict", "tier": "a"}
        for operator, key, values, expected in [
            ("In", "tier", ["a", "b"], True),
            ("In", "tier", ["b"], False),
            ("NotIn", "tier", ["b"], True),
            ("NotIn", "other", ["b"], True),
            ("Exists", "app", None, True),
            ("DoesNotExist", "app", None, False),
        ]:
            selector = {
                "matchLabels": {"app": "verdict"},
                "matchExpressions": [{"key": key, "operator": operator, "values": values}],
            }
            self.assertEqual(matches(selector, labels), expected, selector)
        self.assertTrue(matches({}, labels))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdictd", required=True)
    arguments, rest = parser.parse_known_args()
    VERDICTD = arguments.verdictd
    builder()
    unittest.main(argv=[sys.argv[0], *rest])
