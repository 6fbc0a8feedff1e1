"""How many jobs are held ready, with a server that fills the window at once every 5 ms."""
from leasehold._session.prefetch import Prefetch

ROUND = 0.005


class Load:
    """Four handlers."""

    def __init__(self):
        self.prefetch = Prefetch(4, -1)
        self.now = 0.0
        self.changes = 0

    def run(self, seconds, job_seconds, filled=True):
        """The handlers run dry when they are through before the next frame."""
        most = int(4 * round(ROUND / job_seconds, 6))
        for _ in range(round(seconds / ROUND)):
            self.prefetch.came(filled)
            self.now += ROUND
            held = 4 + self.prefetch.jobs
            if most >= held:
                self.prefetch.handlers_ran_dry()
            self.prefetch.ended(min(most, held))
            self.changes += self.prefetch.adapt(self.now)
        return self.prefetch.jobs


def test_is_what_the_user_says():
    fixed = Prefetch(4, 0)
    for number in range(500):
        fixed.came(True)
        fixed.handlers_ran_dry()
        fixed.ended(100)
        assert not fixed.adapt(number * ROUND)
    assert fixed.jobs == 0


def test_grows_within_a_fraction_of_a_second_until_short_jobs_do_not_run_out():
    load = Load()
    assert load.prefetch.jobs == 8
    assert 1996 <= load.run(0.3, 10e-6) <= 4096


def test_rests_where_handlers_are_never_dry():
    load = Load()
    rested = load.run(1, 10e-6)
    load.changes = 0
    assert load.run(5, 10e-6) == rested
    assert load.changes == 0


def test_never_passes_what_ends_within_a_second():
    assert Load().run(3, 0.005) <= 4 * 200


def test_stays_small_for_long_jobs():
    assert Load().run(10, 1) == 8


def test_stays_small_where_the_server_has_no_more():
    assert Load().run(3, 10e-6, filled=False) == 8


def test_falls_within_two_seconds_when_jobs_become_long():
    load = Load()
    load.run(1, 10e-6)
    assert load.run(2, 0.05) <= 80
