"""A container's log with docker-py, piece by piece or at once: CONTAINER stream|whole."""

import sys

import docker

container, way = sys.argv[1:]
client = docker.from_env().api
if way == "stream":
    size = sum(len(piece) for piece in client.logs(container, stream=True))
else:
    size = len(client.logs(container))
print(size)
