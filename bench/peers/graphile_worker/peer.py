"""graphile-worker 0.18 on Node 22, in the settings of its own benchmark (graphile.config.js)."""
import os

from bench.peers import Peer, npm_install


class GraphileWorker(Peer):
    name = "graphile_worker"
    title = "graphile-worker 0.18"
    process_counts = (1, 2, 4)

    def __init__(self):
        self.home = None

    def install(self, cache):
        self.build(cache, lambda: npm_install(cache))
        self.home = cache

    def command(self, mode):
        return [os.path.join(self.home, "node_modules/node/bin/node"),
                os.path.join(self.home, "main.js"), mode]

    def environment(self):
        return {"NO_LOG_SUCCESS": "1"}


PEER = GraphileWorker()
