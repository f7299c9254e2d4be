"""Descriptions of the fields with which containers and commands inside them are made."""

from __future__ import annotations

CONTAINER: dict[str, dict[str, str]] = {
    "ContainerCreate": {
        "Hostname": "The name that the container has for itself (`hostname` prints it); by default its short id.",
        "Domainname": "The domain behind the host name, such as `example.org`.",
        "User": "Who its processes run as: `user`, `uid`, or with a group `1000:1000`. The image's user by default.",
        "AttachStdin": "Note that a client will attach to stdin. What really opens it is `OpenStdin`.",
        "AttachStdout": "Note that a client will attach to stdout. An `attach` step works without it too.",
        "AttachStderr": "Note that a client will attach to stderr. An `attach` step works without it too.",
        "ExposedPorts": "Ports that the container listens on, each with an empty mapping: `{80/tcp: {}}`. "
        "`HostConfig.PortBindings` makes them reachable from the host.",
        "Tty": "Give it a terminal: stdout and stderr become one stream, and lines end in CR LF.",
        "OpenStdin": "Keep stdin open without a client attached (`docker run -i`). Without it, input goes nowhere.",
        "StdinOnce": "Close stdin when the first client that attached to it goes away. A step that sends `stdin` "
        "needs it, or the program never sees the end of its input.",
        "Env": "Environment variables, each as one text: `[LANG=C, DEBUG=1]`. They are added to those of the image.",
        "Cmd": "The command and its arguments: `[sh, -c, 'echo hi']`. Replaces the image's CMD; an `Entrypoint` gets "
        "these as its arguments.",
        "Healthcheck": "A command that the engine runs now and then to see whether the container works; the result "
        "is in `State.Health` of its inspection.",
        "ArgsEscaped": "Windows only: `Cmd` is a finished command line and needs no more quoting.",
        "Image": "The image to make it from, which must be there already: `alpine`, `alpine:3.20`, "
        "`registry.example.org/app@sha256:…` or an id.",
        "Volumes": "Paths that get an anonymous volume each: `{/data: {}}`. For named ones see `HostConfig.Mounts`.",
        "WorkingDir": "The folder in which its command starts, such as `/app`; made if it is missing.",
        "Entrypoint": "The program to start, with its first arguments: `[/entrypoint.sh]`. `Cmd` follows behind it; "
        "`['']` drops the one of the image.",
        "NetworkDisabled": "No network at all, not even a loopback that is set up.",
        "OnBuild": "Dockerfile instructions for images that are built FROM this one. Only a commit has a use for it.",
        "Labels": "Notes of your own, as names with texts: `{com.example.team: docs}`. Filters find them again.",
        "StopSignal": "The signal that asks it to stop: `SIGTERM` (the default), `SIGINT`, `SIGQUIT` …",
        "StopTimeout": "Seconds between that signal and the kill: 10 by default.",
        "Shell": "The shell for the text form of CMD, ENTRYPOINT and RUN: `[/bin/bash, -c]`.",
        "HostConfig": "How it relates to the host: limits, mounts, ports, privileges, restarts.",
        "NetworkingConfig": "The networks that it joins as it starts, with addresses and aliases.",
        "MacAddress": "Its MAC address, `02:42:ac:11:00:02`. Newer APIs want it in `NetworkingConfig` instead.",
    },
    "HealthConfig": {
        "Test": "The check: `[CMD, curl, -f, localhost]` runs a program, `[CMD-SHELL, 'test -f /ready']` asks a shell, "
        "`[NONE]` switches the image's check off. Exit code 0 means healthy.",
        "Interval": "Nanoseconds from one check to the next: 5000000000 are five seconds. 0 keeps the image's.",
        "Timeout": "Nanoseconds after which a check that hangs has failed. 0 keeps the image's.",
        "Retries": "How many checks in a row must fail before the container counts as `unhealthy`: 3 if it is 0.",
        "StartPeriod": "Nanoseconds that it may need to come up: failures in this time are not held against it.",
        "StartInterval": "Nanoseconds between checks during `StartPeriod`, to see early that it is up.",
    },
    "ContainerExec": {
        "AttachStdin": "Connect the command's input, for a later `exec.start` with `stdin`.",
        "AttachStdout": "Bring back what the command prints. Without it, its stdout is lost.",
        "AttachStderr": "Bring back its error output. Without it, its stderr is lost.",
        "ConsoleSize": "Height and width of its terminal in characters: `[24, 80]`. Only with `Tty`.",
        "DetachKeys": "Keys that leave the terminal while the command goes on, such as `ctrl-p,ctrl-q`.",
        "Tty": "Run the command in a terminal: one stream for stdout and stderr.",
        "Env": "More environment variables for this command: `[DEBUG=1]`.",
        "Cmd": "The program and its arguments: `[ls, -l, /]`. No shell is involved unless you name one.",
        "Privileged": "Give the command all capabilities, whatever the container has.",
        "User": "Who the command runs as: `root`, `1000`, `www-data:www-data`.",
        "WorkingDir": "The folder inside the container in which it runs, such as `/tmp`.",
    },
    "ExecStart": {
        "Detach": "Start it and don't wait: there is no output then; `exec.inspect` knows when it has ended.",
        "Tty": "Must be what the exec was made with.",
        "ConsoleSize": "Height and width of its terminal in characters: `[24, 80]`.",
    },
    "AuthConfig": {
        "username": "The user's name at the registry.",
        "password": "The password, or an access token. Take it from `secrets`, so that it is shown nowhere.",
        "serveraddress": "The registry: `registry.example.org:5000`; Docker Hub is `https://index.docker.io/v1/`.",
        "email": "Was used long ago; engines pass it on at most.",
    },
}
