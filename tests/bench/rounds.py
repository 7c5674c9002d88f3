"""Measurements that are compared are taken in turns, several times each, so that what else the machine does meets
all alike. Of each the quietest third counts: the rounds in which the host of a virtual machine gave least of its
processors to others, which no result has a say in. On a machine of one's own that is all of them."""

import contextlib
import os
import pathlib
import statistics
import time

AUTOGROUP = pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")
# What went wrong in any round counts, and so does the most memory.
OVER_ALL = {"bad": sum, "requests": sum, "complete": min, "memory_kilobytes": max}


@contextlib.contextmanager
def threads_alike():
    """Has the scheduler share processors among threads instead of among sessions (sched(7), autogroup): Hearth's
    servers have sessions of their own, what it is compared with is in that of the load generator. Needs root."""
    before = AUTOGROUP.read_text() if AUTOGROUP.exists() else "0"
    try:
        if int(before):
            AUTOGROUP.write_text("0")
    except OSError as error:
        print(f"processors are shared among sessions: {AUTOGROUP}: {error.strerror}")
        before = "0"
    try:
        yield
    finally:
        if int(before):
            AUTOGROUP.write_text(before)


def stolen_ms():
    """Processor time that the host gave to others, since boot: the steal of proc(5)."""
    return int(pathlib.Path("/proc/stat").read_text().split()[8]) * TICK_MS


def quietest_third(results):
    most_ms = sorted(result["stolen_ms"] for result in results)[(len(results) - 1) // 3]
    return [result for result in results if result["stolen_ms"] <= most_ms]


def middle(results):
    """One result of many: the median of each figure over the quietest third."""
    quiet = quietest_third(results)
    return {name: OVER_ALL[name](result[name] for result in results) if name in OVER_ALL
            else statistics.median(result[name] for result in quiet) for name in results[0]}


def stolen_share(results):
    processor_ms = sum(result["took_ms"] for result in results) * os.cpu_count()
    return 100 * sum(result["stolen_ms"] for result in results) / processor_ms


def sample(measures, rounds=ROUNDS):
    """Calls each of measures, {name: function that returns figures by name}, once a round, there and back; the
    middle of each."""
    taken = {name: [] for name in measures}
    for turn in range(rounds):
        for name in (list(measures) if turn % 2 == 0 else reversed(measures)):
            before_ms, began_s = stolen_ms(), time.monotonic()
            figures = measures[name]()
            taken[name].append(dict(figures, stolen_ms=stolen_ms() - before_ms,
                                    took_ms=(time.monotonic() - began_s) * 1000))
    quiet = [result for results in taken.values() for result in quietest_third(results)]
    print(f"rounds: {rounds}; the host kept {stolen_share(sum(taken.values(), [])):.1f} % of the processors for others, "
          f"{stolen_share(quiet):.1f} % in the third that counts")
    return {name: middle(results) for name, results in taken.items()}
