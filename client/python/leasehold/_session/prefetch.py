"""How many jobs a session holds ready beside the running ones, if its user does not say."""

_MOST = 8000
_GROWTH_INTERVAL = 0.01
_LONG_AGO = float("-inf")


def _in_one_second(ended: int, time: float) -> int:
    return int(min(ended / max(time, 1e-3), _MOST))


class Prefetch:
    """Short jobs want many: while handlers wait for the next frame, nothing runs. Long ones want
    few: a job held here runs nowhere else meanwhile. So it doubles whenever handlers run dry
    although the server had filled the window, up to what they end within a second; and it falls
    when they end fewer. It has no clock: it is told the time.

    `fixed` is the number for ever if it is not negative.
    """

    def __init__(self, concurrency: int, fixed: int) -> None:
        self._fixed = fixed >= 0
        self._least = min(2 * concurrency, _MOST)
        self.jobs = fixed if self._fixed else self._least
        self._filled = False
        # Handlers ran dry after that.
        self._starved = False
        # When it may grow again, and what has ended since it was set.
        self._grow_at = _LONG_AGO
        self._ended_since_growth = 0
        # What has ended in the second under way.
        self._second_began = _LONG_AGO
        self._ended_in_second = 0

    def came(self, filled: bool) -> None:
        """Jobs have come; `filled`: as many as the window lets in, or nearly so."""
        self._filled = filled
        self._starved = False

    def handlers_ran_dry(self) -> None:
        self._starved = self._starved or self._filled

    def ended(self, jobs: int) -> None:
        self._ended_since_growth += jobs
        self._ended_in_second += jobs

    def adapt(self, now: float) -> bool:
        """True if `jobs` is another number now."""
        if self._fixed:
            return False
        before = self.jobs
        if self._starved and now >= self._grow_at:
            time = now - self._grow_at + _GROWTH_INTERVAL
            grown = min(2 * self.jobs, _in_one_second(self._ended_since_growth, time))
            self.jobs = max(self.jobs, grown)
            self._grow_at = now + _GROWTH_INTERVAL
            self._ended_since_growth = 0
            self._starved = False
        if now - self._second_began >= 1.0:
            rate = _in_one_second(self._ended_in_second, now - self._second_began)
            # Half, so that it does not follow every breath.
            if rate < self.jobs // 2:
                self.jobs = max(self._least, rate)
            self._second_began = now
            self._ended_in_second = 0
        return self.jobs != before
