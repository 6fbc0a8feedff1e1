"""The sides of a comparison: the server, the floor and the peers. Each takes the same loads."""
import contextlib
import json
import os
import subprocess
import time
import urllib.request

from bench.process import (Failed, Program, busy_seconds, clean_environment, cpu_seconds,
                           memory_mb, run_load, wait_until)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Beyond the time that a load says it takes: starts, ends, the last of what is under way.
PATIENCE = 90


class Side:
    """Something that takes loads, between open() and close()."""

    key = ""
    title = ""
    uses_postgres = True

    def __init__(self, cluster, work):
        self.cluster = cluster
        self.work = work

    def program(self, mode):
        """Returns (the words that run a load, the variables it needs)."""
        raise NotImplementedError

    def prepare(self):
        """Makes its schema in the empty database, and starts what serves."""

    def finish(self):
        """Ends what prepare started."""

    def server_pids(self):
        return []

    @contextlib.contextmanager
    def session(self):
        self.cluster.fresh_database()
        try:
            self.prepare()
            yield self
        except BaseException:
            with contextlib.suppress(Failed):
                self.finish()
            raise
        self.finish()

    def load(self, mode, *options, seconds=60, on_ready=None, program=None):
        """Runs one load and returns its figures, with what each part of it has cost.

        `program`: the words of another program that takes this mode, in the same environment.
        """
        words, environment = self.program(mode)
        if program:
            words = [*program, mode]
        servers = self.server_pids()
        before = self.used(servers)
        log = os.path.join(self.work, f"{self.key}-{mode}.log")
        figures, own = run_load([*words, *map(str, options)], clean_environment(**environment),
                                log, seconds + PATIENCE, on_ready)
        after = self.used(servers)
        used = {part: after[part] - before[part] for part in after}
        cpu = {"load": own, **{part: used[part] for part in ("postgres", "server") if part in used}}
        # Somebody else's, as the kernel's own: with much of it the figures are low.
        figures["cores_used_by_others"] = max(
            0.0, (used["machine"] - sum(cpu.values())) / used["clock"])
        if servers:
            figures["server_rss_mb"] = sum(memory_mb(pid) for pid in servers)
        if figures.get("jobs"):
            if self.uses_postgres:
                figures["wal_bytes_per_job"] = used["wal"] / figures["jobs"]
            figures["cpu_us_per_job"] = {part: seconds_used / figures["jobs"] * 1e6
                                         for part, seconds_used in cpu.items()}
        return figures

    def used(self, servers):
        """What has been used of everything until now."""
        used = {"wal": self.cluster.wal(), "postgres": self.cluster.cpu(),
                "machine": busy_seconds(), "clock": time.monotonic()}
        if servers:
            used["server"] = sum(cpu_seconds(pid) for pid in servers)
        return used


class Leasehold(Side):
    key = "leasehold"
    title = "Leasehold"

    def __init__(self, cluster, work, binaries):
        super().__init__(cluster, work)
        self.load_program = os.path.join(binaries, "bench/load")
        self.server_program = os.path.join(ROOT, "bin/leasehold-server")
        self.server = None
        self.address = None
        self.admin_port = None
        self.log = os.path.join(work, "server.log")
        self.started_in = None

    def program(self, mode):
        return [self.load_program, mode], {"LEASEHOLD_SERVER": self.address}

    def prepare(self):
        """Starts the server on the database as it is; the schema is made if need be."""
        began = time.monotonic()
        self.server = Program([self.server_program, "--database-url", self.cluster.url,
                               "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                               "--max-streams", "20000", "--log-format", "json"],
                              clean_environment(), self.log)
        self.address = None
        wait_until(self.leads, 60, "the server did not lead")
        self.started_in = time.monotonic() - began

    def leads(self):
        if not os.path.exists(f"/proc/{self.server.pid}/exe"):
            raise Failed(f"the server ended at its start:\n{self.server.said()}")
        with open(self.log, encoding="utf-8") as log:
            said = [json.loads(line) for line in log if line.endswith("}\n")]
        for line in said:
            if line.get("msg") == "serves":
                self.address = line["listen"]
                self.admin_port = line["admin_port"]
        return bool(self.address) and any(line.get("msg") == "leads" for line in said)

    def finish(self):
        if self.server:
            server, self.server = self.server, None
            status = server.end(30)
            if status:
                raise Failed(f"the server ended with {status}:\n{server.said()}")

    def server_pids(self):
        return [self.server.pid] if self.server else []

    def metric(self, sample):
        """Of the server's own: 0 if it has none of that name."""
        page = f"http://127.0.0.1:{self.admin_port}/metrics"
        with urllib.request.urlopen(page, timeout=10) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(sample + " "):
                    return float(line.split()[1])
        return 0.0


class Floor(Side):
    key = "floor"
    title = "floor"

    def __init__(self, cluster, work, binaries):
        super().__init__(cluster, work)
        self.words = [os.path.join(binaries, "bench/store_floor")]

    def program(self, mode):
        return [*self.words, mode], {"DATABASE_URL": self.cluster.url}


class PeerSide(Side):
    """A peer of bench/peers; see there for what its program promises."""

    def __init__(self, cluster, work, peer):
        super().__init__(cluster, work)
        self.peer = peer
        self.key = peer.name
        self.title = peer.title
        self.uses_postgres = peer.uses_postgres
        self.processes = peer.process_counts[0]

    def program(self, mode):
        return self.peer.command(mode), {**self.cluster.environment(), **self.peer.environment()}

    def prepare(self):
        self.peer.reset()
        words, environment = self.program("prepare")
        log = os.path.join(self.work, f"{self.key}-prepare.log")
        with open(log, "w", encoding="utf-8") as out:
            done = subprocess.run(words, env=clean_environment(**environment), stdout=out,
                                  stderr=out, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                                  check=False)
        if done.returncode:
            with open(log, encoding="utf-8", errors="replace") as said:
                raise Failed(f"{self.title} could not make its schema:\n{said.read()[-2000:]}")

    def server_pids(self):
        return self.peer.server_pids()
