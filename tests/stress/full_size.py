"""A model of the size that people serve: with the small demo model, whoever makes the load would
take the cores."""
import os
import subprocess
import sys

import script

DIRECTORY = script.ROOT / "build" / "stress" / "model"


def model():
    """VERDICT_STRESS_MODEL, else a checkpoint with random weights that is made once."""
    if named := os.environ.get("VERDICT_STRESS_MODEL"):
        return named
    if not (DIRECTORY / "tokenizer_config.json").exists():  # which is written last
        subprocess.run([sys.executable, script.ROOT / "bench" / "random_checkpoint.py",
                        script.ROOT / "models" / "demo" / "tokenizer.json", DIRECTORY], check=True)
    return str(DIRECTORY)


def add_threads(parser):
    """One core less than there are: who makes the load needs one, and would else be measured
    too."""
    parser.add_argument("--threads", type=int, default=max(1, os.cpu_count() - 1), help="of the server's engine")
