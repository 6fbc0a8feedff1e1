"""What takes part in the demo: a server, executors in four languages, and what they write down."""
import json
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KINDS = {"cpp": "C++", "python": "Python", "node": "Node", "shell": "shell"}
CONCURRENCY = 2
PACE_MS = 15
TIMES = ["--heartbeat-interval", "500ms", "--session-timeout", "3s", "--resume-timeout", "2s",
         "--receipt-timeout", "1s", "--recovery-delay", "1s"]


class Failure(Exception):
    """A sentence for the person who runs the demo."""


def clean_environment(**more):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("LEASEHOLD_") and k != "DATABASE_URL"}
    return {**env, **more}


class Ledger:
    """What the executors have written so far: one line for each run of a handler."""

    def __init__(self, path):
        self.path = path
        open(path, "w").close()

    def runs(self):
        with open(self.path) as lines:
            rows = [line.rstrip("\n").split("\t") for line in lines if line.endswith("\n")]
        keys = ("id", "attempt", "fencing", "executor", "added", "started", "sum", "path")
        return [dict(zip(keys, row)) for row in rows]


class Stage:
    def __init__(self, work, cpp_program):
        self.work = work
        self.cpp_program = cpp_program
        self.ledger = Ledger(os.path.join(work, "ledger"))
        self.processes = []  # in the order of their start
        self.executors = {}  # name -> process
        self.address = None

    def spawn(self, name, args, **env):
        with open(os.path.join(self.work, name + ".log"), "w") as log:
            process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env=clean_environment(**env))
        self.processes.append(process)
        return process

    def start_server(self):
        server = self.spawn("server", [
            os.path.join(ROOT, "bin/leasehold-server"), "--listen", "127.0.0.1:0",
            "--admin-listen", "127.0.0.1:0", "--data-dir", os.path.join(self.work, "data"),
            "--log-format", "json", *TIMES])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if server.poll() is not None:
                raise Failure("the server ended: " + self.tail("server"))
            with open(os.path.join(self.work, "server.log")) as log:
                for line in log:
                    if '"msg":"serves"' in line:
                        self.address = json.loads(line)["listen"]
                        return
            time.sleep(0.05)
        raise Failure("the server did not start in 60 s: " + self.tail("server"))

    def tail(self, name):
        with open(os.path.join(self.work, name + ".log")) as log:
            return "".join(log.readlines()[-5:]).strip()

    def start_executor(self, kind, number):
        name = f"{kind}-{number}"
        pace = [name, str(CONCURRENCY), str(PACE_MS)]
        scripts = os.path.join(ROOT, "demo")
        args = {
            "cpp": [self.cpp_program, "execute", "--ledger", self.ledger.path, "--name", name,
                    "-j", str(CONCURRENCY), "--pace-ms", str(PACE_MS)],
            "python": [sys.executable, "-B", os.path.join(scripts, "checksum_jobs.py"),
                       self.ledger.path, *pace],
            "node": [os.environ.get("LEASEHOLD_NODE") or shutil.which("node") or "node",
                     os.path.join(scripts, "checksum_jobs.js"), self.ledger.path, *pace],
            "shell": [os.path.join(ROOT, "bin/leasehold"), "work", "--tasks",
                      os.path.join(scripts, "tasks"), "--name", name, "-j", str(CONCURRENCY)],
        }[kind]
        self.executors[name] = self.spawn(
            name, args, LEASEHOLD_SERVER=self.address, DEMO_LEDGER=self.ledger.path,
            DEMO_EXECUTOR=name, PYTHONPATH=os.path.join(ROOT, "client/python"))
        return name

    def add_jobs(self, listing, singles, gap_ms):
        """Starts to add a job for each path in the file `listing`; their ids are its output."""
        return self.spawn("add", [self.cpp_program, "add", listing, "--singles", str(singles),
                                  "--gap-ms", str(gap_ms)], LEASEHOLD_SERVER=self.address)

    def leases(self):
        """How many jobs each executor holds that the server knows."""
        return {worker["name"]: worker["leases"] for worker in self.ask("workers")}

    def ask(self, *command):
        out = subprocess.run([os.path.join(ROOT, "bin/leasehold"), "--json", *command],
                             stdout=subprocess.PIPE, text=True, check=True,
                             env=clean_environment(LEASEHOLD_SERVER=self.address)).stdout
        return json.loads(out)

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
