"""Both clients, called in the same way."""
import asyncio

import pytest

import leasehold
import leasehold.aio


class Blocking:
    """leasehold.aio.Client on an event loop of its own, as if its calls blocked."""

    def __init__(self, *arguments, **options):
        self._loop = asyncio.new_event_loop()
        self._client = leasehold.aio.Client(*arguments, **options)

    def __getattr__(self, name):
        call = getattr(self._client, name)
        return lambda *a, **k: self._loop.run_until_complete(call(*a, **k))

    def finish(self):
        self._loop.run_until_complete(self._client.close())
        self._loop.close()


class Plain(leasehold.Client):
    def finish(self):
        self.close()


@pytest.fixture(name="make", params=["blocking", "asyncio"])
def make_clients(request):
    """Makes clients: make(address, **options)."""
    made = []

    def make(*arguments, **options):
        kind = Plain if request.param == "blocking" else Blocking
        made.append(kind(*arguments, **options))
        return made[-1]

    yield make
    for client in made:
        client.finish()


@pytest.fixture(name="either")
def make_either(make, server):
    """A client of either kind, on the shared server."""
    return make(server.address)
