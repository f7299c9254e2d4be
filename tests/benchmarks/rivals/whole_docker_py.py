"""The recipe with docker-py."""

import sys

import docker

client = docker.from_env()
container = client.containers.create("alpine", ["ls"])
output = container.attach(stream=True, stdout=True, stderr=True)
container.start()
status = container.wait()["StatusCode"]
sys.stdout.buffer.write(b"".join(output))
print(status)
container.remove(force=True)
client.close()
