#!/usr/bin/env python3
"""verdictd in real control groups: it computes on as many threads as they, and its affinity mask,
allow.

Usage: cgroup_test.py --verdictd PROGRAM. Makes groups below its own, and ends with 77 where it may
not, or one CPU is all.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import unittest

from check import DEMO
from manifests import skip

VERDICTD = None
GROUP = None


def own_group():
    """The folder of this process' group that can hold CPU quotas, and the version; None if nothing
    is mounted."""
    with open("/proc/self/cgroup") as file:
        groups = [line.rstrip("\n").split(":", 2) for line in file]
    with open("/proc/self/mountinfo") as file:
        mounts = [line.split() for line in file]
    for _, controllers, group in groups:
        for fields in mounts:
            kind, _, options = fields[fields.index("-") + 1:][:3]
            wanted = "cgroup" if controllers else "cgroup2"
            if kind == wanted and (not controllers or {"cpu"} <= set(controllers.split(",")) & set(options.split(","))):
                directory = os.path.normpath(fields[4] + "/" + os.path.relpath(group, fields[3]))
                quota = "cpu.cfs_quota_us" if controllers else "cpu.max"
                if os.path.isdir(directory) and (controllers or "cpu" in read(f"{directory}/cgroup.subtree_control")):
                    return directory, quota
    return None


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def threads(before=lambda: None):
    """As many as a verdictd has that runs `before` first. It ends by itself: the port is none that
    it can have."""
    started = subprocess.run(
        [VERDICTD, f"--model={DEMO}", "--threads=0", "--grpc-address=192.0.2.1:1", "--log-format=json"],
        preexec_fn=before, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return int(re.search(r'"threads":"?(\d+)', started.stdout)[1])


class Threads(unittest.TestCase):
    def setUp(self):
        directory, self.quota = GROUP
        self.outer = tempfile.mkdtemp(prefix="verdict-", dir=directory)
        self.addCleanup(os.rmdir, self.outer)

    def limit(self, group, microseconds):
        write(f"{group}/{self.quota}", microseconds if "quota" in self.quota else f"{microseconds} 100000")

    def test_are_those_that_the_affinity_mask_has(self):
        cpus = os.sched_getaffinity(0)
        self.assertEqual(threads(lambda: os.sched_setaffinity(0, {min(cpus)})), 1)

    def test_are_what_the_groups_quota_pays_for(self):
        def enter():
            write(f"{self.outer}/cgroup.procs", "0")

        for microseconds, expected in (("50000", 1), ("150000", 1), ("200000", 2)):
            self.limit(self.outer, microseconds)
            self.assertEqual(threads(enter), expected, microseconds)

    def test_are_what_the_quota_of_a_group_above_pays_for(self):
        if "quota" not in self.quota:
            write(f"{self.outer}/cgroup.subtree_control", "+cpu")
        inner = os.path.join(self.outer, "inner")
        os.mkdir(inner)
        self.addCleanup(os.rmdir, inner)
        self.limit(self.outer, "150000")
        self.assertEqual(threads(lambda: write(f"{inner}/cgroup.procs", "0")), 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdictd", required=True)
    arguments, rest = parser.parse_known_args()
    VERDICTD, GROUP = arguments.verdictd, own_group()
    if GROUP is None or not os.access(GROUP[0], os.W_OK):
        skip("no control group here that may be given a group with a quota")
    if len(os.sched_getaffinity(0)) < 2:
        skip("one CPU is one thread, whatever the quota")
    unittest.main(argv=[sys.argv[0], *rest])
