#!/usr/bin/env python3
"""The autoscalers' queries, as a real Prometheus evaluates them: of two pods, one of which had no
text for a minute.

promtool reads series, evaluates, compares. Ends with 77 where it, kubectl or kustomize is missing.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from manifests import KUBERNETES, build, builder, skip, yaml

# As the adapter asks for all pods of a Deployment.
MATCHERS = 'namespace="verdict",pod=~"busy|idle"'
QUEUE = 'verdict_latency_seconds{namespace="verdict",pod="%s",stage="queue",quantile="%s"}'
SERIES = [
    # Every 15 s, for two minutes.
    {"series": 'verdict_queue_tokens{namespace="verdict",pod="busy"}', "values": "400x8"},
    {"series": 'verdict_queue_tokens{namespace="verdict",pod="idle"}', "values": "0x8"},
    {"series": QUEUE % ("busy", "0.95"), "values": "0.25x8"},
    {"series": QUEUE % ("busy", "0.5"), "values": "0.5x8"},
    {"series": QUEUE % ("idle", "0.95"), "values": "NaN NaN NaN NaN NaN NaN NaN NaN NaN"},
    {"series": 'verdict_shed_total{namespace="verdict",pod="busy",reason="deadline"}', "values": "0+30x8"},
    {"series": 'verdict_shed_total{namespace="verdict",pod="busy",reason="draining"}', "values": "0+90x8"},
    {"series": 'verdict_shed_total{namespace="verdict",pod="idle",reason="deadline"}', "values": "0x8"},
    {"series": QUEUE.replace('"verdict"', '"other"') % ("busy", "0.95"), "values": "7x8"},
]


def expectations(expression, samples):
    return {"expr": expression, "eval_time": "2m", "exp_samples": samples}


class ScalingQueries(unittest.TestCase):
    def evaluate(self, *tests):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "test.yml")
            with open(path, "w") as file:
                yaml.safe_dump({"tests": [
                    {"interval": "15s", "input_series": SERIES, "promql_expr_test": list(tests)}]}, file)
            found = subprocess.run(["promtool", "test", "rules", path], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        self.assertEqual(found.returncode, 0, found.stdout)

    def test_of_prometheus_adapter_give_each_pod_its_figure_and_an_idle_one_0(self):
        with open(os.path.join(KUBERNETES, "prometheus-adapter/config.yaml")) as file:
            queries = {rule["name"]["as"]: rule["metricsQuery"]
                       .replace("<<.Series>>", rule["seriesQuery"].partition("{")[0])
                       .replace("<<.LabelMatchers>>", MATCHERS).replace("<<.GroupBy>>", "pod")
                       for rule in yaml.safe_load(file)["rules"]}
        self.evaluate(
            expectations(queries["verdict_queue_tokens"],
                         [{"labels": '{pod="busy"}', "value": 400}, {"labels": '{pod="idle"}', "value": 0}]),
            expectations(queries["verdict_shed_per_second"],
                         [{"labels": '{pod="busy"}', "value": 2}, {"labels": '{pod="idle"}', "value": 0}]),
            expectations(queries["verdict_queue_p95_seconds"],
                         [{"labels": '{pod="busy"}', "value": 0.25}, {"labels": '{pod="idle"}', "value": 0}]))

    def test_of_keda_give_one_figure(self):
        triggers = build("production, model from an image, KEDA, TLS").of("ScaledObject")[0]["spec"]["triggers"]
        self.evaluate(*(expectations(trigger["metadata"]["query"], [{"labels": "{}", "value": value}])
                        for trigger, value in zip(triggers, (0.25, 400, 2), strict=True)))


if __name__ == "__main__":
    builder()
    if shutil.which("promtool") is None:
        skip("promtool is not installed (package prometheus)")
    unittest.main(argv=sys.argv[:1])
