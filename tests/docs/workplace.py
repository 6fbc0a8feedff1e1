"""Where the blocks of a page run: a copy of the tree, a shell, a database and a server."""
import os
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from pages import ROOT

COPIED = ("README.md", "dev", "bazel", "docs", "client", "demo", "deploy", "proto", "examples")
END = "-- end of a command --"
DEADLINE = 60  # seconds for one command
STOPPED_WITHIN = 40  # an executor's grace period is 30 s
# What is built stands in the test's data, or where ./dev build puts it.
BUILT = os.environ.get("LEASEHOLD_BUILT", ROOT)
# What ./dev setup has fetched for docs/examples/go, and the Node that it has found.
NODE = os.path.dirname(os.environ.get("LEASEHOLD_NODE") or "/usr/bin/node")
GO = os.path.join(os.environ.get("LEASEHOLD_TOOLS") or os.path.join(
    pwd.getpwuid(os.getuid()).pw_dir, ".cache", "leasehold-tools"), "go")
PROGRAMS = {"leasehold-server": "server/leasehold-server", "leasehold": "client/cli/leasehold"}


class Fault(Exception):
    """What is wrong with a block."""


def built(path):
    for candidate in (os.path.join(BUILT, path), os.path.join(ROOT, "bin", os.path.basename(path))):
        if os.access(candidate, os.X_OK):
            return os.path.realpath(candidate)
    raise Fault(f"{path} is not built: run ./dev build, or the test by Bazel")


def free_port():
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


def wait_until(holds, seconds, what):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Fault(f"{what}: not within {seconds} s")
        threading.Event().wait(0.02)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


# `bazel run` of what the test's data has, already built.
BAZEL = r"""#!/bin/bash
[[ $1 == run ]] || { echo "only bazel run is known here" >&2; exit 1; }
shift
while [[ $1 == --* ]]; do shift; done
label=${1#//} && shift
[[ ${1:-} != -- ]] || shift
exec "$LEASEHOLD_BUILT/${label/://}" "$@"
"""


def copy_tree(scratch):
    """Copies what a reader has after `./dev build`."""
    ignore = shutil.ignore_patterns("node_modules", "__pycache__", "bazel-*")
    for name in COPIED:
        source = os.path.join(ROOT, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(scratch, name), ignore=ignore)
        elif os.path.exists(source):
            shutil.copy(source, scratch)
    # ./dev as it is, but that nothing has to be installed or built.
    with open(os.path.join(ROOT, "dev"), encoding="utf-8") as file:
        script = file.read().replace("\ncommand=${1:-help}",
                                     "\ncmd_setup() { :; }\ncmd_build() { :; }\n"
                                     "command=${1:-help}")
    write(os.path.join(scratch, "dev"), script, 0o755)
    os.mkdir(os.path.join(scratch, "bin"))
    for name, path in PROGRAMS.items():
        os.symlink(built(path), os.path.join(scratch, "bin", name))
    write(os.path.join(scratch, "bin", "bazel"), BAZEL, 0o755)
    os.makedirs(os.path.join(scratch, "etc", "leasehold"))
    write(os.path.join(scratch, "etc", "leasehold", "database-url"), "host=db user=leasehold\n")
    # As `npm install` of the directory leaves it.
    os.mkdir(os.path.join(scratch, "node_modules"))
    os.symlink(os.path.join(ROOT, "client", "node"),
               os.path.join(scratch, "node_modules", "leasehold"))


class Server:
    """A leasehold-server --ephemeral of the page's own."""

    def __init__(self, scratch, environment):
        ready = os.path.join(scratch, ".ready")
        self.log = open(os.path.join(scratch, ".server.log"), "wb")
        self.process = subprocess.Popen(
            [built(PROGRAMS["leasehold-server"]), "--ephemeral", "--listen", "127.0.0.1:0",
             "--admin-listen", "127.0.0.1:0", "--ready-file", ready],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment)
        wait_until(lambda: os.path.exists(ready) or self.process.poll() is not None, 60,
                   "a server for the page")
        if self.process.poll() is not None:
            with open(self.log.name, encoding="utf-8") as log:
                raise Fault("no server for the page: " + log.read())
        with open(ready, encoding="utf-8") as file:
            self.addresses = dict(line.split("=", 1) for line in file.read().splitlines())

    def stop(self):
        self.process.terminate()
        self.process.wait(STOPPED_WITHIN)
        self.log.close()


class Shell:
    """One bash, whose variables and directory stay from command to command."""

    def __init__(self, scratch, environment):
        self.scratch = scratch
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], cwd=scratch, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            bufsize=0, start_new_session=True)
        self.count = 0

    def new_file(self, text, suffix):
        self.count += 1
        path = os.path.join(self.scratch, f".block{self.count}{suffix}")
        write(path, text)
        return path

    def send(self, text):
        self.process.stdin.write(text.encode())

    def run(self, command, seconds=DEADLINE):
        """Returns (exit status, what was printed on both outputs)."""
        path = self.new_file(command + "\n", ".sh")
        try:
            self.send(f". '{path}' </dev/null; printf '\\n%s %d\\n' '{END}' $?\n")
        except BrokenPipeError as error:
            raise Fault("the page's shell has ended before") from error
        came, end = b"", time.monotonic() + seconds
        output = self.process.stdout.fileno()
        # bash may tell of a killed child after the last line.
        last = re.compile(rf"\n{END} (\d+)\n".encode())
        while not last.search(came):
            if not select.select([output], [], [], max(0, end - time.monotonic()))[0]:
                self.kill()
                raise Fault(f"$ {command}\ndid not end within {seconds} s; it printed:\n"
                            + came.decode(errors="replace"))
            part = os.read(output, 65536)
            if not part:
                raise Fault(f"$ {command}\nended the shell")
            came += part
        status = int(last.search(came)[1])
        return status, last.sub(b"", came).decode(errors="replace")

    def start(self, command):
        """Starts a program beside the shell; returns its process id and the file it prints to."""
        path = self.new_file("exec env " + command + "\n", ".sh")
        # The file of its output is there before it runs.
        _, came = self.run(f": >'{path}.out'; "
                           f"setsid bash '{path}' >'{path}.out' 2>&1 </dev/null & echo $!")
        return int(came.split()[-1]), path + ".out"

    def stop(self, process_id):
        """Returns its exit status after SIGTERM."""
        status, _ = self.run(f"kill -TERM {process_id}; wait {process_id}", STOPPED_WITHIN)
        return status

    def kill(self):
        """Ends the shell, and what was left in its background."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def close(self):
        self.kill()
        self.process.stdin.close()
        self.process.wait(STOPPED_WITHIN)
        self.process.stdout.close()


class Workplace:
    """Everything that one page needs, made when it is first needed."""

    def __init__(self, serves_itself):
        self.scratch = tempfile.mkdtemp(prefix="leasehold-docs-")
        os.chmod(self.scratch, 0o755)  # an embedded PostgreSQL may run as another user
        copy_tree(self.scratch)
        self.serves_itself = serves_itself
        self.port, self.admin_port = free_port(), free_port()
        environment = {
            "PATH": ":".join((f"{self.scratch}/bin", f"{GO}/bin", "/usr/local/go/bin", "/usr/bin",
                              "/bin", "/usr/sbin", "/sbin", "/usr/local/bin", NODE)),
            "HOME": self.scratch, "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.path.join(self.scratch, "client", "python"),
            "GOPATH": GO, "GOCACHE": f"{GO}/build", "GOPROXY": "off", "GOTOOLCHAIN": "local",
            "LEASEHOLD_BUILT": BUILT, "LEASEHOLD_TREE": ROOT,
        }
        self.server = Server(self.scratch, environment)
        environment.update(self.server.addresses)
        if serves_itself:
            environment.update(LEASEHOLD_LISTEN=f"127.0.0.1:{self.port}",
                               LEASEHOLD_ADMIN_LISTEN=f"127.0.0.1:{self.admin_port}",
                               LEASEHOLD_LOG_FORMAT="text",
                               LEASEHOLD_SERVER=f"127.0.0.1:{self.port}",
                               LEASEHOLD_ADMIN=f"127.0.0.1:{self.admin_port}")
        self.shell = Shell(self.scratch, environment)
        self.running = []  # (block, process id, file, what is shown)

    def here(self, text):
        """The page's default addresses become those of its server, /etc/leasehold the copy's."""
        text = re.sub(r"(?<!\S)/etc/leasehold\b|(?<=[\"'])/etc/leasehold\b",
                      f"{self.scratch}/etc/leasehold", text)
        if not self.serves_itself:
            return text
        return re.sub(r"(127\.0\.0\.1|localhost):7412", f"127.0.0.1:{self.admin_port}",
                      re.sub(r"(127\.0\.0\.1|localhost):7411", f"127.0.0.1:{self.port}", text))

    def database(self):
        """The URL of the database that SQL on the page is run in, for a shell."""
        own = os.path.join(self.scratch, "leasehold-data", "database-url")
        if not os.path.exists(own):
            return "${DATABASE_URL:-$LEASEHOLD_DATABASE}"
        with open(own, encoding="utf-8") as file:
            return file.read().strip()

    def on_the_page(self, text):
        return text.replace(f"{self.scratch}/etc/leasehold", "/etc/leasehold")

    def wait_until_it_serves(self, process_id):
        def ended_or_ready():
            return (not os.path.exists(f"/proc/{process_id}")
                    or answers(f"http://127.0.0.1:{self.admin_port}/readyz"))
        wait_until(ended_or_ready, DEADLINE, "the page's server is ready")

    def close(self):
        for _, process_id, _, _ in self.running:
            try:
                os.killpg(process_id, signal.SIGKILL)  # usually gone by now
            except ProcessLookupError:
                pass
        try:
            self.shell.close()
        finally:
            self.server.stop()
            shutil.rmtree(self.scratch)
