#!/usr/bin/python3
"""A server that may open 128 files meets 300 connections, which are held a moment and released.

gRPC's listener may never accept again once descriptors have run out, while TCP still connects. Either the server answers
again within 5 s, or its watchdog ends it with a non-zero status within 15 s, so that whoever supervises it starts it again.
"""
import socket
import subprocess
import time

import http2
import script
from verdictd import LOOPBACK, Verdictd

FILES = 128
ANSWERS_AGAIN_SECONDS = 5
ENDS_SECONDS = 15


def add_options(parser):
    parser.add_argument("--connections", type=int, default=300)
    parser.add_argument("--hold", type=float, default=3, metavar="SECONDS")


def crowd(port, count):
    """So many connections; those that the listener does not accept wait in its backlog, or are refused."""
    connections = []
    for _ in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex((LOOPBACK, port))
        connections.append(connection)
    return connections


def recovery(server):
    """The seconds until a call is answered again, and the exit status with its seconds; None for what did not come."""
    start = time.monotonic()
    while time.monotonic() < start + ANSWERS_AGAIN_SECONDS and server.alive():
        if http2.classify(server.grpc_port, timeout=0.5)[0] == http2.OK:
            return time.monotonic() - start, None, None
    try:
        status = server.process.wait(start + ENDS_SECONDS - time.monotonic())
    except subprocess.TimeoutExpired:
        return None, None, None
    return None, status, time.monotonic() - start


def test(options, findings):
    with Verdictd(options.verdictd, options.model, files=FILES) as server:
        findings.equal("status_before", http2.classify(server.grpc_port)[0], http2.OK)
        connections = crowd(server.grpc_port, options.connections)
        time.sleep(options.hold)
        findings.note(alive_while_held=server.alive())
        for connection in connections:
            connection.close()
        answers, status, ended = recovery(server)
        findings.note(exit_status=status, seconds_until_it_ended=ended)
        if answers is not None:
            findings.at_most("seconds_until_it_answers", round(answers, 3), ANSWERS_AGAIN_SECONDS)
        else:
            findings.at_least("exit_status", status, 1)


script.run(__doc__, test, add_options)
