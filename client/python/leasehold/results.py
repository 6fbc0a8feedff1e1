"""How a handler says that its attempt did not end well: exceptions to raise.

Any other exception fails the attempt as Fail does. In the list that a batch handler returns, they
stand for the items that failed.
"""
from datetime import timedelta
from typing import Any, Optional, Union

from leasehold._convert import timedelta_of


class Fail(Exception):
    """The attempt is counted; the job runs again after its back-off unless its attempts are used
    up. `payload`, if given, is the payload of the next attempt.
    """

    # Of the class as well: a subclass need not call __init__().
    permanent = False
    delay: Optional[timedelta] = None
    payload: Any = None

    def __init__(self, error: str = "", *, payload: Any = None) -> None:
        super().__init__(error)
        self.payload = payload


class Permanent(Fail):
    """The job has failed for good: it is not tried again."""

    permanent = True


class RetryAfter(Fail):
    """As Fail, but the next attempt waits for `delay` (a timedelta, or seconds; not negative, at
    most 10 years) instead of the back-off.
    """

    def __init__(
        self, delay: Union[timedelta, float], error: str = "", *, payload: Any = None
    ) -> None:
        super().__init__(error, payload=payload)
        self.delay = timedelta_of(delay)


class Release(Exception):
    """The job goes back unharmed, its attempt not counted: the handler was interrupted. It may
    run again after `delay` (a timedelta, or seconds).
    """

    delay = timedelta(0)

    def __init__(self, delay: Union[timedelta, float] = 0) -> None:
        super().__init__("given back")
        self.delay = timedelta_of(delay)
