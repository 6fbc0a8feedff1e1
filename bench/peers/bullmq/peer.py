"""BullMQ on a redis-server of its own that syncs every write: as durable as the others."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

from bench.peers import NodePeer, Skipped, run_installer

DEBIAN_PACKAGES = ["redis-server", "redis-tools", "libjemalloc2", "liblzf1"]
REDIS = ["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", "always",
         "--loglevel", "warning"]


class BullMQ(NodePeer):
    name = "bullmq"
    title = "BullMQ 6.7"
    process_counts = (1, 2)
    uses_postgres = False

    def __init__(self):
        super().__init__()
        self.redis = None
        self.directory = None

    def install(self, cache):
        self.build(cache, lambda: self._make(cache))
        self.home = cache
        self._run("redis-server", "--version")

    def _make(self, cache):
        # Not `npm ci`: it refuses a lock file without msgpackr-extract's builds for other
        # platforms, which some registries do not have.
        run_installer(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], cache)
        if not shutil.which("redis-server"):
            run_installer(["apt-get", "download", *DEBIAN_PACKAGES], cache)
            for name in os.listdir(cache):
                if name.endswith(".deb"):
                    run_installer(["dpkg", "-x", name, "debian"], cache)

    def _environment(self):
        """Finds the Debian packages in the cache after what is installed."""
        debian = os.path.join(self.home, "debian/usr")
        libraries = [os.path.join(debian, "lib", name)
                     for name in os.listdir(os.path.join(debian, "lib"))
                     ] if os.path.isdir(debian) else []
        return {**os.environ, "PATH": f"{os.environ['PATH']}:{debian}/bin",
                "LD_LIBRARY_PATH": ":".join([*libraries, os.environ.get("LD_LIBRARY_PATH", "")])}

    def _run(self, *words):
        run_installer(list(words), self.home, self._environment(), patience=60)

    def _socket(self):
        return os.path.join(self.directory, "socket")

    def _cli(self, *words):
        self._run("redis-cli", "-s", self._socket(), *words)

    def environment(self):
        return {"REDIS_SOCKET": self._socket()}

    def start(self, work):
        self.directory = tempfile.mkdtemp(prefix="redis-", dir=work)
        words = ["redis-server", *REDIS, "--dir", self.directory, "--unixsocket", self._socket()]
        with open(os.path.join(self.directory, "log"), "w", encoding="utf-8") as log:
            self.redis = subprocess.Popen(words, env=self._environment(), stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while not os.path.exists(self._socket()):
            if self.redis.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Skipped("redis-server did not start")
            time.sleep(0.05)

    def reset(self):
        self._cli("flushall", "sync")

    def server_pids(self):
        return [self.redis.pid] if self.redis else []

    def stop(self):
        if self.redis and self.redis.poll() is None:
            self.redis.send_signal(signal.SIGTERM)
            try:
                self.redis.wait(30)
            except subprocess.TimeoutExpired:
                self.redis.kill()
                self.redis.wait(30)
        self.redis = None


PEER = BullMQ()
