"""Containers through create, start, wait and remove with aiodocker, 32 tasks side by side: COUNT."""

import asyncio
import sys

import aiodocker

WIDTH = 32


async def main(count: int) -> None:
    numbers = iter(range(count))
    async with aiodocker.Docker() as docker:

        async def work() -> None:
            for _ in numbers:
                container = await docker.containers.create({"Image": "alpine", "Cmd": ["true"]})
                await container.start()
                assert (await container.wait())["StatusCode"] == 0
                await container.delete(force=True)

        await asyncio.gather(*(work() for _ in range(WIDTH)))


asyncio.run(main(int(sys.argv[1])))
