#!/usr/bin/env python3
"""The autoscalers keep calm and are quick enough, simulated with the numbers of their manifests:
targets, windows and policies. How servers are simulated: scaling.py.

Ends with 77 where no kubectl or kustomize is installed.
"""
import dataclasses
import functools
import math
import os
import sys
import unittest

import scaling
from manifests import KUBERNETES, build, builder, yaml

HOURS = 4
MOST_SCALINGS = 4
MOST_LATE = 0.001  # of the calls: refused, or slower than the latency objective
RAMP_BEGINS = 20 * 60
RAMP_SECONDS = 60
MET_SECONDS = 120


@functools.lru_cache(maxsize=None)
def of_kubernetes():
    with open(os.path.join(KUBERNETES, "prometheus-adapter/config.yaml")) as file:
        rules = yaml.safe_load(file)["rules"]
    (autoscaler,) = build("production").of("HorizontalPodAutoscaler")
    return scaling.of_kubernetes(autoscaler, rules)


def of_keda():
    (scaled,) = build("production, model from an image, KEDA, TLS").of("ScaledObject")
    return scaling.of_keda(scaled)


def constant(scaler, load, hours):
    """From pods that are 70 % busy."""
    pods = max(scaler.minimum, math.ceil(load / 0.7))
    return scaling.simulate(scaler, lambda _: load, int(hours * 3600), pods)


class Scaling(unittest.TestCase):
    def test_by_kubernetes_and_by_keda_is_the_same(self):
        self.assertEqual(of_kubernetes(), of_keda())

    def test_is_calm_under_constant_load(self):
        for load in (2.5, 3.5, 5):
            with self.subTest(load=load):
                run = constant(of_kubernetes(), load, HOURS)
                print(f"{load} pods of load: {run.pods}, {100 * run.late / run.calls:.4f} % late")
                self.assertLessEqual(run.scalings(), MOST_SCALINGS, run.pods)
                self.assertLessEqual(run.share_late(), MOST_LATE)

    def test_meets_a_load_that_doubles_within_a_minute_in_two(self):
        scaler = of_kubernetes()
        for load in (1, 1.5, 2, 2.4):
            with self.subTest(load=load):
                run = scaling.simulate(
                    scaler,
                    lambda second, load=load: load
                    * (1 + min(1, max(0, (second - RAMP_BEGINS) / RAMP_SECONDS))),
                    RAMP_BEGINS + 15 * 60,
                    max(scaler.minimum, math.ceil(load / 0.55)),
                )
                late = run.share_late(RAMP_BEGINS + MET_SECONDS)
                print(f"{load} to {2 * load} pods of load: {run.pods}, {100 * late:.4f} % late")
                self.assertLessEqual(late, MOST_LATE, run.pods)

    def test_by_queues_alone_would_hunt(self):
        scaler = of_kubernetes()
        queues = dataclasses.replace(
            scaler,
            metrics=tuple(
                one for one in scaler.metrics if one.series != "verdict_engine_busy_seconds_total"
            ),
        )
        self.assertLess(len(queues.metrics), len(scaler.metrics))
        run = constant(queues, 2.5, HOURS / 2)
        print(f"by queues alone: {run.scalings()} scalings in {HOURS / 2:g} h")
        self.assertGreater(run.scalings(), 4 * MOST_SCALINGS)
        self.assertGreater(run.share_late(), 10 * MOST_LATE)


class TheController(unittest.TestCase):
    """As Kubernetes documents it, on a scaler of one metric with a target of 1."""

    def decisions(self, down=0, maximum=100, up=(("Percent", 100, 60), ("Pods", 4, 60))):
        return scaling.Decisions(
            scaling.Scaler(
                1,
                maximum,
                (scaling.Metric("m", "rate", 60, 1.0),),
                scaling.Policies(0, up),
                scaling.Policies(down, (("Pods", 1, 300),)),
            )
        )

    def test_leaves_pods_alone_within_the_tolerance(self):
        self.assertEqual(self.decisions().decide(0, [10.9], 10), 10)
        self.assertEqual(self.decisions().decide(0, [9.1], 10), 10)
        self.assertEqual(self.decisions().decide(0, [11.2], 10), 12)

    def test_takes_no_pod_away_without_a_figure(self):
        self.assertEqual(self.decisions().decide(0, [None], 3), 3)

    def test_adds_by_the_policy_that_allows_most_in_its_period(self):
        decisions = self.decisions()
        self.assertEqual(decisions.decide(0, [50], 2), 6)
        self.assertEqual(decisions.decide(15, [50], 6), 6)
        self.assertEqual(decisions.decide(75, [50], 6), 12)

    def test_takes_away_one_by_one_after_the_highest_number_of_its_window(self):
        decisions = self.decisions(down=600)
        self.assertEqual(decisions.decide(0, [5], 5), 5)
        self.assertEqual(decisions.decide(599, [1], 5), 5)
        self.assertEqual(decisions.decide(615, [1], 5), 4)
        self.assertEqual(decisions.decide(700, [1], 4), 4)
        self.assertEqual(decisions.decide(915, [1], 4), 3)

    def test_keeps_to_its_maximum(self):
        self.assertEqual(self.decisions(maximum=5).decide(0, [50], 4), 5)


if __name__ == "__main__":
    builder()
    unittest.main(argv=sys.argv[:1])
