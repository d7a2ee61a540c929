#!/usr/bin/env python3
"""deploy/compose, as far as it can be checked without an engine: its files, its settings, and
Prometheus' own check.

Usage: compose_test.py --verdictd PROGRAM --verdict PROGRAM. Ends with 77 where Python has no yaml.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import yaml
except ImportError:
    print("skipped: Python has no yaml (package python3-yaml)")
    sys.exit(77)

ARGUMENTS = None
FOLDER = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../../deploy/compose"))
FLUSH_SECONDS = 1
DRAIN_TIMEOUT_SECONDS = 30  # verdictd's default


def load(name):
    with open(os.path.join(FOLDER, name)) as file:
        return yaml.safe_load(file)


def mounts(service):
    """Triples: what is mounted, where, and how; of names of volumes and of paths."""
    for volume in service.get("volumes", []):
        source, target, *mode = volume.split(":")
        yield source, target, mode


class Compose(unittest.TestCase):
    def setUp(self):
        self.file = load("compose.yaml")
        self.services = self.file["services"]

    def test_every_service_is_hardened(self):
        for name, service in self.services.items():
            with self.subTest(name):
                self.assertIs(service["read_only"], True)
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertIn("no-new-privileges:true", service["security_opt"])
                self.assertIn("mem_limit", service)
                self.assertTrue(
                    {"privileged", "cap_add", "network_mode", "pid", "user"}.isdisjoint(service)
                )

    def test_ports_are_published_on_loopback_alone(self):
        published = [
            port for service in self.services.values() for port in service.get("ports", [])
        ]
        for port in published:
            self.assertRegex(port, r"^127\.0\.0\.1:\d+:\d+$")
        self.assertEqual(len(published), len(set(published)))

    def test_images_have_tags_that_do_not_move(self):
        for name, service in self.services.items():
            self.assertRegex(service["image"], r":v?\d+\.\d+\.\d+(@sha256:[0-9a-f]{64})?$", name)

    def test_what_is_mounted_is_there_and_read_only_or_a_volume(self):
        for name, service in self.services.items():
            for source, target, mode in mounts(service):
                with self.subTest(service=name, source=source):
                    if not source.startswith("."):
                        self.assertIn(source, self.file["volumes"])
                        continue
                    self.assertEqual(mode, ["ro"])
                    path = os.path.normpath(os.path.join(FOLDER, source))
                    self.assertTrue(os.path.exists(path), f"{path} is not there")
                    self.assertEqual(os.path.isdir(path), not os.path.splitext(target)[1])

    def test_the_image_is_built_from_what_is_there(self):
        context = os.path.normpath(
            os.path.join(FOLDER, self.services["verdictd"]["build"]["context"])
        )
        self.assertTrue(os.path.exists(os.path.join(context, "CMakeLists.txt")))
        self.assertEqual(self.services["load"]["image"], self.services["verdictd"]["image"])

    def test_verdictd_and_verdict_know_their_options(self):
        known = subprocess.run(
            [ARGUMENTS.verdictd, "--help"], stdout=subprocess.PIPE, text=True
        ).stdout
        for name in self.services["verdictd"]["environment"]:
            self.assertIn(f"(Env:{name})", known)
        # Each option is followed by a blank, or the end of the line.
        known = subprocess.run(
            [ARGUMENTS.verdict, "load", "--help"], stdout=subprocess.PIPE, text=True
        ).stdout
        for argument in self.services["load"]["command"]:
            self.assertRegex(known, rf"{argument.partition('=')[0]}\s")

    def test_load_is_run_as_written(self):
        # But for a moment, and where nobody listens: every call fails, and the options were right.
        command = [
            re.sub(r"@\d+m\b", "@100ms", argument) for argument in self.services["load"]["command"]
        ]
        command = [argument.replace("verdictd:50051", "127.0.0.1:1") for argument in command]
        tried = subprocess.run(
            [ARGUMENTS.verdict, "load", *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertNotEqual(tried.returncode, 2, tried.stdout)

    def test_the_drain_ends_before_the_engine_kills(self):
        grace = int(re.fullmatch(r"(\d+)s", self.services["verdictd"]["stop_grace_period"])[1])
        self.assertGreaterEqual(grace, DRAIN_TIMEOUT_SECONDS + FLUSH_SECONDS)

    def test_grafana_finds_prometheus_and_prometheus_verdictd(self):
        def answers(address):
            host, _, port = address.rpartition(":")
            return any(item.endswith(f":{port}") for item in self.services[host]["ports"])

        prometheus = load("prometheus.yml")
        for target in prometheus["scrape_configs"][0]["static_configs"][0]["targets"]:
            self.assertTrue(answers(target), target)
        for source in load("grafana/datasources.yml")["datasources"]:
            self.assertTrue(answers(source["url"].removeprefix("http://")), source)
            self.assertEqual(
                source["jsonData"]["timeInterval"], prometheus["global"]["scrape_interval"]
            )

    def test_grafana_finds_the_dashboard(self):
        grafana = self.services["grafana"]
        folder = load("grafana/dashboards.yml")["providers"][0]["options"]["path"]
        source = {target: source for source, target, _ in mounts(grafana)}[folder]
        home = os.path.relpath(
            grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"], folder
        )
        self.assertTrue(os.path.exists(os.path.join(FOLDER, source, home)), home)

    def test_promtool_takes_the_configuration_with_its_rules(self):
        if shutil.which("promtool") is None:
            self.skipTest("promtool is not installed (package prometheus)")
        with tempfile.TemporaryDirectory() as folder:
            # As the container sees it.
            for source, target, _ in mounts(self.services["prometheus"]):
                if target.startswith("/etc/prometheus/"):
                    shutil.copy(os.path.join(FOLDER, source), folder)
            for name in load("prometheus.yml")["rule_files"]:
                self.assertTrue(os.path.exists(os.path.join(folder, name)), name)
            checked = subprocess.run(
                ["promtool", "check", "config", f"{folder}/prometheus.yml"],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_docker_compose_takes_the_file(self):
        if shutil.which("docker-compose") is None:
            self.skipTest("docker-compose is not installed (package docker-compose)")
        version = subprocess.run(
            ["docker-compose", "--version"], stdout=subprocess.PIPE, text=True
        ).stdout
        if " 1." in version:  # Debian 12's, which is older than names of projects
            del self.file["name"]
        checked = subprocess.run(
            [
                "docker-compose",
                f"--project-directory={FOLDER}",
                "--file=-",
                "--profile=load",
                "config",
                "--quiet",
            ],
            input=yaml.safe_dump(self.file),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.assertEqual(checked.returncode, 0, checked.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verdictd", required=True)
    parser.add_argument("--verdict", required=True)
    ARGUMENTS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
