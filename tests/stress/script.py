"""What every script of this folder is: options, a limit on its time, figures held against bounds,
and an exit status.

A script prints its figures as one line of JSON and then a line for each bound. It exits with 0 if
all bounds held, 1 if one did not, and 77 if something that it needs is not here.
"""
import argparse
import json
import os
import pathlib
import signal
import sys
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = 77


def skip(reason):
    """Ends the script: what it needs is not here."""
    print(f"SKIPPED  {reason}")
    raise SystemExit(SKIPPED)


class Findings:
    """The figures of one run, and whether those that have a bound keep it."""

    def __init__(self):
        self.figures = {}
        self.lines = []
        self.passed = True

    def note(self, **figures):
        """Keeps figures that have no bound."""
        self.figures.update(figures)

    def at_most(self, name, value, bound):
        self._hold(name, value, value is not None and value <= bound, f"at most {bound}")

    def at_least(self, name, value, bound):
        self._hold(name, value, value is not None and value >= bound, f"at least {bound}")

    def equal(self, name, value, expected):
        self._hold(name, value, value == expected, f"expected {expected}")

    def fail(self, what):
        """A fault that is not a figure."""
        self.passed = False
        self.lines.append(f"FAIL  {what}")

    def _hold(self, name, value, holds, bound):
        self.figures[name] = value
        self.passed = self.passed and holds
        self.lines.append(f"{'PASS' if holds else 'FAIL'}  {name}: {value}, {bound}")

    def print(self, test):
        print(json.dumps({"test": test, "passed": self.passed, "figures": self.figures}))
        for line in self.lines:
            print(line)
        print(f"{'PASS' if self.passed else 'FAIL'}  {test}", flush=True)


def _add_programs(parser):
    release = ROOT / "build" / "release"
    parser.add_argument("--verdictd", default=str(release / "verdictd"), help="the server's program")
    parser.add_argument("--verdict", default=str(release / "verdict"), help="the client's program")
    parser.add_argument("--model", default=str(ROOT / "models" / "demo"), help="the model's directory")


def _parse(description, add_options, time_limit, starts_programs):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if starts_programs:
        _add_programs(parser)
    parser.add_argument("--time-limit", type=int, default=time_limit, metavar="SECONDS", help="fails when not done by then")
    add_options(parser)
    options = parser.parse_args()
    for program in (options.verdictd, options.verdict) if starts_programs else ():
        if not os.access(program, os.X_OK):
            skip(f"{program} is not built")
    return options


def _out_of_time(*_):
    raise TimeoutError("the script's own time limit")


def run(description, test, add_options=lambda parser: None, time_limit=120, starts_programs=True):
    """Runs `test(options, findings)` as this process's purpose. Most start verdictd, and have
    options that say which."""
    options = _parse(description, add_options, time_limit, starts_programs)
    findings = Findings()
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(options.time_limit)
    try:
        test(options, findings)
    except Exception as error:  # whatever went wrong is a failure of the test, with the figures so far
        traceback.print_exc()
        findings.fail(f"{type(error).__name__}: {error}")
    signal.alarm(0)
    findings.print(pathlib.Path(sys.argv[0]).stem)
    sys.exit(0 if findings.passed else 1)
