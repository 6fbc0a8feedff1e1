"""Addresses of servers, and channels to them."""
import os
from typing import List, Optional

import grpc

from leasehold.errors import invalid

DEFAULT_ADDRESS = "127.0.0.1:7411"

# A server that has restarted is found within a second, and a dead one is noticed.
OPTIONS = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.min_reconnect_backoff_ms", 3000),
    # A channel made anew begins without the back-off of another.
    ("grpc.use_local_subchannel_pool", 1),
    # More often than this, servers refuse pings.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # Meshes add to the trailers.
    ("grpc.max_metadata_size", 64 << 10),
    # Ours are better: they know which calls may be repeated.
    ("grpc.enable_retries", 0),
    # The server bounds its frames; a job larger than gRPC's 4 MiB must not end every stream.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
)


def split_addresses(address: Optional[str]) -> List[str]:
    """["a:7411", "b:7411"] of "a:7411, b:7411".

    None: of LEASEHOLD_SERVER in the environment, or 127.0.0.1:7411.
    """
    if address is None:
        address = os.environ.get("LEASEHOLD_SERVER") or DEFAULT_ADDRESS
    addresses = [one for one in address.replace(",", " ").split() if one]
    if not addresses:
        raise invalid("address", "names no server: give one as host:port")
    return addresses


def make_channel(address: str) -> grpc.Channel:
    """Connects when first used, and again as often as needed."""
    return grpc.insecure_channel(address, options=OPTIONS)
