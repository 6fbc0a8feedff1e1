"""Programs under a watch: bounded in time, ended with their children, their CPU time counted."""
import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess
import threading
import time

_PR_SET_PDEATHSIG = 1
_TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A part of the benchmark went wrong; the text is for people and may have many lines."""


def clean_environment(**more):
    """The environment without what would lead a server or a library somewhere else."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("LEASEHOLD_", "PG")) and k != "DATABASE_URL"}
    return {**env, **more}


def die_with_parent(number=signal.SIGKILL):
    """For preexec_fn: the child gets the signal when the thread that made it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def cpu_seconds(pid, waited_for=True):
    """CPU time that the process has used, and its children that it has waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(field) for field in fields[11:15 if waited_for else 13]) / _TICK


def busy_seconds():
    """CPU time that the whole machine has used, and that its host has kept from it."""
    with open("/proc/stat", encoding="utf-8") as file:
        user, nice, system, _, _, irq, soft_irq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + soft_irq + steal) / _TICK


def children(pid):
    """The living children of the process, of all its threads."""
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="utf-8") as file:
                found += [int(child) for child in file.read().split()]
    return found


def memory_mb(pid, field="VmRSS"):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(rf"{field}:\s+(\d+)", file.read())[1]) / 1024


class Program:
    """A running program in a process group of its own."""

    def __init__(self, words, environment, log):
        self.words = words
        self.log = log
        with open(log, "w", encoding="utf-8") as errors:
            self.popen = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=errors, text=True,
                                          start_new_session=True, preexec_fn=die_with_parent)
        self.pid = self.popen.pid
        self.usage = None

    def said(self):
        """The end of what it wrote to standard error."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-30:])

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self):
        """Waits for its end and returns the exit status; `usage` holds what it used."""
        if self.popen.returncode is None:
            _, status, self.usage = os.wait4(self.pid, 0)
            self.popen.returncode = os.waitstatus_to_exitcode(status)
        return self.popen.returncode

    def end(self, patience):
        """SIGTERM, and SIGKILL if that did not do in `patience` seconds."""
        timer = threading.Timer(patience, self.kill)
        timer.start()
        try:
            if self.popen.returncode is None:
                self.popen.terminate()
            return self.wait()
        finally:
            timer.cancel()
            self.popen.stdout.close()


def run_load(words, environment, log, patience, on_ready=None):
    """Runs a program of load and returns (its JSON, CPU seconds of it and its children).

    `on_ready` is called when the program says that what it makes stands; its result comes later.
    """
    program = Program(words, environment, log)
    late = threading.Event()
    timer = threading.Timer(patience, lambda: (late.set(), program.kill()))
    timer.start()
    try:
        last = ""
        for last in program.popen.stdout:
            if on_ready and last.startswith('{"ready"'):
                on_ready()
        status = program.wait()
    finally:
        timer.cancel()
        program.kill()
        program.wait()
        program.popen.stdout.close()
    if status or late.is_set():
        why = f"took longer than {patience:.0f} s" if late.is_set() else f"ended with {status}"
        raise Failed(f"'{' '.join(words)}' {why}:\n{program.said()}")
    try:
        figures = json.loads(last)
    except ValueError:
        raise Failed(f"'{' '.join(words)}' printed no JSON object but {last!r}:\n"
                     f"{program.said()}") from None
    return figures, program.usage.ru_utime + program.usage.ru_stime


def wait_until(condition, patience, what):
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"{what} within {patience} s")
        time.sleep(0.02)
