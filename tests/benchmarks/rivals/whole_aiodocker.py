"""The recipe with aiodocker."""

import asyncio
import sys

import aiodocker


async def main() -> None:
    async with aiodocker.Docker() as docker:
        container = await docker.containers.create(
            {"Image": "alpine", "Cmd": ["ls"], "AttachStdout": True, "AttachStderr": True}
        )
        async with container.attach(stdout=True, stderr=True) as stream:
            await container.start()
            while message := await stream.read_out():
                sys.stdout.buffer.write(message.data)
        print((await container.wait())["StatusCode"])
        await container.delete(force=True)


asyncio.run(main())
