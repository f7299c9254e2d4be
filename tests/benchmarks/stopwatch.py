"""Runs a command and writes its wall time and peak memory to a file, as JSON: FILE COMMAND…

A process of its own because a child's peak counts what its parent held at the fork (``signal->maxrss`` outlives
exec), so the parent must be small. What it prints and how it ends are the command's.
"""

import json
import os
import sys
import time

began = time.perf_counter()
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - began
with open(sys.argv[1], "w") as file:  # noqa: PTH123 - pathlib would cost memory
    # Linux counts ru_maxrss in KiB (getrusage(2)).
    json.dump({"seconds": seconds, "memory": usage.ru_maxrss * 1024}, file)
sys.exit(os.waitstatus_to_exitcode(status) and 1)
