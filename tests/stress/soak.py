#!/usr/bin/python3
"""Half an hour at 70 % of the peak rate, with 10 % cancelled and 5 % bad calls.

After the first five minutes the memory grows by no more than 1 MB an hour (a line through all
samples), and threads and descriptors stay as many as they are.
"""
import pathlib
import tempfile
import time

import full_size
import load
import script
from verdictd import Samples, Verdictd

WARM_SHARE = 1 / 6  # five minutes of half an hour
SAMPLE_SECONDS = 1
MOST_SLOPE_BYTES_PER_HOUR = 1e6
MIX = "classify=70,batch=10,stream=10,tokenize=5,info=5"
BATCH_SIZE = 4


def add_options(parser):
    parser.set_defaults(model=full_size.model())
    parser.add_argument("--mix", default=MIX, help="of verdict load (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=30)


def slope(points):
    """Of the line that fits them best: y by x."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return (sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points))


def test(options, findings):
    load.require(options.verdict)
    seconds = round(options.minutes * 60)
    with tempfile.TemporaryDirectory() as folder, Verdictd(options.verdictd, options.model) as server:
        flags = ("--file", load.write_texts(pathlib.Path(folder) / "texts.txt"),
                 "--mix", options.mix, "--batch-size", BATCH_SIZE)
        mixed = load.measure(options.verdict, server.address, *flags, "--timeout", "10s",
                             "--concurrency", load.PEAK_CONCURRENCY, seconds=15)
        rate = 0.7 * mixed.figures["finished"] / mixed.figures["seconds"]
        sample = lambda: (time.time() / 3600, server.rss_bytes(), len(server.threads()), server.descriptors())
        with Samples(sample, SAMPLE_SECONDS) as samples:
            report = load.measure(options.verdict, server.address, *flags, "--rate", rate, "--poisson", "--timeout", "2s",
                                  "--cancel-percent", 10, "--bad-percent", 5, seconds=seconds)
        alive = server.alive()
    # The last ones may be after the load.
    steady = samples.values[round(WARM_SHARE * seconds / SAMPLE_SECONDS):round(seconds / SAMPLE_SECONDS)]
    _, memory, threads, descriptors = zip(*steady)
    findings.note(rate=rate, codes=report.figures["codes"], messages=report.figures.get("messages"),
                  p99_ms=report.latency_ms("p99"), rss_bytes=[memory[0], memory[-1]])
    findings.equal("alive", alive, True)
    findings.at_most("rss_slope_bytes_per_hour", round(slope([(hours, rss) for hours, rss, *_ in steady])),
                     MOST_SLOPE_BYTES_PER_HOUR)
    half = len(steady) // 2
    findings.at_most("most_threads_of_the_second_half_beyond_the_first", max(threads[half:]) - max(threads[:half]), 0)
    findings.at_most("most_descriptors_of_the_second_half_beyond_the_first",
                     max(descriptors[half:]) - max(descriptors[:half]), 0)


script.run(__doc__, test, add_options, time_limit=2100)
