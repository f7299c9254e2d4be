"""Tracks what a run creates: resources, requests in flight, images of builds, and the journal of what has no label."""
