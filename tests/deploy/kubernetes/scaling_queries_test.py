#!/usr/bin/env python3
"""The autoscalers' queries, as a real Prometheus evaluates them: of two pods, one of which
computes nothing, and of another model's, which must not count.

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


def of(name, pod, values, job="verdict", **labels):
    written = {"namespace": "verdict", "job": job, "pod": pod, **labels}
    series = ",".join(f'{key}="{value}"' for key, value in written.items())
    return {"series": f"{name}{{{series}}}", "values": values}


SERIES = [
    # Every 15 s, for two minutes.
    of("verdict_engine_busy_seconds_total", "busy", "0+9x8"),
    of("verdict_engine_busy_seconds_total", "idle", "5x8"),
    of("verdict_queue_tokens", "busy", "400x8"),
    of("verdict_queue_tokens", "idle", "0x8"),
    of("verdict_shed_total", "busy", "0+30x8", reason="deadline"),
    of("verdict_shed_total", "busy", "0+90x8", reason="draining"),
    of("verdict_shed_total", "idle", "0x8", reason="deadline"),
    # Another model's, in the same namespace.
    of("verdict_engine_busy_seconds_total", "other", "0+15x8", job="verdict-toxic"),
    of("verdict_queue_tokens", "other", "9000x8", job="verdict-toxic"),
    of("verdict_shed_total", "other", "0+900x8", job="verdict-toxic", reason="deadline"),
]


def expectations(expression, samples):
    return {"expr": expression, "eval_time": "2m", "exp_samples": samples}


class ScalingQueries(unittest.TestCase):
    def evaluate(self, *tests):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "test.yml")
            with open(path, "w") as file:
                yaml.safe_dump(
                    {
                        "tests": [
                            {
                                "interval": "15s",
                                "input_series": SERIES,
                                "promql_expr_test": list(tests),
                            }
                        ]
                    },
                    file,
                )
            found = subprocess.run(
                ["promtool", "test", "rules", path],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.assertEqual(found.returncode, 0, found.stdout)

    def test_of_prometheus_adapter_give_each_pod_its_figure_and_an_idle_one_0(self):
        with open(os.path.join(KUBERNETES, "prometheus-adapter/config.yaml")) as file:
            queries = {
                rule["name"]["as"]: (
                    rule["metricsQuery"]
                    .replace("<<.Series>>", rule["seriesQuery"].partition("{")[0])
                    .replace("<<.LabelMatchers>>", MATCHERS)
                    .replace("<<.GroupBy>>", "pod")
                )
                for rule in yaml.safe_load(file)["rules"]
            }
        self.evaluate(
            expectations(
                queries["verdict_queue_tokens"],
                [{"labels": '{pod="busy"}', "value": 400}, {"labels": '{pod="idle"}', "value": 0}],
            ),
            expectations(
                queries["verdict_shed_per_second"],
                [{"labels": '{pod="busy"}', "value": 2}, {"labels": '{pod="idle"}', "value": 0}],
            ),
            expectations(
                queries["verdict_engine_busy"],
                [{"labels": '{pod="busy"}', "value": 0.6}, {"labels": '{pod="idle"}', "value": 0}],
            ),
        )

    def test_of_keda_give_one_figure(self):
        triggers = build("production, model from an image, KEDA, TLS").of("ScaledObject")[0][
            "spec"
        ]["triggers"]
        self.evaluate(
            *(
                expectations(trigger["metadata"]["query"], [{"labels": "{}", "value": value}])
                for trigger, value in zip(triggers, (0.6, 400, 2), strict=True)
            )
        )


if __name__ == "__main__":
    builder()
    if shutil.which("promtool") is None:
        skip("promtool is not installed (package prometheus)")
    unittest.main(argv=sys.argv[:1])
