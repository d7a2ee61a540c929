#!/usr/bin/python3
"""A server that may open 128 files meets 300 connections, which are held a moment and released: it
answers again within 5 s.

gRPC's own listener never accepts again once descriptors have run out, while TCP still connects.
"""
import socket
import time

import http2
import script
from verdictd import LOOPBACK, Verdictd

FILES = 128
ANSWERS_AGAIN_SECONDS = 5


def add_options(parser):
    parser.add_argument("--connections", type=int, default=300)
    parser.add_argument("--hold", type=float, default=3, metavar="SECONDS")


def crowd(port, count):
    """So many connections; those that the listener does not accept wait in its backlog, or are
    refused."""
    connections = []
    for _ in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex((LOOPBACK, port))
        connections.append(connection)
    return connections


def recovery(server):
    """The seconds until a call is answered again; None if it is not."""
    start = time.monotonic()
    while time.monotonic() < start + ANSWERS_AGAIN_SECONDS and server.alive():
        if http2.classify(server.grpc_port, timeout=0.5)[0] == http2.OK:
            return round(time.monotonic() - start, 3)
    return None


def test(options, findings):
    with Verdictd(options.verdictd, options.model, files=FILES) as server:
        findings.equal("status_before", http2.classify(server.grpc_port)[0], http2.OK)
        connections = crowd(server.grpc_port, options.connections)
        time.sleep(options.hold)
        findings.equal("alive_while_held", server.alive(), True)
        for connection in connections:
            connection.close()
        findings.at_most("seconds_until_it_answers", recovery(server), ANSWERS_AGAIN_SECONDS)


script.run(__doc__, test, add_options)
