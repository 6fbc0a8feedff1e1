"""The executor of the Python library that the conformance kit runs."""
import ctypes
import logging
import os
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "client", "python"))

from leasehold import (  # noqa: E402
    Client,
    Error,
    Executor,
    Fail,
    NewJob,
    Permanent,
    RetryAfter,
)


def number(name, default=None):
    text = os.environ.get(name)
    return int(text) if text else default


def touch(path):
    if path:
        with open(path, "w", encoding="utf-8"):
            pass


def wait(payload, cancelled, stubborn):
    """Until the file payload.until exists, looking every 10 ms; a stubborn one only says that it
    was cancelled.
    """
    touch(payload.get("started"))
    said = False
    while not os.path.exists(payload["until"]):
        if said:
            threading.Event().wait(0.01)
        elif cancelled.wait(0.01):
            said = True
            touch(payload.get("cancelled"))
            if not stubborn:
                raise Fail("cancelled")


def set_up(executor):
    @executor.task("complete")
    def complete(payload):
        pass

    @executor.task("fail")
    def fail(payload):
        raise Fail(payload["error"])

    @executor.task("permanent")
    def permanent(payload):
        raise Permanent(payload["error"])

    @executor.task("retry_after")
    def retry_after(payload):
        raise RetryAfter(payload["milliseconds"] / 1000, payload["error"])

    @executor.task("echo")
    def echo(payload, ctx):
        raise Fail(ctx.job.payload_text)

    @executor.task("wait")
    def wait_unless_cancelled(payload, ctx):
        wait(payload, ctx.cancelled, stubborn=False)

    @executor.task("stubborn")
    def stubborn(payload, ctx):
        wait(payload, ctx.cancelled, stubborn=True)

    @executor.task("block")
    def block(payload):
        touch(payload.get("started"))
        # A call through PyDLL keeps the interpreter: no other thread of this process runs.
        ctypes.PyDLL(None).usleep(payload["milliseconds"] * 1000)

    @executor.batch_task("batch")
    def batch(items):
        return [Fail("odd") if item % 2 else None for item in items]


def run():
    prefetch = number("CONFORMANCE_PREFETCH")
    flags = os.environ.get("CONFORMANCE_FLAGS", "")
    executor = Executor(
        name="conformance",
        concurrency=number("CONFORMANCE_CONCURRENCY", 4),
        prefetch=prefetch,
        forbidden_flags=[flag for flag in flags.split(",") if flag],
        grace_period=number("CONFORMANCE_GRACE_MS", 30_000) / 1000,
    )
    set_up(executor)
    if os.environ.get("CONFORMANCE_ONCE"):
        executor.run_once()
    else:
        executor.run()


def produce(jobs):
    client = Client(timeout=5)
    job = NewJob("t", {"n": 1})
    if jobs == 1:
        print(client.add_job(job.task, job.payload))
    else:
        print("\n".join(client.add_jobs([job] * jobs)))


def main():
    logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(message)s")
    jobs = number("CONFORMANCE_PRODUCER", 0)
    try:
        if jobs:
            produce(jobs)
        else:
            run()
    except Error as error:
        logging.error("%s", error)
        if jobs:
            print(error.reason or error.code)
        sys.stdout.flush()
        # Handlers that ignored their cancellation must not keep the process.
        os._exit(1)


if __name__ == "__main__":
    main()
