"""Checks a valid scenario statically: names, combinations, body fields, API versions."""
