"""Shows requests as curl and docker CLI commands and as docker-py code."""
