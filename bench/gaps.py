"""For how long no job begins when the leader of two servers yields, and when it is killed."""
import json
import os
import signal
import socket
import statistics
import subprocess
import time
import urllib.request

from bench.process import (Failed, Program, busy_seconds, clean_environment, cpu_seconds,
                           die_with_parent, memory_mb, wait_until)

EVENTS = 20
# More than all events need; the handlers take 1 ms each.
JOBS = 500_000


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Replica:
    """One of the servers, always at the same ports."""

    def __init__(self, side, name):
        self.side = side
        self.log = os.path.join(side.work, f"replica-{name}.log")
        self.port, self.admin_port = free_port(), free_port()
        self.program = None
        self.spent = 0.0  # CPU seconds of those that have ended

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        self.program = Program(
            [self.side.server_program, "--database-url", self.side.cluster.url, "--listen",
             self.address, "--admin-listen", f"127.0.0.1:{self.admin_port}", "--log-format",
             "json"], clean_environment(), self.log)
        wait_until(self.ready, 30, "a server was not ready")

    def await_end(self):
        self.program.wait()
        self.spent += self.program.usage.ru_utime + self.program.usage.ru_stime

    def cpu(self):
        return self.spent + cpu_seconds(self.program.pid)

    def page(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}",
                                        timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return None

    def ready(self):
        if not os.path.exists(f"/proc/{self.program.pid}/exe"):
            raise Failed(f"the server ended at its start:\n{self.program.said()}")
        return self.page("/readyz") is not None

    def leads(self):
        return any(line.startswith("leasehold_epoch ") and float(line.split()[1]) > 0
                   for line in (self.page("/metrics") or "").splitlines())


class Executor:
    """The load program, which is asked for the longest gap since it was last asked."""

    def __init__(self, side, addresses):
        self.popen = subprocess.Popen(
            [side.load_program, "gaps"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=clean_environment(LEASEHOLD_SERVER=",".join(addresses)),
            preexec_fn=die_with_parent)

    def take(self):
        self.popen.stdin.write("next\n")
        self.popen.stdin.flush()
        line = self.popen.stdout.readline()
        if not line:
            raise Failed("the executor ended")
        return json.loads(line)

    def end(self):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdin.close()
        self.popen.stdout.close()


def measure(side):
    """Returns the row: medians and maxima over the events of both kinds, in turn."""
    gaps = {"yield": [], "kill": []}
    replicas = [Replica(side, name) for name in "ab"]
    executor = None
    try:
        for replica in replicas:
            replica.start()
        wait_until(lambda: any(replica.leads() for replica in replicas), 10, "nobody led")
        side.address = replicas[0].address
        side.load("preload", "--jobs", JOBS, seconds=60)
        executor = Executor(side, [replica.address for replica in replicas])
        wait_until(lambda: executor.take()["started"] > 0, 10, "no job began")
        ours = lambda: (side.cluster.cpu() + cpu_seconds(executor.popen.pid)
                        + sum(replica.cpu() for replica in replicas))
        before = busy_seconds() - ours(), time.monotonic()
        for number in range(2 * EVENTS):
            kind = "yield" if number % 2 == 0 else "kill"
            gaps[kind].append(one_event(replicas, executor, kind))
        others = (busy_seconds() - ours() - before[0]) / (time.monotonic() - before[1])
        rss = max(memory_mb(replica.program.pid) for replica in replicas)
    finally:
        if executor:
            executor.end()
        for replica in replicas:
            if replica.program:
                replica.program.end(15)
    figures = {"events": EVENTS, "server_rss_mb": rss, "gaps": gaps,
               "cores_used_by_others": max(0.0, others)}
    for kind, values in gaps.items():
        figures[f"{kind}_median_ms"] = statistics.median(values)
        figures[f"{kind}_max_ms"] = max(values)
    return figures


def one_event(replicas, executor, kind):
    leader = next(replica for replica in replicas if replica.leads())
    other = next(replica for replica in replicas if replica is not leader)
    executor.take()
    time.sleep(0.3)
    quiet = executor.take()
    if quiet["started"] < 50:
        raise Failed(f"too little load before a change of leaders: {quiet}")
    os.kill(leader.program.pid, signal.SIGTERM if kind == "yield" else signal.SIGKILL)
    wait_until(other.leads, 30, "the other server did not lead")
    time.sleep(0.7)
    seen = executor.take()
    if seen["started"] < 50:
        raise Failed(f"too little load after a change of leaders: {seen}")
    leader.await_end()
    leader.start()
    return seen["gap_ms"]
