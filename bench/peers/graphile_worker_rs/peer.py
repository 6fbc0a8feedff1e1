"""graphile_worker, the Rust implementation of graphile-worker's schema."""
import os

from bench.peers import Peer, run_installer


class GraphileWorkerRs(Peer):
    name = "graphile_worker_rs"
    title = "graphile_worker (Rust) 0.14"

    def __init__(self):
        self.program = None

    def install(self, cache):
        target = os.path.join(cache, "target")
        self.build(cache, lambda: run_installer(["cargo", "build", "--release", "--quiet"], cache,
                                                {"CARGO_TARGET_DIR": target}, patience=1200))
        self.program = os.path.join(target, "release/bench-peer")

    def command(self, mode):
        return [self.program, mode]


PEER = GraphileWorkerRs()
