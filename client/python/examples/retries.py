import logging

from leasehold import Executor, Permanent, RetryAfter

logging.basicConfig(level=logging.INFO)
executor = Executor(concurrency=10)


@executor.task("charge")
def charge(payload, ctx):
    if payload["cents"] <= 0:
        raise Permanent("nothing to charge")  # never again
    if ctx.job.attempt == 1:
        raise RetryAfter(0.1, "the bank is busy")  # instead of the back-off
    ctx.logger.info("charged %d cents, as number %d", payload["cents"], ctx.fencing_number)
    ctx.add_job("receipt", {"of": ctx.job.id})


@executor.task("receipt")
def receipt(payload):
    print("a receipt of job", payload["of"])


executor.run()
