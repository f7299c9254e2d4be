"""From the text of a scenario to a typed, checked one."""
