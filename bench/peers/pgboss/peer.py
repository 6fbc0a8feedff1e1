"""pg-boss on Node 22."""
import os

from bench.peers import Peer, npm_install


class PgBoss(Peer):
    name = "pgboss"
    title = "pg-boss 12.38"
    process_counts = (1, 2)

    def __init__(self):
        self.home = None

    def install(self, cache):
        self.build(cache, lambda: npm_install(cache))
        self.home = cache

    def command(self, mode):
        return [os.path.join(self.home, "node_modules/node/bin/node"),
                os.path.join(self.home, "main.js"), mode]


PEER = PgBoss()
