"""Where the next stream goes, and how long to wait before it."""
from typing import Callable, List, Optional

_FIRST_BOUND = 0.1


class Reconnect:
    """Full jitter below a bound that doubles with each failure, and another address after each
    failure if more than one is known.

    `addresses` is not empty. `random` gives a number in [0, 1), each time another.
    """

    def __init__(self, addresses: List[str], random: Callable[[], float]) -> None:
        # The given ones first.
        self._addresses = list(addresses)
        self._given = len(addresses)
        self._random = random
        self._next = 0
        self._last_bound = 5.0
        # Since the last success.
        self.failures = 0

    @property
    def address(self) -> str:
        return self._addresses[self._next]

    def learn(self, addresses: List[str]) -> None:
        """The replicas that a server named take the place of those learnt before."""
        current = self.address
        del self._addresses[self._given:]
        for learnt in addresses:
            if learnt not in self._addresses:
                self._addresses.append(learnt)
        self._next = self._addresses.index(current) if current in self._addresses else 0

    def prefer(self, addresses: List[str]) -> None:
        """The next stream goes to one of these or, if there are none, to another one known."""
        if not addresses:
            self.try_another()
            return
        self.learn(addresses)
        chosen = addresses[int(self._random() * len(addresses))]
        self._next = self._addresses.index(chosen)

    def try_another(self) -> None:
        self._next = (self._next + 1) % len(self._addresses)

    def limit(self, bound: float) -> None:
        """From now on a wait is drawn from at most `bound`: the session is resumed in time."""
        self._last_bound = max(bound, _FIRST_BOUND)

    def failed(self, asked: Optional[float]) -> float:
        """How long to wait before the next one; never less than the server asked for."""
        bound = min(self._last_bound, _FIRST_BOUND * (1 << min(self.failures, 6)))
        self.failures += 1
        return (asked or 0.0) + bound * self._random()

    def succeeded(self) -> None:
        self.failures = 0
