"""Measurements that are compared are taken in turns, several times each, so that what else the machine does meets
all alike. Of each those rounds count in which the host of a virtual machine was quiet, giving next to none of its
processors to others, which no result has a say in; on a machine of one's own that is all of them. What has too few
such rounds is measured more often, and in the end counts by its quietest."""

import contextlib
import os
import pathlib
import statistics
import time

AUTOGROUP = pathlib.Path("/proc/sys/kernel/sched_autogroup_enabled")
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "9"))
TIMES_ROUNDS = 3  # at most, where others are loud
QUIET_ROUNDS = 3
QUIET_PERCENT = 2  # of the processors, for others
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


def stolen_percent(results):
    processor_ms = sum(result["took_ms"] for result in results) * os.cpu_count()
    return 100 * sum(result["stolen_ms"] for result in results) / processor_ms


def quiet(results):
    return [result for result in results if stolen_percent([result]) <= QUIET_PERCENT]


def counted(results):
    """What was quiet, or if that is not enough the quietest."""
    in_order = sorted(results, key=lambda result: stolen_percent([result]))
    return in_order[:max(QUIET_ROUNDS, len(quiet(results)))]


def middle(results):
    """One result of many: the median of each figure over those that count."""
    return {name: OVER_ALL[name](result[name] for result in results) if name in OVER_ALL
            else statistics.median(result[name] for result in counted(results)) for name in results[0]}


def sample(measures, rounds=ROUNDS):
    """Calls each of measures, {name: function that returns figures by name}, once a round, there and back; the
    middle of each."""
    taken = {name: [] for name in measures}
    for turn in range(TIMES_ROUNDS * rounds):
        for name in (list(measures) if turn % 2 == 0 else reversed(measures)):
            if turn >= rounds and len(quiet(taken[name])) >= QUIET_ROUNDS:
                continue
            before_ms, began_s = stolen_ms(), time.monotonic()
            figures = measures[name]()
            taken[name].append(dict(figures, stolen_ms=stolen_ms() - before_ms,
                                    took_ms=(time.monotonic() - began_s) * 1000))
    every, those = (sum(lists, []) for lists in (taken.values(), map(counted, taken.values())))
    print(f"{len(those)} of {len(every)} measurements count; the host kept {stolen_percent(every):.1f} % of the "
          f"processors for others, {stolen_percent(those):.1f} % in these")
    return {name: middle(results) for name, results in taken.items()}
