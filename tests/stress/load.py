"""`verdict load` as a process of its own, the texts that it sends, and what it reports."""
import json
import random
import subprocess

import script

# As many words as the sentences of reviews have: most 8 to 45, 23 on average.
LEAST_WORDS, MOST_WORDS, MEAN_WORDS = 3, 60, 23
DISTINCT_TEXTS = 20_000
# Enough to keep the engine's batches full.
PEAK_CONCURRENCY = 32
PATIENCE_SECONDS = 60  # beyond the duration, for the last answers


def write_texts(path):
    """Texts that are all different, because the server computes equal ones of a batch once. The
    same on every run."""
    draw = random.Random(1)
    words = ("the good bad film story very not cast plot long fun was is a an and but so it they we had no all "
             "warm cold great poor new old food place love hate never always").split()
    with open(path, "w") as file:
        for _ in range(DISTINCT_TEXTS):
            count = round(draw.gauss(MEAN_WORDS, 10))
            file.write(" ".join(draw.choices(words, k=min(max(count, LEAST_WORDS), MOST_WORDS))) + "\n")
    return str(path)


class Measured:
    """What a load, or one of its stages, came to."""

    def __init__(self, figures):
        self.figures = figures

    @property
    def goodput(self):
        """Texts that were OK within their deadline, a second."""
        return self.figures["goodput_per_second"]

    @property
    def ok_after_deadline(self):
        return self.figures["ok_after_deadline"]

    def calls(self, code):
        return self.figures["codes"].get(code, 0)

    def failed(self):
        """How many calls ended with another code than OK."""
        return sum(count for code, count in self.figures["codes"].items() if code != "OK")

    def latency_ms(self, quantile, code="OK"):
        """None where there was no such call."""
        return self.figures["latency_ms"].get(code, {}).get(quantile)


class Report(Measured):
    """The whole load, its stages in their order, and by method."""

    def __init__(self, report):
        super().__init__(report["summary"])
        self.stages = [Measured(stage) for stage in report["stages"]]
        self.series = report["series"]
        self.methods = {name: Measured(method) for name, method in self.figures["methods"].items()}
        # A generator that could not keep up measures itself.
        self.behind = report.get("generator", {}).get("behind", False)


class Load:
    """Started with the context, which ends it. `flags` are those of `verdict load`."""

    def __init__(self, program, servers, *flags):
        address = servers if isinstance(servers, str) else ",".join(servers)
        self.command = [program, "load", "--server", address, "--quiet", "--json", "-", *map(str, flags)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        if self.running():
            self.process.kill()
            self.process.communicate()

    def running(self):
        return self.process.poll() is None

    def report(self, timeout):
        """Waits for its end."""
        out, err = self.process.communicate(timeout=timeout)
        if self.process.returncode != 0:
            raise RuntimeError(f"verdict load ended with {self.process.returncode}: {err[-2000:]}")
        return Report(json.loads(out))


def measure(program, servers, *flags, seconds=None):
    """A load from its start to its end; `seconds` is its --duration."""
    duration = () if seconds is None else ("--duration", f"{seconds}s")
    with Load(program, servers, *flags, *duration) as load:
        return load.report((seconds or 0) + PATIENCE_SECONDS)


def peak(program, servers, *flags, seconds=10):
    """The goodput of a closed loop, which is the most that the server can do."""
    return measure(program, servers, "--concurrency", PEAK_CONCURRENCY, "--timeout", "10s", *flags, seconds=seconds).goodput


def require(program):
    """Ends the script where the client has no `load` yet."""
    if subprocess.run([program, "load", "--help"], capture_output=True).returncode != 0:
        script.skip(f"{program} has no command load")
