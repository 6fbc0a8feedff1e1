"""A backlog of jobs of every kind, added in the way of SQL producers."""
import time

JOBS = 10_000_000
JOBS_PER_STATEMENT = 50_000

# Three tasks in four priorities; of a hundred jobs: 5 of a task that nobody serves, 12 in serial
# queues, 11 with each of two flags and one with both, 1 with a key, 1 of next year. Their times lie
# in the past, in another order than their ids.
_ADD = """
select count(*) from leasehold.add_jobs(array(select cast(row(
  case when n % 20 = 19 then 'unserved' else (array['a', 'b', 'c'])[n % 3 + 1] end,
  to_json(n),
  case when n % 8 = 5 then 'queue-' || n / 8 % 50000 end,
  case when n % 100 = 7 then now() + interval '1 year'
    else timestamptz '2026-01-01' - n::bigint * 7919 % 1000003 * interval '1 ms' end,
  25,
  case when n % 100 = 11 then 'key-' || n end,
  n / 7 % 4 - 1,
  case when n % 100 = 9 then array['gpu', 'slow'] when n % 10 = 3 then array['gpu']
    when n % 10 = 6 then array['slow'] end)
as leasehold.job_spec) from generate_series({first}, {last}) as n))
"""

# Of each thousand, five.
_FAIL = """
select count(*) from leasehold.permanently_fail_jobs(array(
  select id from leasehold.jobs order by id limit {jobs}))
"""


def fill(cluster, jobs=JOBS):
    """Adds them and returns how many seconds that took."""
    began = time.monotonic()
    for first in range(0, jobs, JOBS_PER_STATEMENT):
        cluster.sql(_ADD.format(first=first, last=first + JOBS_PER_STATEMENT - 1))
    cluster.sql(_FAIL.format(jobs=jobs // 200))
    return time.monotonic() - began
