"""The command: options in, exit code out. The only room that prints."""
