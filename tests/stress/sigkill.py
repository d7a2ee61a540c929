#!/usr/bin/python3
"""Two servers under load from Verdict's own client, killed in turn by SIGKILL, 20 times, and
started again.

A peer is up all the time, so no call of at least 10,000 fails as its caller sees it.
"""
import restarts
import script


def kill(server):
    server.kill()
    return server.process.returncode


def test(options, findings):
    restarts.under_load(options, findings, kill)


script.run(__doc__, test, restarts.add_options, time_limit=240)
