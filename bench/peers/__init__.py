"""The other job queues that ./dev bench runs beside ours: the contract, and how they are found.

A peer is a directory bench/peers/NAME with two things:

peer.py     defines PEER, an object of a subclass of `Peer` below.
a program   in the peer's own language, which takes these subcommands and options and prints one
            JSON object as its last line of standard output; what goes wrong goes to standard error,
            with an exit status that is not 0:

  prepare                                       makes the schema in an empty database
  preload --jobs N [--task NAME]                adds N jobs in the way that is fastest for it;
                                                NAME `unserved` is a task that no executor serves
  drain --jobs N --processes P                  runs the N jobs that are there and ends
  full-cycle --seconds S --most-waiting 20000 --processes P
                                                adds in calls of 500 from one producer and runs, for
                                                S seconds, fewer than 20,000 added and not completed
  add-single --callers 50 --seconds S           adds one job a call from 50 concurrent callers, to a
                                                task that no executor serves
  latency --rate 20 --seconds S                 adds 20 jobs a second, whether or not the last one
                                                has started; executor and producer share a clock

{"jobs": 200000, "seconds": 9.1, "jobs_per_second": 21978.0}        preload, drain
  + "per_tenth": [ten rates of jobs/s]                              full-cycle
  + "median_ms": 1.2, "p99_ms": 3.4                                 add-single: of one call
{"jobs": 400, "median_ms": 1.2, "p99_ms": 3.4}                      latency: add to handler's start

Rules that make the figures comparable: jobs carry the payload {"id":N} and handlers do nothing. A
job counts as completed when it is recorded so, in the database if the queue has one: not earlier
than its handler has returned, and a run ends only when everything counted is recorded. `latency`
runs from just before the call that adds to the first line of the handler; its payload may be the
time instead. The program leaves no process behind, also after SIGTERM.
"""
import contextlib
import hashlib
import importlib
import os
import shutil
import signal
import subprocess

from bench.process import die_with_parent

HERE = os.path.dirname(os.path.abspath(__file__))


class Skipped(Exception):
    """The peer cannot be had or run here; the text says why, in one line."""


class Peer:
    name = ""  # of the directory; the key in the JSON
    title = ""  # in tables and the chart
    process_counts = (1,)  # of executors: the best of them in the run's own drain counts
    rows = None  # the rows it takes part in; None for all
    uses_postgres = True

    def install(self, cache):
        """Makes it ready to run below the directory `cache`; raises Skipped if that cannot be."""
        raise NotImplementedError

    def command(self, mode):
        """Returns the words that run the program in `mode`; options are appended."""
        raise NotImplementedError

    def environment(self):
        """Returns variables beside DATABASE_URL, PGHOST, PGUSER and PGDATABASE."""
        return {}

    def start(self, work):
        """Starts what it needs beside PostgreSQL, as redis-server, with files below `work`."""

    def reset(self):
        """Empties what `start` started. PostgreSQL's database is new before each measurement."""

    def server_pids(self):
        """Returns the processes of `start`, whose CPU time is counted."""
        return []

    def stop(self):
        """Ends what `start` started."""

    def build(self, cache, make):
        """Copies the peer's directory to `cache` and calls make(), once for each content of it."""
        source = os.path.join(HERE, self.name)
        digest = _digest(source)
        stamp = os.path.join(cache, ".built")
        if os.path.exists(stamp):
            with open(stamp, encoding="utf-8") as file:
                if file.read() == digest:
                    return
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(source, cache, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        make()
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(digest)


class NodePeer(Peer):
    """A peer whose program is main.js, on the Node of its own packages."""

    def __init__(self):
        self.home = None

    def install(self, cache):
        self.build(cache, lambda: npm_install(cache))
        self.home = cache

    def command(self, mode):
        return [os.path.join(self.home, "node_modules/node/bin/node"),
                os.path.join(self.home, "main.js"), mode]


def run_installer(words, directory, environment=None, patience=600):
    """Runs a package manager or compiler; raises Skipped with the end of what it said."""
    try:
        running = subprocess.Popen(words, cwd=directory, env={**os.environ, **(environment or {})},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace",
                                   start_new_session=True, preexec_fn=die_with_parent)
    except FileNotFoundError:
        raise Skipped(f"{words[0]} is not installed") from None
    try:
        output, _ = running.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        raise Skipped(f"'{' '.join(words)}' took longer than {patience} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    if running.returncode:
        said = " | ".join(line.strip() for line in output.splitlines()[-6:] if line.strip())
        raise Skipped(f"'{' '.join(words)}' failed: {said[:600]}")


def npm_install(directory):
    """Installs what the lock file in `directory` names, and runs its packages' install scripts."""
    run_installer(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], directory)


def known():
    """Returns the names of all peers, graphile-worker first: it is the one that goals name."""
    names = sorted(name for name in os.listdir(HERE)
                   if os.path.exists(os.path.join(HERE, name, "peer.py")))
    return sorted(names, key=lambda name: name != "graphile_worker")


def load(name):
    return importlib.import_module(f"bench.peers.{name}.peer").PEER


_NOT_COPIED = ("__pycache__", "node_modules", "target")


def _digest(directory):
    digest = hashlib.sha256()
    for parent, directories, names in sorted(os.walk(directory)):
        directories[:] = [name for name in directories if name not in _NOT_COPIED]
        for name in sorted(names):
            path = os.path.join(parent, name)
            digest.update(os.path.relpath(path, directory).encode())
            with open(path, "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()
