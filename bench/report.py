"""The run as tables for a terminal and a page, and as JSON."""
import json
from dataclasses import dataclass

from bench.goals import FLOOR, GOALS, OURS, THEIRS, slow_peers


# Of others' CPU beside a measurement that is to be trusted.
QUIET_CORES = 0.3


@dataclass(frozen=True)
class Row:
    row: str
    title: str
    field: str = "jobs_per_second"
    unit: str = "jobs/s"
    digits: int = 0
    floor_variant: str = None
    charted: bool = True


# The lines of the tables. One row of the plan may give several.
TABLE = (
    Row("drain", "drain of preloaded jobs"),
    Row("full_cycle", "full cycle", floor_variant="three_statements"),
    Row("full_cycle", "full cycle, its last 10 s", "last_10_s", floor_variant="three_statements",
        charted=False),
    Row("flat_backlog", "full cycle, 1,000,000 pending"),
    Row("flat_snapshot", "full cycle, old snapshot held, last 10 s", "last_10_s"),
    Row("add_bulk", "add in bulk"),
    Row("add_single", "add, one job a call, 50 callers"),
    Row("add_single", "  median of one call", "median_ms", "ms", 2, charted=False),
    Row("add_single_apart", "the same, never sharing a message", charted=False),
    Row("add_single_apart", "  median of one call", "median_ms", "ms", 2, charted=False),
    Row("latency", "add to handler's start, median", "median_ms", "ms", 2),
    Row("latency", "add to handler's start, p99", "p99_ms", "ms", 2),
    Row("libraries", "Python library, one process: drain", "python_drain", charted=False),
    Row("libraries", "  add in calls of 500", "python_preload", charted=False),
    Row("libraries", "Node library, one process: drain", "node_drain", charted=False),
    Row("libraries", "  add in calls of 500", "node_preload", charted=False),
    Row("dispatch_gap", "no job begins while the leader yields, median of 20", "yield_median_ms",
        "ms", 1, charted=False),
    Row("dispatch_gap", "  at most", "yield_max_ms", "ms", 1, charted=False),
    Row("dispatch_gap", "no job begins after the leader was killed, median of 20",
        "kill_median_ms", "ms", 1, charted=False),
    Row("dispatch_gap", "  at most", "kill_max_ms", "ms", 1, charted=False),
    Row("serial_queues", "drain of 100,000 serial queues"),
    Row("idle_sessions", "10,000 idle sessions, server memory", "server_rss_mb", "MB", 0),
    Row("idle_sessions", "10,000 idle sessions, server CPU", "server_cpu_percent", "% of core", 1),
    Row("sustained", "full cycle for an hour", charted=False),
    Row("sustained", "  slope", "slope_percent_per_hour", "% an hour", 1, charted=False),
    Row("sustained", "  server memory at its end", "server_rss_mb", "MB", charted=False),
    Row("memory", "10,000,000 pending, server memory", "server_rss_mb", "MB", 0),
    Row("memory", "10,000,000 pending, server start", "start_seconds", "s", 2),
    Row("memory", "empty queue, server start", "empty_start_seconds", "s", 2),
    Row("mixed_backlog", "drain of 10,000,000 of every kind", charted=False),
    Row("mixed_backlog", "  server memory at its end", "server_rss_mb", "MB", charted=False),
    Row("mixed_backlog", "  jobs that its proofs found wrong", "window_corrections", "",
        charted=False),
)


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def brief(figures):
    """The figures of one measurement in a few words."""
    words = []
    for field, unit, digits in (("jobs_per_second", "/s", 0), ("python_drain", "/s Python", 0),
                                ("node_drain", "/s Node", 0), ("last_10_s", "/s at its end", 0),
                                ("median_ms", " ms", 2), ("p99_ms", " ms p99", 2),
                                ("yield_median_ms", " ms yield", 1),
                                ("kill_median_ms", " ms kill", 1),
                                ("server_cpu_percent", " % CPU", 1), ("start_seconds", " s", 2),
                                ("server_rss_mb", " MB", 0)):
        if field in figures:
            words.append(number(figures[field], digits) + unit)
    return " ".join(words)


def cell(results, row, side):
    variant = row.floor_variant if side == FLOOR else None
    return results.median(row.row, side, row.field, variant)


def rates(results, titles):
    """Returns (heads, lines): every figure; what ours is over the floor and graphile-worker's."""
    others = [side for side in titles if side not in (OURS, FLOOR)]
    heads = ["", titles[OURS], "", titles[FLOOR], *(titles[side] for side in others)]
    compared = [side for side in (FLOOR, THEIRS) if side in titles]
    heads += [f"over {titles[side]}" for side in compared]
    lines = []
    for row in TABLE:
        ours = cell(results, row, OURS)
        if ours is None:
            continue
        below = {side: cell(results, row, side) for side in (FLOOR, *others)}
        over = [f"{ours / below[side]:.2f}" if below[side] else "" for side in compared]
        lines.append([row.title, number(ours, row.digits), row.unit,
                      *(number(value, row.digits) for value in below.values()), *over])
    return heads, lines


def costs(results, titles):
    """Returns (heads, lines): what one job has cost, by row and side."""
    heads = ["per job", "", "PostgreSQL us", "server us", "executor, producer us", "WAL bytes"]
    lines = []
    for name in dict.fromkeys(row.row for row in TABLE):
        for side in titles:
            for variant in results.variants(name, side) if side == FLOOR else [None]:
                if results.part(name, side, "cpu_us_per_job", "load", variant) is None:
                    continue
                cpu = [number(results.part(name, side, "cpu_us_per_job", part, variant), 1)
                       for part in ("postgres", "server", "load")]
                wal = results.median(name, side, "wal_bytes_per_job", variant)
                title = titles[side] + (f", {variant.replace('_', ' ')}" if variant else "")
                lines.append([name.replace("_", " "), title, *cpu, number(wal)])
    return heads, lines


def goals(results):
    """Returns (heads, lines): every goal beside what was measured."""
    heads = ["goal", "key", "must", "stretch", "measured", ""]
    lines = []
    for goal in GOALS:
        value = goal.measure(results)
        sign = "<=" if goal.at_most else ">="
        bound = lambda limit: "" if limit is None else f"{sign} {limit:.3g}{goal.unit}"
        if value is None:
            said = "not measured"
        elif goal.stretch is not None and goal.reached(value, goal.stretch):
            said = "reached, stretch too"
        else:
            said = "reached" if goal.reached(value, goal.must) else "not reached"
        measured = "" if value is None else f"{value:.3g}{goal.unit}" if value < 1000 else (
            f"{value:,.0f}{goal.unit}")
        lines.append([goal.what, goal.key, bound(goal.must), bound(goal.stretch), measured, said])
    return heads, lines


def notes(results, titles, facts):
    """Lines that belong to the tables."""
    said = [f"{facts['cores']} cores, PostgreSQL {facts['postgresql']}, commit {facts['commit']}, "
            f"{facts['measured_at']}, medians of {facts['rounds']} rounds"
            + (", short (--quick)" if facts["quick"] else "")]
    others = sorted(record["figures"]["cores_used_by_others"] for record in results.records)
    if others:
        said.append("CPU used by others meanwhile, in cores: "
                    f"median {others[len(others) // 2]:.2f}, at most {others[-1]:.2f}")
    loud = dict.fromkeys(record["row"] for record in results.records
                         if record["figures"]["cores_used_by_others"] > QUIET_CORES)
    if loud:
        said.append(f"NOT QUIET: others used more than {QUIET_CORES} cores beside a part of "
                    + ", ".join(loud) + ": measure these again")
    born = results.median("full_cycle", FLOOR, "jobs_per_second", "born_leased")
    if born:
        said.append(f"floor of the full cycle, born leased: {number(born)} jobs/s")
    for side in titles:
        best = results.fastest("drain", side)
        if best:
            said.append(f"{titles[side]}: {best.replace('=', ': ')} was best in the drain")
    for slow in slow_peers(results):
        low, high = slow["usual"]
        said.append(f"SLOW PEER: {titles[slow['peer']]} did {number(slow['measured'])}/s in "
                    f"{slow['row']}, usually {low:,} to {high:,}: look for the cause first")
    said += [f"skipped: {name}: {reason}" for name, reason in facts["skipped"].items()]
    said += [f"FAILED: {failed['step']}" for failed in facts["failures"]]
    return said


def aligned(heads, lines):
    """Text columns: the first words to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(heads, *lines)]
    left = {index for index, column in enumerate(zip(*lines))
            if any(c.isalpha() for text in column for c in text.replace("x", ""))} | {0}
    return "\n".join("  ".join(text.ljust(width) if index in left else text.rjust(width)
                               for index, (text, width) in enumerate(zip(line, widths))).rstrip()
                     for line in [heads, *lines])


def terminal(results, titles, facts):
    tables = [aligned(*table) for table in (rates(results, titles), costs(results, titles),
                                            goals(results)) if table[1]]
    return "\n" + "\n\n".join([*tables, "\n".join(notes(results, titles, facts))])


def markdown(results, titles, facts):
    def table(heads, lines):
        return "\n".join("| " + " | ".join(line) + " |"
                         for line in [heads, ["---"] * len(heads), *lines])
    tables = (rates(results, titles), costs(results, titles), goals(results))
    return "\n\n".join([*(table(*each) for each in tables if each[1]),
                        "\n".join(f"- {note}" for note in notes(results, titles, facts))]) + "\n"


def as_json(results, facts):
    ratios = {goal.key: goal.measure(results) for goal in GOALS}
    return json.dumps({**{key: value for key, value in ratios.items() if value is not None},
                       "peer_slow": slow_peers(results), **facts, "records": results.records},
                      indent=1) + "\n"
