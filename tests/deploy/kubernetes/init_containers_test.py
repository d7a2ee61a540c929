#!/usr/bin/env python3
"""The init container of model-from-image, run here as its pod runs it, twice: a container may be
started again and finds what it has left. Of model-from-url: fetch_model_test.py.

Ends with 77 where no kubectl or kustomize is installed.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from manifests import build, builder, pod, skip

COMBINATION = "production, model from an image, KEDA, TLS"
USER = 65532


class CopyModel(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.image, self.models = (os.path.join(folder.name, name) for name in ("model", "models"))
        os.mkdir(self.image)
        os.mkdir(self.models)
        for name, text in (("config.json", "{}\n"), ("model.safetensors", "weights\n")):
            with open(f"{self.image}/{name}", "w") as file:
                file.write(text)
        sums = subprocess.run(
            "sha256sum *", shell=True, cwd=self.image, stdout=subprocess.PIPE, check=True
        ).stdout
        with open(f"{self.image}/SHA256SUMS", "wb") as file:
            file.write(sums)
        for name in os.listdir(self.image):
            os.chmod(f"{self.image}/{name}", 0o444)  # COPY --chmod=444
        if os.geteuid() == 0:
            os.chown(self.models, USER, USER)

    def copy(self):
        """As the pod's user: root may write to every file."""
        (container,) = [
            one
            for workload in build(COMBINATION).of("Deployment")
            for one in pod(workload)["initContainers"]
            if one["name"] == "copy-model"
        ]
        command = [
            part.replace("/models", self.models).replace("/model/", self.image + "/")
            for part in container["command"]
        ]
        if os.geteuid() == 0:
            command = [
                "setpriv",
                f"--reuid={USER}",
                f"--regid={USER}",
                "--clear-groups",
                "--bounding-set=-all",
                *command,
            ]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def test_can_run_twice(self):
        for time in ("first", "second"):
            copied = self.copy()
            self.assertEqual(copied.returncode, 0, f"{time}: {copied.stdout}")
        self.assertEqual(sorted(os.listdir(self.models)), sorted(os.listdir(self.image)))

    def test_mends_what_a_run_that_was_cut_off_left(self):
        self.assertEqual(self.copy().returncode, 0)
        path = f"{self.models}/model.safetensors"
        os.chmod(path, 0o644)
        with open(path, "w") as file:
            file.write("weig")
        os.chmod(path, 0o444)
        self.assertEqual(self.copy().returncode, 0)

    def test_refuses_a_model_of_other_sums(self):
        os.chmod(f"{self.image}/config.json", 0o644)
        with open(f"{self.image}/config.json", "a") as file:
            file.write("\n")
        self.assertNotEqual(self.copy().returncode, 0)


if __name__ == "__main__":
    builder()
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        skip("setpriv is not installed (package util-linux)")
    unittest.main(argv=sys.argv[:1])
