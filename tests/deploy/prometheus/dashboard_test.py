#!/usr/bin/env python3
"""The dashboard as its file has it: what Grafana would show wrongly without a word is found here.

That its queries return data, a real Prometheus tells: monitoring_test.py.
"""
import itertools
import json
import pathlib
import re
import subprocess
import sys
import unittest

GRAFANA = pathlib.Path(__file__).resolve().parents[3] / "deploy" / "grafana"
TEXT = (GRAFANA / "dashboards" / "verdict.json").read_text()
DASHBOARD = json.loads(TEXT)
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
CHOSEN = ("cluster", "namespace", "job", "pod")
# What a series is of, and so which variables its selector has to keep to.
KINDS = {
    r"(?<![:\w])(?:verdict|grpc_server|process)_\w+": CHOSEN,
    r"cluster_namespace_job\w*:[\w:]+": ("cluster", "namespace", "job"),
    r"\b(?:container|kube_pod)_\w+": ("cluster", "namespace", "pod"),
    r"\bkube_(?:deployment|horizontalpodautoscaler)_\w+": ("cluster", "namespace"),
}
RULES = (GRAFANA.parent / "prometheus" / "rules.yml").read_text()
RECORDED = set(re.findall(r"- record: (\S+)", RULES))


def overlap(one, other):
    a, b = one["gridPos"], other["gridPos"]
    return (
        a["x"] < b["x"] + b["w"]
        and b["x"] < a["x"] + a["w"]
        and a["y"] < b["y"] + b["h"]
        and b["y"] < a["y"] + a["h"]
    )


class Dashboard(unittest.TestCase):
    def test_is_what_its_source_prints(self):
        printed = subprocess.run(
            [sys.executable, "-B", GRAFANA / "dashboard.py"],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.assertEqual(
            TEXT,
            printed.stdout,
            "deploy/grafana/dashboard.py > deploy/grafana/dashboards/verdict.json",
        )

    def test_panels_have_ids_of_their_own_and_do_not_overlap(self):
        ids = [panel["id"] for panel in DASHBOARD["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for one, other in itertools.combinations(DASHBOARD["panels"], 2):
            self.assertFalse(overlap(one, other), (one["title"], other["title"]))
        for panel in DASHBOARD["panels"]:
            self.assertLessEqual(panel["gridPos"]["x"] + panel["gridPos"]["w"], 24, panel["title"])

    def test_panels_say_what_they_show_and_in_which_unit(self):
        titles = [panel["title"] for panel in PANELS]
        self.assertEqual(len(titles), len(set(titles)))
        for panel in PANELS:
            for word in (
                panel["title"],
                panel["description"],
                panel["fieldConfig"]["defaults"]["unit"],
            ):
                self.assertTrue(word, panel["title"])

    def test_every_query_asks_the_chosen_data_source(self):
        self.assertEqual(VARIABLES["datasource"]["type"], "datasource")
        for panel in PANELS:
            self.assertTrue(panel["targets"], panel["title"])
            for asked in [panel, *panel["targets"]]:
                self.assertEqual(
                    asked["datasource"],
                    {"type": "prometheus", "uid": "${datasource}"},
                    panel["title"],
                )

    def test_every_selector_keeps_to_the_variables(self):
        for panel in PANELS:
            for target in panel["targets"]:
                # The one join names its other side by labels that the variables have chosen.
                expression = target["expr"].partition(" * on ")[0]
                found = 0
                for kind, chosen in KINDS.items():
                    metrics = re.findall(kind, expression)
                    selectors = re.findall(rf"{kind}\{{([^}}]*)\}}", expression)
                    found += len(metrics)
                    self.assertEqual(len(metrics), len(selectors), target["expr"])
                    for selector, name in itertools.product(selectors, chosen):
                        self.assertIn(f'{name}=~"${name}"', selector, target["expr"])
                self.assertTrue(found, target)

    def test_what_it_takes_from_the_rules_is_recorded(self):
        for panel in PANELS:
            for target in panel["targets"]:
                for name in re.findall(r"cluster_namespace_job\w*:[\w:]+", target["expr"]):
                    self.assertIn(name, RECORDED, panel["title"])

    def test_what_matters_most_comes_first(self):
        rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
        self.assertEqual(rows, ["Objectives", "Traffic", "Latency", "Saturation", "Pods"])

    def test_no_limit_flattens_what_it_limits(self):
        for panel in PANELS:
            for target in panel["targets"]:
                for limit in re.findall(r"(\S*) *\bverdict_\w+_limit\b", target["expr"]):
                    self.assertEqual(limit, "/", f"{panel['title']} draws a limit")

    def test_a_rate_fits_its_scrapes(self):
        for panel in PANELS:
            for target in panel["targets"]:
                for window in re.findall(r"\[([^\]]*)\]", target["expr"]):
                    self.assertEqual(window, "$__rate_interval", target["expr"])

    def test_all_is_also_where_a_label_is_absent(self):
        for name in CHOSEN:
            self.assertEqual(VARIABLES[name]["allValue"], ".*")


if __name__ == "__main__":
    unittest.main()
