"""A step of a run as something a reader can paste: ``curl`` in bash, the docker CLI, docker-py."""
