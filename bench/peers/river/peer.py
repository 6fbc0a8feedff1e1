"""River, in Go."""
import os

from bench.peers import Peer, run_installer


class River(Peer):
    name = "river"
    title = "River 0.51"

    def __init__(self):
        self.program = None

    def install(self, cache):
        # A Go that is too old is a reason to skip, not to download another one.
        settings = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"}
        words = ["go", "build", "-o", "peer", "."]
        self.build(cache, lambda: run_installer(words, cache, settings))
        self.program = os.path.join(cache, "peer")

    def command(self, mode):
        return [self.program, mode]


PEER = River()
