"""The demo's Python executor: runs checksum_file jobs and writes each run to a ledger.

usage: checksum_jobs.py LEDGER NAME CONCURRENCY PACE_MS; the server is LEASEHOLD_SERVER
"""
import hashlib
import os
import sys
import time

from leasehold import Executor, Permanent

ledger_path, name, concurrency, pace_ms = sys.argv[1:5]
ledger = os.open(ledger_path, os.O_WRONLY | os.O_APPEND)
executor = Executor(name=name, concurrency=int(concurrency))


@executor.task("checksum_file")
def checksum_file(payload, ctx):
    began, started = time.monotonic(), time.time_ns()
    try:
        with open(payload["path"], "rb") as file:
            checksum = hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise Permanent(f"cannot read {payload['path']}: {error}") from error
    # So that there is something to watch.
    time.sleep(max(0.0, began + int(pace_ms) / 1000 - time.monotonic()))
    fields = (ctx.job.id, ctx.job.attempt, ctx.fencing_number, name, payload["added_ns"], started,
              checksum, payload["path"])
    os.write(ledger, ("\t".join(str(field) for field in fields) + "\n").encode())


executor.run()
