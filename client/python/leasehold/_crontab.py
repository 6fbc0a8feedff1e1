"""An executor's crontab, stored before its session opens."""
import logging
import threading
import time
from queue import Empty, SimpleQueue
from typing import Callable, List, Optional

from leasehold._calls import may_succeed_later
from leasehold.client import Client
from leasehold.errors import Error

_log = logging.getLogger("leasehold")

# Seconds: of one call, and between two looks whether the executor was stopped.
_TIMEOUT = 10.0
_LOOK_EVERY = 0.05


def apply_crontab(
    addresses: List[str], text: str, name: str, give_up_after: float, stopped: Callable[[], bool]
) -> bool:
    """Waits for a server as the session does. False: it was stopped first; the crontab may be
    stored or not.
    """
    end = time.monotonic() + give_up_after
    with Client(",".join(addresses), timeout=min(_TIMEOUT, give_up_after)) as client:
        while not stopped():
            ends: "SimpleQueue[Optional[BaseException]]" = SimpleQueue()
            # On a thread of its own: who stops an executor does not wait for a server.
            threading.Thread(target=_try, args=(client, text, name, ends), daemon=True).start()
            while not stopped():
                try:
                    error = ends.get(timeout=_LOOK_EVERY)
                except Empty:
                    continue
                if error is None:
                    return True
                again = isinstance(error, Error) and may_succeed_later(error)
                if not again or time.monotonic() >= end:
                    raise error
                _log.warning("the crontab is not stored yet: %s", error)
                break
    return False


def _try(
    client: Client, text: str, name: str, ends: "SimpleQueue[Optional[BaseException]]"
) -> None:
    try:
        client.apply_crontab(text, name)
        ends.put(None)
    except BaseException as error:  # noqa: B902 - the other thread raises it
        ends.put(error)
