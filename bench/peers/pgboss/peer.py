"""pg-boss on Node 22."""
from bench.peers import NodePeer


class PgBoss(NodePeer):
    name = "pgboss"
    title = "pg-boss 12.38"
    process_counts = (1, 2)


PEER = PgBoss()
