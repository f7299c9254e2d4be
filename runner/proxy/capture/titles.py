"""Words a step as a person would: ``Start the container``."""

from __future__ import annotations

from typing import Final

from runner.api.operations import Operation

_VERBS: Final = {
    "create": "Create a {noun}",
    "list": "List the {noun}s",
    "inspect": "Look at the {noun}",
    "delete": "Remove the {noun}",
    "update": "Change the {noun}",
    "prune": "Remove {noun}s that nothing uses",
    "start": "Start the {noun}",
    "stop": "Stop the {noun}",
    "restart": "Restart the {noun}",
    "kill": "Send the {noun} a signal",
    "rename": "Rename the {noun}",
    "pause": "Pause the {noun}",
    "unpause": "Let the {noun} go on",
    "logs": "Read what the {noun} has printed",
}
_TITLES: Final = {
    "container.attach": "Attach to its streams",
    "container.wait": "Wait for it to end",
    "container.exec": "Prepare a command in the container",
    "container.top": "List its processes",
    "container.stats": "Measure what it uses",
    "container.changes": "List the files that it changed",
    "container.export": "Export its files",
    "container.resize": "Set the size of its terminal",
    "container.archive": "Copy files out of it",
    "container.archive_info": "Look at a file in it",
    "container.put_archive": "Copy files into it",
    "exec.start": "Run the command",
    "exec.inspect": "Ask how the command ended",
    "image.create": "Pull an image",
    "image.build": "Build an image",
    "image.push": "Push the image",
    "image.tag": "Give the image another name",
    "image.get": "Save the image",
    "image.load": "Load an image",
    "image.history": "List the image's layers",
    "image.commit": "Make an image of the container",
    "image.search": "Search for images",
    "network.connect": "Connect the container to the network",
    "network.disconnect": "Disconnect the container from the network",
    "system.info": "Ask the engine about itself",
    "system.version": "Ask the engine for its version",
    "system.events": "Follow what happens on the engine",
    "system.data_usage": "Ask how much room everything takes",
    "system.auth": "Log in to a registry",
    "distribution.inspect": "Ask the registry about the image",
    "swarm.init": "Make the engine a swarm",
    "swarm.join": "Join the swarm",
    "swarm.leave": "Leave the swarm",
    "swarm.inspect": "Look at the swarm",
    "swarm.update": "Change the swarm",
    "swarm.unlockkey": "Ask for the key of the swarm",
}


def title_of(operation: Operation) -> str | None:
    """Return the title of a call; None where its name says as much."""
    if operation.name in _TITLES:
        return _TITLES[operation.name]
    noun, _, verb = operation.name.partition(".")
    pattern = _VERBS.get(verb)
    return pattern.format(noun=noun) if pattern else None
