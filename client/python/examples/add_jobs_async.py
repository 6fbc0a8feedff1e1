import asyncio

from leasehold.aio import Client


async def main():
    async with Client() as client:
        ids = await asyncio.gather(*(client.add_job("fetch", {"page": n}) for n in range(3)))
        print("added", len(ids))


asyncio.run(main())
