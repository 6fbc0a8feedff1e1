"""The rows of the table: which sides take part, and how each is measured."""
import time
from dataclasses import dataclass
from typing import Callable

from bench import backlog, gaps
from bench.process import cpu_seconds, memory_mb
from bench.sides import ROOT

MOST_WAITING = 20_000
BACKLOG = 1_000_000
QUEUES, JOBS_PER_QUEUE = 100_000, 10
PENDING = 10_000_000
SESSIONS, CONNECTIONS = 10_000, 100
# The programs that say what one process of a library can do.
LIBRARIES = {"python": ["/usr/bin/python3", "-B", f"{ROOT}/bench/libraries/python_drain.py"],
             "node": ["node", f"{ROOT}/bench/libraries/node_drain.js"]}


@dataclass(frozen=True)
class Lengths:
    """How much of each load."""
    jobs: int = 200_000
    full_cycle: int = 60
    snapshot: int = 60
    add_single: int = 20
    latency: int = 20
    idle: int = 60
    mixed: int = 75
    sustained: int = 3600


QUICK = Lengths(full_cycle=20, snapshot=30, add_single=8, latency=15, idle=20)


@dataclass(frozen=True)
class Step:
    """One measurement: `run` returns {row: figures}."""
    rows: tuple
    side: object
    variant: str
    run: Callable
    seconds: float  # that it will take, about

    @property
    def name(self):
        return ", ".join(filter(None, ("+".join(self.rows), self.side.key, self.variant)))


def drain(side, lengths, options=()):
    with side.session():
        added = side.load("preload", "--jobs", lengths.jobs)
        ran = side.load("drain", "--jobs", lengths.jobs, *options)
    return {"add_bulk": added, "drain": ran}


def add_bulk(side, lengths):
    with side.session():
        return {"add_bulk": side.load("preload", "--jobs", lengths.jobs)}


def cycle(side, seconds, options):
    return side.load("full-cycle", "--seconds", seconds, "--most-waiting", MOST_WAITING, *options,
                     seconds=seconds)


def full_cycle(side, lengths, options=()):
    with side.session():
        return {"full_cycle": cycle(side, lengths.full_cycle, options)}


def sustained(side, lengths):
    """The full cycle for an hour: does it become slower?"""
    with side.session():
        figures = cycle(side, lengths.sustained, ())
        figures["database_mb"] = side.cluster.size_mb()
        return {"sustained": figures}


def flat_backlog(side, lengths, options=()):
    """The pending jobs are of the task `unserved`, which the executor does not name."""
    with side.session():
        side.load("preload", "--jobs", BACKLOG, "--task", "unserved", seconds=300)
        return {"flat_backlog": cycle(side, lengths.full_cycle, options)}


def flat_snapshot(side, lengths, options=()):
    with side.session(), side.cluster.old_snapshot():
        return {"flat_snapshot": cycle(side, lengths.snapshot, options)}


def add_single(side, lengths, row="add_single", options=()):
    with side.session():
        return {row: side.load("add-single", "--callers", 50, "--seconds", lengths.add_single,
                               *options, seconds=lengths.add_single)}


def add_single_apart(side, lengths):
    """Ours with a message of its own for each call, which the library would let callers share."""
    return add_single(side, lengths, "add_single_apart", ("--apart",))


def latency(side, lengths):
    with side.session():
        return {"latency": side.load("latency", "--rate", 20, "--seconds", lengths.latency,
                                     seconds=lengths.latency)}


def serial_queues(side, _):
    jobs = QUEUES * JOBS_PER_QUEUE
    with side.session():
        side.load("preload", "--jobs", jobs, "--queues", QUEUES, seconds=300)
        return {"serial_queues": side.load("drain", "--jobs", jobs, seconds=300)}


def dispatch_gap(side, _):
    """Two servers of which one is stopped or killed, again and again, under an executor."""
    side.cluster.fresh_database()
    return {"dispatch_gap": gaps.measure(side)}


def idle_sessions(side, lengths):
    held = []

    def sample():
        pid = side.server_pids()[0]
        held.append((time.monotonic(), cpu_seconds(pid)))
        time.sleep(max(1, lengths.idle - 2))
        held.append((time.monotonic(), cpu_seconds(pid)))

    with side.session():
        figures = side.load("idle-sessions", "--sessions", SESSIONS, "--connections", CONNECTIONS,
                            "--seconds", lengths.idle, seconds=lengths.idle + 60, on_ready=sample)
    (began, before), (ended, after) = held
    figures["server_cpu_percent"] = (after - before) / (ended - began) * 100
    return {"idle_sessions": figures}


def libraries(side, lengths):
    """One process of each library: it adds the jobs, then it runs them."""
    figures = {"jobs": lengths.jobs * len(LIBRARIES), "cores_used_by_others": 0.0}
    for language, words in LIBRARIES.items():
        with side.session():
            for mode in ("preload", "drain"):
                one = side.load(mode, "--jobs", lengths.jobs, program=words, seconds=120)
                figures[f"{language}_{mode}"] = one["jobs_per_second"]
                figures[f"{language}_{mode}_cpu_us"] = one["cpu_us_per_job"]["load"]
                figures["cores_used_by_others"] = max(figures["cores_used_by_others"],
                                                      one["cores_used_by_others"])
    return {"libraries": figures}


def memory(side, _):
    """The server's memory after it has taken in the jobs, and a start with them in the database."""
    with side.session():
        empty = side.started_in
        # The schema is there: what is left is the start.
        side.finish()
        side.prepare()
        empty = min(empty, side.started_in)
        figures = side.load("preload", "--jobs", PENDING, "--task", "unserved", seconds=1800)
        side.finish()
        side.prepare()
        figures["empty_start_seconds"] = empty
        figures["start_seconds"] = side.started_in
        figures["server_rss_mb"] = max(figures["server_rss_mb"],
                                       *map(memory_mb, side.server_pids()))
    return {"memory": figures}


def mixed_backlog(side, lengths):
    """Jobs of every kind in the database, drained for a while by two executors."""
    with side.session():
        filled_in = backlog.fill(side.cluster)
        figures = side.load("drain-mixed", "--seconds", lengths.mixed, seconds=lengths.mixed)
        figures["fill_seconds"] = filled_in
        figures["window_corrections"] = side.metric("leasehold_window_proof_corrections_total")
    return {"mixed_backlog": figures}
