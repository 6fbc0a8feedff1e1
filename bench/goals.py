"""The goals, and how each figure of them is computed from what was measured."""
from dataclasses import dataclass
from typing import Callable, Optional

OURS = "leasehold"
FLOOR = "floor"
THEIRS = "graphile_worker"

# What a machine with 2 cores let the peer do when the goals were set: a peer below 0.7 of the lower
# end is slow for a reason that has to be found before figures are published.
USUAL = {"drain": (12_000, 26_000), "full_cycle": (9_000, 16_000), "add_single": (400, 600),
         "add_bulk": (40_000, 69_000)}
SLOW = 0.7


@dataclass(frozen=True)
class Goal:
    key: str
    what: str
    measure: Callable  # of Results; None if what it needs was not measured
    must: float
    stretch: Optional[float] = None
    at_most: bool = False  # a figure to stay below
    unit: str = "x"

    def reached(self, value, bound):
        return value <= bound if self.at_most else value >= bound


def rate(row, side, of=OURS, field="jobs_per_second", **which):
    """The ratio of our figure in `row` to that of `side`."""
    def measure(results):
        return divide(results.median(row, of, field), results.median(row, side, field, **which))
    return measure


def divide(above, below):
    return above / below if above is not None and below else None


def last_ten(row, side):
    return lambda results: results.median(row, side, "last_10_s")


def flat_backlog(results):
    return divide(results.median("flat_backlog", OURS, "jobs_per_second"),
                  results.median("full_cycle", OURS, "jobs_per_second"))


def flat_snapshot(results):
    return divide(last_ten("flat_snapshot", OURS)(results), last_ten("full_cycle", OURS)(results))


def flat_snapshot_theirs(results):
    return divide(last_ten("flat_snapshot", OURS)(results),
                  last_ten("flat_snapshot", THEIRS)(results))


def serial_queues(results):
    return divide(results.median("serial_queues", OURS, "jobs_per_second"),
                  results.median("drain", OURS, "jobs_per_second"))


def figure(row, field):
    return lambda results: results.median(row, OURS, field)


GOALS = (
    Goal("drain_ratio", "drain, over graphile-worker", rate("drain", THEIRS), 5, 8),
    Goal("drain_floor_ratio", "drain, over the floor", rate("drain", FLOOR), 0.45, 0.6),
    Goal("full_cycle_ratio", "full cycle, over graphile-worker", rate("full_cycle", THEIRS), 5, 8),
    Goal("full_cycle_floor_ratio", "full cycle, over the floor of three statements",
         rate("full_cycle", FLOOR, variant="three_statements"), 0.45, 0.6),
    Goal("flat_backlog_ratio", "full cycle with 1,000,000 jobs pending, over without",
         flat_backlog, 0.85, 0.95),
    Goal("flat_snapshot_ratio", "full cycle with an old snapshot held, last 10 s, over without",
         flat_snapshot, 0.6, 0.8),
    Goal("flat_snapshot_theirs_ratio", "the same, over graphile-worker's under the same",
         flat_snapshot_theirs, 4),
    Goal("add_single_ratio", "add, one job a call, 50 callers, over graphile-worker",
         rate("add_single", THEIRS), 20, 40),
    Goal("add_bulk_ratio", "add in bulk, over graphile-worker", rate("add_bulk", THEIRS), 1.5, 3),
    Goal("latency_median_ratio", "add to handler's start, median, over graphile-worker",
         rate("latency", THEIRS, field="median_ms"), 1 / 3, 1 / 6, at_most=True),
    Goal("latency_p99_ratio", "add to handler's start, p99, over graphile-worker",
         rate("latency", THEIRS, field="p99_ms"), 1 / 3, 1 / 6, at_most=True),
    Goal("latency_median_ms", "add to handler's start, median",
         figure("latency", "median_ms"), 1.5, at_most=True, unit=" ms"),
    Goal("yield_gap_median_ms", "no job begins while the leader yields, median of 20",
         figure("dispatch_gap", "yield_median_ms"), 100, at_most=True, unit=" ms"),
    Goal("kill_gap_max_ms", "no job begins after the leader was killed, at most in 20",
         figure("dispatch_gap", "kill_max_ms"), 1000, at_most=True, unit=" ms"),
    Goal("idle_sessions_rss_mb", "server memory with 10,000 idle sessions",
         figure("idle_sessions", "server_rss_mb"), 300, 150, at_most=True, unit=" MB"),
    Goal("idle_sessions_cpu_percent", "server CPU with 10,000 idle sessions, of one core",
         figure("idle_sessions", "server_cpu_percent"), 10, 5, at_most=True, unit=" %"),
    Goal("serial_queues_ratio", "drain of 100,000 serial queues, over the unqueued drain",
         serial_queues, 0.5, 0.7),
    Goal("backlog_rss_mb", "server memory with 10,000,000 jobs pending",
         figure("memory", "server_rss_mb"), 300, at_most=True, unit=" MB"),
    Goal("mixed_backlog_rss_mb", "server memory while 10,000,000 jobs of every kind are drained",
         figure("mixed_backlog", "server_rss_mb"), 300, at_most=True, unit=" MB"),
    Goal("backlog_start_seconds", "server start with 10,000,000 jobs pending",
         figure("memory", "start_seconds"), 2, at_most=True, unit=" s"),
    Goal("empty_start_seconds", "server start on an empty queue",
         figure("memory", "empty_start_seconds"), 0.3, at_most=True, unit=" s"),
)


def slow_peers(results):
    """What graphile-worker did below its usual range: [{row, measured, usual}]."""
    found = []
    for row, (low, high) in USUAL.items():
        measured = results.median(row, THEIRS, "jobs_per_second")
        if measured is not None and measured < SLOW * low:
            found.append({"peer": THEIRS, "row": row, "measured": measured, "usual": [low, high]})
    return found
