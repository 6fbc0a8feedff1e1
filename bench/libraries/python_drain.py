"""What one process of the Python library can do, with the server of LEASEHOLD_SERVER.

  python_drain.py preload --jobs N                  adds N jobs {"id":I} of the task `bench`, by
                                                    add_jobs of 500, one call after the other
  python_drain.py drain --jobs N [--concurrency C]  runs the N jobs that are there with a handler
                                                    that does nothing, from the start of the
                                                    executor until the last outcome is recorded

The last line of standard output is a JSON object: {"jobs": N, "seconds": S, "jobs_per_second": R}.
What goes wrong goes to standard error, with an exit status that is not 0. The programs of the other
libraries beside this one take the same.
"""
import argparse
import itertools
import json
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "client", "python"))

from leasehold import Client, Executor, NewJob  # noqa: E402

TASK = "bench"
JOBS_PER_CALL = 500


def preload(options):
    with Client(timeout=60) as client:
        for first in range(0, options.jobs, JOBS_PER_CALL):
            numbers = range(first, min(options.jobs, first + JOBS_PER_CALL))
            client.add_jobs([NewJob(TASK, {"id": number}) for number in numbers])
    return options.jobs


def drain(options):
    # Handlers run on several threads: this counts without a lock.
    count = itertools.count()
    executor = Executor(concurrency=options.concurrency)

    @executor.task(TASK)
    def nothing(payload):
        next(count)

    executor.run_once()
    ran = next(count)
    if ran != options.jobs:
        raise SystemExit(f"{ran} jobs were run, not {options.jobs}")
    return ran


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["preload", "drain"])
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--concurrency", type=int, default=1, help="handlers at once")
    options = parser.parse_args()
    began = time.monotonic()
    jobs = {"preload": preload, "drain": drain}[options.mode](options)
    seconds = time.monotonic() - began
    print(json.dumps({"jobs": jobs, "seconds": seconds, "jobs_per_second": jobs / seconds}))


if __name__ == "__main__":
    main()
