"""What every engine's process does: load, read pictures one by one, read all of them, say how fast.

Standard library only, for an engine may live in an environment of its own. The job comes as JSON on
the standard input, the result goes as JSON into the file that is the first argument.
"""

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

MISSING = 3  # exit status


class Engine(NamedTuple):
    """A loaded engine.

    Attributes:
        version: its name and version.
        read_one: a picture's path -> its text.
        read_all: many paths -> their texts, in the way that is fastest.
        processes: how many processes it starts for that, 0 if it reads in this one.
    """

    version: str
    read_one: Callable[[str], str]
    read_all: Callable[[list[str]], list[str]]
    processes: int = 0


class Missing(Exception):
    """The engine is not installed; the message says how to install it."""


def run(load: Callable[[dict], Engine]) -> None:
    """Do the job on the standard input with the engine that ``load`` makes of it."""
    job = json.load(sys.stdin)
    start = time.perf_counter()
    try:
        engine = load(job)
    except Missing as error:
        sys.stderr.write(str(error))
        sys.exit(MISSING)
    engine.read_one(job["single"][0])
    ready = time.perf_counter()
    for path in job["single"]:
        engine.read_one(path)
    single = time.perf_counter() - ready
    engine.read_all(job["single"][:64])
    ready_for_all = time.perf_counter()
    texts = engine.read_all(job["all"])
    together = time.perf_counter() - ready_for_all
    result = {
        "version": engine.version,
        "seconds_to_first_word": ready - start,
        "images_per_second_single": len(job["single"]) / single,
        "images_per_second_batched": len(job["all"]) / together,
        "peak_mib": _peak_mib(engine.processes),
        "texts": texts,
    }
    Path(sys.argv[1]).write_text(json.dumps(result), "utf-8")


def _peak_mib(processes: int) -> float:
    """The most memory that this process ever held, or those it started: the largest, times all."""
    if processes:
        return processes * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024
