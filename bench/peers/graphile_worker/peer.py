"""graphile-worker 0.18 on Node 22, in the settings of its own benchmark (graphile.config.js)."""
from bench.peers import NodePeer


class GraphileWorker(NodePeer):
    name = "graphile_worker"
    title = "graphile-worker 0.18"
    process_counts = (1, 2, 4)

    def environment(self):
        return {"NO_LOG_SUCCESS": "1"}


PEER = GraphileWorker()
