import asyncio

from leasehold import Executor

executor = Executor(concurrency=100)


@executor.task("fetch")
async def fetch(payload, ctx):
    await asyncio.sleep(0.01)  # as if it were a request
    print("fetched page", payload["page"])
    if payload["page"] < 5:
        await ctx.add_job("fetch", {"page": payload["page"] + 1})


executor.run()
