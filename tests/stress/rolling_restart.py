#!/usr/bin/python3
"""Two servers under load from Verdict's own client, restarted in turn by SIGTERM, 20 times.

No call of at least 10,000 fails, and every server exits with 0.
"""
import restarts
import script

DRAIN_SECONDS = 60


def drain(server):
    return server.stop(DRAIN_SECONDS)[0]


def test(options, findings):
    findings.equal("exit_statuses", sorted(set(restarts.under_load(options, findings, drain))), [0])


script.run(__doc__, test, restarts.add_options, time_limit=240)
