#!/usr/bin/python3
"""promtool accepts the rules and passes their tests; every alert has a runbook entry, and is shown
firing and silent; every recording rule is used by an alert or another rule, or tested by itself.

Exits with 77 where promtool or Python's yaml is not installed.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

try:
    import yaml
except ImportError:
    print("skipped: Python's yaml is not installed (package python3-yaml)")
    sys.exit(77)

DEPLOY = pathlib.Path(__file__).resolve().parents[3] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
# Whoever deploys puts the address in its place at which the repository is read.
HOME = "https://example.com/verdict"
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))


def rules(kind):
    """All rules that have the key `kind`: alert or record."""
    files = [
        yaml.safe_load((PROMETHEUS / name).read_text()) for name in ("rules.yml", "alerts.yml")
    ]
    return [
        rule
        for file in files
        for group in file["groups"]
        for rule in group["rules"]
        if kind in rule
    ]


def cases(kind):
    """All cases of promtool's tests: alert_rule_test or promql_expr_test."""
    return [
        case
        for file in TESTS
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test.get(kind, [])
    ]


def expects(case, alert):
    """Whether the case expects this very alert: others may have its name, and other labels."""
    return any(
        alert["labels"].items() <= expected["exp_labels"].items()
        for expected in case.get("exp_alerts", [])
    )


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


class Promtool(unittest.TestCase):
    def run_promtool(self, *arguments):
        done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("FAILED", done.stdout + done.stderr)

    def test_accepts_the_configuration(self):
        self.run_promtool("check", "config", PROMETHEUS / "prometheus.yml")

    def test_accepts_the_rules(self):
        self.run_promtool("check", "rules", PROMETHEUS / "rules.yml", PROMETHEUS / "alerts.yml")

    def test_passes_their_tests(self):
        self.run_promtool("test", "rules", *TESTS)


class Alerts(unittest.TestCase):
    def test_each_is_shown_firing_and_silent(self):
        for alert in rules("alert"):
            of_alert = [
                case for case in cases("alert_rule_test") if case["alertname"] == alert["alert"]
            ]
            with self.subTest(alert["alert"], **alert["labels"]):
                self.assertTrue(
                    any(expects(case, alert) for case in of_alert), "no test in which it fires"
                )
                self.assertFalse(
                    all(expects(case, alert) for case in of_alert), "no test in which it is silent"
                )

    def test_each_names_a_runbook_entry_that_is_there(self):
        headings = re.findall(r"^### (.*)$", (DEPLOY / "README.md").read_text(), re.MULTILINE)
        anchors = {anchor(heading) for heading in headings}
        for alert in rules("alert"):
            with self.subTest(alert["alert"], **alert["labels"]):
                page, _, found = alert["annotations"]["runbook_url"].partition("#")
                self.assertEqual(page, f"{HOME}/deploy/README.md")
                self.assertEqual(found, anchor(alert["alert"]))
                self.assertIn(found, anchors)

    def test_each_runbook_entry_is_of_an_alert(self):
        headings = re.findall(
            r"^### (Verdict\w+)$", (DEPLOY / "README.md").read_text(), re.MULTILINE
        )
        self.assertEqual(sorted(headings), sorted({alert["alert"] for alert in rules("alert")}))

    def test_each_has_a_severity_and_says_what_is_wrong(self):
        for alert in rules("alert"):
            with self.subTest(alert["alert"], **alert["labels"]):
                self.assertIn(alert["labels"]["severity"], ("critical", "warning"))
                self.assertEqual(
                    set(alert["annotations"]), {"summary", "description", "runbook_url"}
                )

    def test_none_speaks_up_at_the_first_sample(self):
        for alert in rules("alert"):
            # A stalled engine is a fact of the last five minutes, and the process may be gone.
            if alert["alert"] != "VerdictEngineStalled":
                self.assertIn("for", alert, alert["alert"])

    def test_a_share_of_failures_wakes_nobody_without_a_floor(self):
        for alert in rules("alert"):
            if "ratio_rate" in alert["expr"] and "truncated" not in alert["expr"]:
                self.assertRegex(alert["expr"], r">= 10\b", alert["alert"])


class Levels(unittest.TestCase):
    def test_the_cluster_is_kept_wherever_the_namespace_is(self):
        for rule in rules("alert") + rules("record"):
            for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", rule["expr"]):
                with self.subTest(rule.get("alert") or rule["record"]):
                    self.assertEqual(labels.split(", ")[:2], ["cluster", "namespace"])

    def test_names_say_the_labels_that_are_left(self):
        for rule in rules("record"):
            level = rule["record"].partition(":")[0].replace("_", ", ")
            with self.subTest(rule["record"]):
                self.assertTrue(level.startswith("cluster, namespace, job"))
                if " by (" in rule["expr"]:
                    self.assertIn(f"by ({level}", rule["expr"])

    def test_a_job_is_the_same_whoever_finds_the_pods(self):
        plain = yaml.safe_load((PROMETHEUS / "prometheus-kubernetes.yml").read_text())
        operators = yaml.safe_load(
            (DEPLOY / "kubernetes/components/service-monitor/service-monitor.yaml").read_text()
        )
        relabelled = [
            rule["source_labels"]
            for rule in plain["scrape_configs"][0]["relabel_configs"]
            if rule.get("target_label") == "job"
        ]
        label = operators["spec"]["jobLabel"]
        self.assertEqual(relabelled, [["__meta_kubernetes_pod_label_" + re.sub(r"\W", "_", label)]])


class RecordingRules(unittest.TestCase):
    def test_each_is_used_or_tested(self):
        used = "\n".join(rule["expr"] for rule in rules("alert") + rules("record"))
        tested = "\n".join(case["expr"] for case in cases("promql_expr_test"))
        for rule in rules("record"):
            with self.subTest(rule["record"]):
                self.assertRegex(used + "\n" + tested, rf"(?<![\w:]){rule['record']}(?![\w:])")


class PrometheusRule(unittest.TestCase):
    def test_holds_the_same_groups(self):
        printed = subprocess.run(
            [PROMETHEUS / "prometheus-rule"], capture_output=True, text=True, check=True
        ).stdout
        objects = list(yaml.safe_load_all(printed))
        self.assertEqual(
            [(o["apiVersion"], o["kind"]) for o in objects],
            [("monitoring.coreos.com/v1", "PrometheusRule")] * 2,
        )
        self.assertEqual(
            [o["spec"] for o in objects],
            [
                yaml.safe_load((PROMETHEUS / name).read_text())
                for name in ("rules.yml", "alerts.yml")
            ],
        )

    def test_puts_the_given_address_before_every_runbook(self):
        printed = subprocess.run(
            [PROMETHEUS / "prometheus-rule", "https://git.example.org/ml/verdict/blob/main"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        self.assertNotIn(HOME, printed)
        self.assertEqual(
            printed.count("runbook_url: https://git.example.org/ml/verdict/blob/main/deploy/"),
            (PROMETHEUS / "alerts.yml").read_text().count("runbook_url:"),
        )


if __name__ == "__main__":
    if shutil.which("promtool") is None:
        print("skipped: promtool is not installed (package prometheus)")
        sys.exit(77)
    unittest.main()
