"""./dev bench: the server beside the floor and other job queues, in turn, on one PostgreSQL."""
import argparse
import datetime
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from bench import chart, peers, report
from bench.cluster import SETTINGS, Cluster
from bench.goals import FLOOR, OURS, THEIRS
from bench.plan import DEFAULT_ROWS, QUICK_ROWS, ROWS, Plan
from bench.process import Failed
from bench.results import Results
from bench.rows import QUICK, Lengths
from bench.sides import ROOT, Floor, Leasehold, PeerSide

CACHE = os.path.expanduser("~/.cache/leasehold-tools/peers")


def say(text):
    print(text, flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="every ratio of the goals in less than 20 minutes")
    parser.add_argument("--only", metavar="ROW[,ROW]", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--peers", default=THEIRS, metavar="all|none|NAME[,NAME]",
                        help=f"of {', '.join(peers.known())}; default {THEIRS}")
    parser.add_argument("--rounds", type=int, default=3, help="medians are over so many")
    parser.add_argument("--jobs", type=int, default=200_000, help="of drain and add in bulk")
    parser.add_argument("--json", metavar="FILE", help="write every figure there")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables there")
    parser.add_argument("--chart", metavar="FILE", help="write a chart there, as SVG")
    options = parser.parse_args(arguments)
    options.rows = options.only.split(",") if options.only else (
        QUICK_ROWS if options.quick else DEFAULT_ROWS)
    for row in options.rows:
        if row not in ROWS:
            parser.error(f"there is no row {row}: it is one of {', '.join(ROWS)}")
    options.peers = {"all": peers.known(), "none": []}.get(options.peers, options.peers.split(","))
    for name in options.peers:
        if name not in peers.known():
            parser.error(f"there is no peer {name}: it is one of {', '.join(peers.known())}")
    lengths = QUICK if options.quick else Lengths()
    options.lengths = Lengths(**{**vars(lengths), "jobs": options.jobs})
    return options


def duration(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


class Run:
    """One run: the sides, the steps and what came of them."""

    def __init__(self, options, work):
        self.options = options
        self.work = work
        self.cluster = Cluster(work)
        self.results = Results()
        self.skipped = {}
        self.failures = []
        self.sides = []
        self.took = {}

    def install_peers(self):
        for name in self.options.peers:
            say(f"bench: {name}: installing if need be, below {CACHE}")
            try:
                peer = peers.load(name)
                peer.install(os.path.join(CACHE, name))
                peer.start(self.work)
                self.sides.append(PeerSide(self.cluster, self.work, peer))
            except peers.Skipped as reason:
                self.skipped[name] = str(reason)
                say(f"bench: {name} is skipped: {reason}")

    def measure(self):
        binaries = os.environ["LEASEHOLD_BAZEL_BIN"]
        plan = Plan(self.options.rows, self.options.lengths, not self.options.quick,
                    Leasehold(self.cluster, self.work, binaries),
                    Floor(self.cluster, self.work, binaries), self.sides)
        plan.choose_processes(self.results)
        for group in plan.groups():
            for number in range(1, self.options.rounds + 1):
                for step in plan.steps(group, number):
                    self.run_step(step, number, self.time_left(plan, group, number, step))
            plan.choose_processes(self.results)

    def time_left(self, plan, group, number, current):
        """Seconds after this step, from what each took the last time, or should take."""
        groups = plan.groups()
        left, begun = 0.0, False
        for later in groups[groups.index(group):]:
            for round_number in range(1, self.options.rounds + 1):
                for step in plan.steps(later, round_number):
                    left += self.took.get(step.name, step.seconds) if begun else 0
                    begun = begun or (later == group and round_number == number
                                      and step.name == current.name)
        return left

    def run_step(self, step, number, left):
        if any(failed["step"] == step.name for failed in self.failures):
            return
        began = time.monotonic()
        try:
            measured = step.run()
        except (Failed, subprocess.SubprocessError, OSError, KeyError) as failure:
            text = str(failure) if isinstance(failure, Failed) else traceback.format_exc()
            self.failures.append({"step": step.name, "side": step.side.key, "why": text})
            say(f"bench: FAILED {step.name}: {text}")
            return
        self.took[step.name] = time.monotonic() - began
        for row, figures in measured.items():
            self.results.add(row, step.side.key, step.variant, number, figures)
        shown = ", ".join(f"{row} {report.brief(figures)}" for row, figures in measured.items())
        say(f"  {number}/{self.options.rounds} {step.side.title}"
            f"{', ' + step.variant if step.variant else ''}: {shown}"
            f"   [{duration(left)} left]")

    def stop(self):
        for side in self.sides:
            side.peer.stop()
        self.cluster.stop()


def about(run, load):
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return {"commit": commit.strip(), "cores": os.cpu_count(), "load_before": load,
            "postgresql": run.cluster.version, "settings": list(SETTINGS),
            "measured_at": datetime.datetime.now().astimezone().isoformat(timespec="minutes"),
            "quick": run.options.quick, "rounds": run.options.rounds,
            "lengths": vars(run.options.lengths), "skipped": run.skipped,
            "failures": run.failures}


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    say(f"bench: wrote {path}")


def tell(run, facts):
    titles = {OURS: Leasehold.title, FLOOR: Floor.title,
              **{side.key: side.title for side in run.sides}}
    say(report.terminal(run.results, titles, facts))
    if run.options.json:
        write(run.options.json, report.as_json(run.results, facts))
    if run.options.markdown:
        write(run.options.markdown, report.markdown(run.results, titles, facts))
    if run.options.chart:
        write(run.options.chart, chart.svg(run.results, titles, facts))


def main():
    options = parse(sys.argv[1:])
    # Both end everything that was started, also where a shell ignores Ctrl-C for us.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    load = os.getloadavg()[0]
    say(f"bench: {os.cpu_count()} cores, load average {load:.1f} before the start"
        + (": other work is running, figures will be low" if load > 1 else ""))
    work = tempfile.mkdtemp(prefix="leasehold-bench-")
    run = None
    try:
        run = Run(options, work)
        run.install_peers()
        run.cluster.start()
        run.measure()
        tell(run, about(run, load))
    except KeyboardInterrupt:
        say("\nbench: interrupted")
        return 130
    except Failed as failure:
        say(f"bench: {failure}")
        return 1
    finally:
        if run:
            run.stop()
        shutil.rmtree(work, ignore_errors=True)
    return 1 if any(f["side"] in (OURS, FLOOR, THEIRS) for f in run.failures) else 0


if __name__ == "__main__":
    sys.exit(main())
