#!/usr/bin/env python3
"""Every object that deploy/kubernetes makes is valid in the API of Kubernetes 1.33, and schema.mjs
sees what is not.

Usage: schema_test.py --modules DIR, where `./dev test deploy` has installed the schemas from npm.
Ends with 77 where they are not, or kubectl or node is missing.
"""
import argparse
import copy
import json
import os
import shutil
import subprocess
import sys
import unittest

from manifests import COMBINATIONS, build, builder, skip

MODULES = None
SCRIPT = os.path.join(os.path.dirname(__file__), "schema.mjs")


def errors(objects):
    found = subprocess.run(["node", SCRIPT, MODULES], input=json.dumps(objects), stdout=subprocess.PIPE, text=True)
    if found.returncode not in (0, 1):
        raise RuntimeError("schema.mjs failed")
    return found.stdout


class TheSchema(unittest.TestCase):
    maxDiff = None

    def test_holds_for_every_object(self):
        objects = {json.dumps(item, sort_keys=True) for combination in COMBINATIONS for item in build(combination)}
        self.assertEqual(errors([json.loads(item) for item in sorted(objects)]), "")
        print(f"{len(objects)} objects are valid")

    def test_knows_what_is_required_and_how_it_is_written_and_which_fields_and_words_there_are(self):
        cases = [
            ("Deployment", ["selector"], None, "selector"),
            ("Deployment", ["replicas"], "two", "replicas"),
            ("Deployment", ["minReadySecond"], 3, "minReadySecond"),
            ("Deployment", ["strategy", "type"], "Rolling", "Rolling"),
            ("Deployment", ["template", "spec", "containers", 0, "readinessProbe", "timeout"], 1, "timeout"),
            ("PodDisruptionBudget", ["maxUnavailabe"], 1, "maxUnavailabe"),
            ("HorizontalPodAutoscaler", ["metrics", 0, "pods", "target"], None, "target"),
            ("NetworkPolicy", ["ingress", 0, "port"], 1, "port"),
            ("ServiceMonitor", ["endpoints", 0, "intervall"], "15s", "intervall"),
        ]
        right, broken = build("production"), []
        for number, (kind, path, value, _) in enumerate(cases):
            broken.append(copy.deepcopy(right.of(kind)[0]))
            broken[-1]["metadata"]["name"] = f"case-{number}"
            place = broken[-1]["spec"]
            for key in path[:-1]:
                place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
        found = errors(broken)
        for number, (kind, _, _, expected) in enumerate(cases):
            self.assertRegex(found, rf"(?m)^{kind}/case-{number}: .*{expected}")

    def test_knows_no_kind_that_there_is_not(self):
        self.assertIn("there is no Deployment in apps/v2",
                      errors([{"apiVersion": "apps/v2", "kind": "Deployment", "metadata": {"name": "x"}}]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", required=True)
    arguments, rest = parser.parse_known_args()
    MODULES = arguments.modules
    builder()
    if shutil.which("node") is None:
        skip("node is not installed (package nodejs)")
    if not os.path.isdir(os.path.join(MODULES, "node_modules/kubernetes-models")):
        skip(f"no schemas in {MODULES}: ./dev test deploy installs them")
    unittest.main(argv=[sys.argv[0], *rest])
