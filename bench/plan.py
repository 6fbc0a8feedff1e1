"""In which order the rows are measured: side by side in each round, the process counts first."""
import functools

from bench import rows
from bench.goals import THEIRS
from bench.rows import Step

# Every row, in the order of the table. Those of a group are measured together in each round.
GROUPS = (("drain", "add_bulk", "serial_queues"), ("full_cycle", "flat_backlog", "flat_snapshot"),
          ("add_single", "add_single_apart"), ("latency",), ("libraries",), ("dispatch_gap",),
          ("idle_sessions",), ("memory",), ("mixed_backlog",), ("sustained",))
ROWS = tuple(row for group in GROUPS for row in group)
# Only where it is asked for: it takes an hour.
DEFAULT_ROWS = tuple(row for row in ROWS if row != "sustained")
QUICK_ROWS = tuple(row for row in DEFAULT_ROWS
                   if row not in ("serial_queues", "libraries", "idle_sessions", "memory",
                                  "mixed_backlog"))
# Without rounds: these are measured on us alone and compared with nothing.
ONCE = ("dispatch_gap", "idle_sessions", "memory", "mixed_backlog", "sustained")


class Plan:
    """Steps for the wanted rows over the sides that are there."""

    def __init__(self, wanted, lengths, everything, ours, floor, peers):
        self.wanted = self.with_needs(wanted)
        self.lengths = lengths
        self.everything = everything  # also what no ratio of the goals needs
        self.ours, self.floor, self.peers = ours, floor, peers

    @staticmethod
    def with_needs(wanted):
        """A ratio of two rows needs both."""
        needed = set(wanted)
        if needed & {"flat_backlog", "flat_snapshot"}:
            needed.add("full_cycle")
        if "serial_queues" in needed:
            needed.add("drain")
        return needed

    def groups(self):
        return [group for group in GROUPS if self.wanted & set(group)]

    def steps(self, group, number):
        """The steps of one round of a group."""
        if group[0] in ONCE and number > 1:
            return []
        make = {"drain": self.drains, "full_cycle": self.cycles, "add_single": self.add_singles,
                "latency": self.latencies}.get(group[0], functools.partial(self.alone, group[0]))
        return list(make())

    def drains(self):
        lengths, jobs = self.lengths, self.lengths.jobs
        if "drain" not in self.wanted:
            for side in [*self.peers_of("add_bulk"), self.floor, self.ours]:
                yield Step(("add_bulk",), side, "", functools.partial(
                    rows.add_bulk, side, lengths), jobs / 45_000 + 3)
            return
        for side in self.peers_of("drain"):
            for count in side.peer.process_counts:
                yield Step(("add_bulk", "drain"), side, variant_of(count), functools.partial(
                    rows.drain, side, lengths, ("--processes", count)), jobs / 12_000 + 5)
        for side in (self.floor, self.ours):
            yield Step(("add_bulk", "drain"), side, "", functools.partial(
                rows.drain, side, lengths), jobs / 50_000 + 5)
        if "serial_queues" in self.wanted:
            yield Step(("serial_queues",), self.ours, "", functools.partial(
                rows.serial_queues, self.ours, lengths), 50)

    def cycles(self):
        ours, lengths = self.ours, self.lengths
        for side in self.peers_of("full_cycle"):
            yield self.cycle("full_cycle", side, lengths.full_cycle)
        for variant in ("three_statements", "born_leased"):
            options = ("--born-leased",) if variant == "born_leased" else ()
            yield Step(("full_cycle",), self.floor, variant, functools.partial(
                rows.full_cycle, self.floor, lengths, options), lengths.full_cycle + 3)
        yield Step(("full_cycle",), ours, "", functools.partial(
            rows.full_cycle, ours, lengths), lengths.full_cycle + 5)
        if "flat_backlog" in self.wanted:
            backlog = rows.BACKLOG / 50_000
            yield Step(("flat_backlog",), ours, "", functools.partial(
                rows.flat_backlog, ours, lengths), lengths.full_cycle + backlog)
            if self.everything:
                for side in self.peers_of("flat_backlog"):
                    yield self.cycle("flat_backlog", side, lengths.full_cycle + backlog)
        if "flat_snapshot" in self.wanted:
            yield Step(("flat_snapshot",), ours, "", functools.partial(
                rows.flat_snapshot, ours, lengths), lengths.snapshot + 5)
            for side in self.peers_of("flat_snapshot"):
                if self.everything or side.key == THEIRS:
                    yield self.cycle("flat_snapshot", side, lengths.snapshot)

    def cycle(self, row, side, seconds):
        """One of the full cycles of a peer, with the process count that is best for it."""
        return Step((row,), side, variant_of(side.processes), functools.partial(
            getattr(rows, row), side, self.lengths, ("--processes", side.processes)), seconds + 6)

    def add_singles(self):
        seconds = self.lengths.add_single + 4
        if "add_single" in self.wanted:
            for side in [*self.peers_of("add_single"), self.ours]:
                yield Step(("add_single",), side, "", functools.partial(
                    rows.add_single, side, self.lengths), seconds)
        if "add_single_apart" in self.wanted:
            yield Step(("add_single_apart",), self.ours, "", functools.partial(
                rows.add_single_apart, self.ours, self.lengths), seconds)

    def latencies(self):
        for side in [*self.peers_of("latency"), self.ours]:
            yield Step(("latency",), side, "", functools.partial(
                rows.latency, side, self.lengths), self.lengths.latency + 6)

    def alone(self, row):
        """The rows that measure us alone."""
        seconds = {"libraries": 30, "dispatch_gap": 90,
                   "idle_sessions": self.lengths.idle + 15, "memory": 240,
                   "mixed_backlog": self.lengths.mixed + 300,
                   "sustained": self.lengths.sustained + 10}[row]
        yield Step((row,), self.ours, "", functools.partial(
            getattr(rows, row), self.ours, self.lengths), seconds)

    def peers_of(self, row):
        return [side for side in self.peers if side.peer.rows is None or row in side.peer.rows]

    def choose_processes(self, results):
        """From here on each peer runs with the process count that was best in its drain."""
        for side in self.peers:
            best = results.fastest("drain", side.key)
            counts = side.peer.process_counts
            side.processes = next((count for count in counts if variant_of(count) == best),
                                  counts[min(1, len(counts) - 1)])


def variant_of(processes):
    return f"processes={processes}"
