"""A thousand inspect calls, one after the other, with aiodocker: CONTAINER REPORT."""

import asyncio
import json
import sys
from pathlib import Path

import aiodocker


async def main(container_id: str, report: str) -> None:
    answers, names = [], []
    async with aiodocker.Docker() as docker:
        container = docker.containers.container(container_id)
        for _ in range(1000):
            answer = await container.show()
            assert answer["Config"]["Image"] == "alpine"
            names.append(answer["Name"])
            answers.append(answer)
    Path(report).write_text(json.dumps(answers, indent=2))


asyncio.run(main(*sys.argv[1:]))
