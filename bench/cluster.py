"""The one PostgreSQL of a run: private, durable, default but for two settings."""
import contextlib
import glob
import os
import pwd
import signal
import subprocess

from bench.process import (Failed, children, clean_environment, cpu_seconds, die_with_parent,
                           wait_until)

SETTINGS = ("listen_addresses=", "fsync=on", "synchronous_commit=on", "shared_buffers=1GB",
            "max_wal_size=4GB")
DATABASE = "bench"


class Cluster:
    """A cluster below a directory, on a Unix socket; as root it runs as the user postgres."""

    def __init__(self, work):
        self.work = work
        versions = glob.glob("/usr/lib/postgresql/*/bin/postgres")
        if not versions:
            raise Failed("no PostgreSQL below /usr/lib/postgresql: run ./dev setup")
        self.bin = os.path.dirname(max(versions, key=lambda path: int(path.split("/")[4])))
        self.version = self.bin.split("/")[4]
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.data = os.path.join(work, "postgres")
        self.log = os.path.join(work, "postgres.log")
        self.process = None

    def start(self):
        os.mkdir(self.data)
        if self.user:
            os.chown(self.data, self.user.pw_uid, self.user.pw_gid)
        os.chmod(self.work, 0o755)
        self.run("initdb", "-D", self.data, "-U", "bench", "-A", "trust", "-E", "UTF8",
                 "--locale=C")
        words = [os.path.join(self.bin, "postgres"), "-D", self.data, "-k", self.data]
        for setting in SETTINGS:
            words += ["-c", setting]
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, env=clean_environment(),
                                            start_new_session=True,
                                            preexec_fn=lambda: self.become(signal.SIGQUIT))
        wait_until(lambda: self.sql("select 1", database="postgres", check=False) == "1", 30,
                   "PostgreSQL did not start")

    def become(self, at_parents_death=signal.SIGKILL):
        if self.user:
            os.setgroups([])
            os.setgid(self.user.pw_gid)
            os.setuid(self.user.pw_uid)
        # After the change of user, which would clear it.
        die_with_parent(at_parents_death)

    def run(self, program, *args):
        done = subprocess.run([os.path.join(self.bin, program), *args], cwd=self.work, text=True,
                              env=clean_environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, preexec_fn=self.become, check=False)
        if done.returncode:
            raise Failed(f"{program} failed:\n{done.stdout}")

    @property
    def url(self):
        return f"postgresql://bench@/{DATABASE}?host={self.data}"

    def environment(self):
        """How programs find the database."""
        return {"DATABASE_URL": self.url, "PGHOST": self.data, "PGUSER": "bench",
                "PGDATABASE": DATABASE}

    def psql(self, database=DATABASE):
        return [os.path.join(self.bin, "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.data,
                "-U", "bench", "-d", database]

    def size_mb(self):
        """Of the database: tables, indexes and what vacuum has not given back."""
        return int(self.sql(f"select pg_database_size('{DATABASE}')")) / 1e6

    def sql(self, text, database=DATABASE, check=True):
        done = subprocess.run([*self.psql(database), "-c", text], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=clean_environment(), check=False)
        if done.returncode and check:
            raise Failed(f"PostgreSQL answered {text!r}: {done.stderr}")
        return done.stdout.strip()

    def fresh_database(self):
        """An empty database for whoever is measured next, and nothing left to write."""
        self.sql(f"drop database if exists {DATABASE} with (force)", database="postgres")
        self.sql(f"create database {DATABASE}", database="postgres")
        self.sql("checkpoint", database="postgres")

    @contextlib.contextmanager
    def old_snapshot(self):
        """Holds a snapshot open, so that no row version that ends meanwhile can be removed."""
        holder = subprocess.Popen(self.psql(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True, env=clean_environment(), start_new_session=True,
                                  preexec_fn=die_with_parent)
        try:
            holder.stdin.write("begin isolation level repeatable read;\n"
                               "select 'held', txid_current_snapshot();\n")
            holder.stdin.flush()
            if not holder.stdout.readline().startswith("held"):
                raise Failed("the snapshot could not be taken")
            yield
            if holder.poll() is not None:
                raise Failed("the snapshot was not held until the end")
        finally:
            holder.kill()
            holder.wait()
            holder.stdin.close()
            holder.stdout.close()

    def cpu(self):
        """CPU seconds of the postmaster and all backends, those that have ended included."""
        return cpu_seconds(self.process.pid) + sum(
            cpu_seconds(child) for child in children(self.process.pid))

    def wal(self):
        """Bytes of WAL written since the cluster was made."""
        return int(self.sql("select pg_current_wal_lsn() - '0/0'::pg_lsn", database="postgres"))

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
