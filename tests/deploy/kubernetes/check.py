#!/usr/bin/env python3
"""Every documented combination of overlays and components builds and keeps the rules.

Usage: check.py --verdictd PROGRAM. Ends with 77 where no kubectl or kustomize is installed.
"""
import argparse
import os
import sys

import pod_security
import settings
import wiring
from manifests import COMBINATIONS, build, builder, pod, title

DEMO = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../../models/demo"))


def violations(objects, facts):
    for workload in objects.workloads():
        for rule in pod_security.POD_RULES:
            yield from (
                f"{rule.__name__}: {title(workload)}: {found}" for found in rule(pod(workload))
            )
    for rule in wiring.RULES:
        yield from (f"{rule.__name__}: {found}" for found in rule(objects))
    for rule in settings.RULES:
        yield from (f"{rule.__name__}: {found}" for found in rule(objects, facts))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdictd", required=True)
    arguments = parser.parse_args()
    builder()
    facts = settings.Facts(arguments.verdictd, DEMO)
    failed = False
    for combination in COMBINATIONS:
        try:
            objects = build(combination)
        except ValueError as error:
            failed = True
            print(error)
            continue
        found = list(violations(objects, facts))
        failed = failed or bool(found)
        print(f"{combination}: {len(objects)} objects, {len(found)} violations", *found, sep="\n  ")
    rules = len(pod_security.POD_RULES) + len(wiring.RULES) + len(settings.RULES)
    print(
        f"{rules} rules, {len(pod_security.STANDARD)} of them the restricted Pod Security Standard"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
