#!/usr/bin/env python3
"""Two models in one namespace: no selector of one finds the other's pods or Services, and each
autoscaler scales its own.

Usage: side_by_side_test.py --verdictd PROGRAM. Ends with 77 where no kubectl or kustomize is
installed.
"""
import argparse
import functools
import sys
import unittest

import settings
from check import DEMO
from manifests import build_overlays, builder, matches, namespace_of, selectors, template, title

VERDICTD = None
OVERLAYS = ("production", "second-model")
KEDA = ("model-from-url", "autoscaling-keda", "service-monitor", "tls")


@functools.lru_cache(maxsize=None)
def built(components=None):
    return build_overlays(OVERLAYS, components)


class SideBySide(unittest.TestCase):
    def test_no_selector_finds_the_other_models(self):
        for components in (None, KEDA):
            first, second = built(components)
            for objects, others in ((first, second), (second, first)):
                selecting = [(item, one) for item in objects for one in selectors(item)]
                self.assertGreaterEqual(len(selecting), 7)
                of_others = [template(one)["metadata"]["labels"] for one in others.workloads()]
                of_others += [one["metadata"]["labels"] for one in others.of("Service")]
                for item, selector in selecting:
                    for labels in of_others:
                        self.assertFalse(matches(selector, labels), title(item))

    def test_no_object_has_the_name_of_another(self):
        for components in (None, KEDA):
            first, second = (
                {(item["kind"], namespace_of(item), item["metadata"]["name"]) for item in objects}
                for objects in built(components)
            )
            self.assertEqual(first & second, set())

    def test_each_autoscaler_scales_its_own(self):
        for components, kind in ((None, "HorizontalPodAutoscaler"), (KEDA, "ScaledObject")):
            for objects in built(components):
                (scaler,) = objects.of(kind)
                (deployment,) = objects.of("Deployment")
                self.assertEqual(
                    scaler["spec"]["scaleTargetRef"]["name"], deployment["metadata"]["name"]
                )

    def test_to_delete_the_second_does_not_delete_the_namespace(self):
        first, second = built()
        self.assertEqual(len(first.of("Namespace")), 1)
        self.assertEqual(second.of("Namespace"), [])

    def test_keda_is_told_of_when_it_looks_at_the_first_models_pods(self):
        facts = settings.Facts(VERDICTD, DEMO)
        first, second = built(KEDA)
        self.assertEqual(list(settings.metrics_of_triggers(first, facts)), [])
        self.assertEqual(
            [
                line.rpartition("asks for ")[2]
                for line in settings.metrics_of_triggers(second, facts)
            ],
            ["job ['verdict'], and is of verdict-toxic"] * 3,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdictd", required=True)
    arguments, rest = parser.parse_known_args()
    VERDICTD = arguments.verdictd
    builder()
    unittest.main(argv=[sys.argv[0], *rest])
