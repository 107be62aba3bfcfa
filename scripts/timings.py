"""Measures every notebook's time and memory, records them and writes the table in README.md.

    python scripts/timings.py                          all notebooks
    python scripts/timings.py notebooks/03_ctc.ipynb   this one, the others' records kept

Fast mode; with COURSE_MODE=full the full one. A notebook's memory is that of its kernel and the
kernel's children, together, at its highest.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
import psutil
from run_notebooks import all_notebooks, execute

from course_utils.provenance import provenance
from course_utils.teaching.mode import MODES, course_mode

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "data" / "results" / "notebook_times.json"
README = ROOT / "README.md"
BEGIN = "<!-- times: written by `make timings` -->\n"
END = "<!-- end of times -->"
MIB = 2**20


class PeakMemory(threading.Thread):
    """Watches the memory of this process' children, grandchildren included, until stopped.

    Attributes:
        peak: the highest sum of their resident sets so far, in bytes.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._stopped = threading.Event()

    def run(self) -> None:
        """Samples ten times a second."""
        while not self._stopped.wait(0.1):
            used = 0
            for child in psutil.Process().children(recursive=True):
                try:
                    used += child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, used)

    def stop(self) -> None:
        """Ends the watch."""
        self._stopped.set()
        self.join()


def measure(notebook: Path) -> dict[str, int]:
    """One run of a notebook: seconds, kernel start included, and MiB at its peak."""
    memory = PeakMemory()
    memory.start()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        execute(notebook, Path(folder) / notebook.name)
    seconds = time.monotonic() - start
    memory.stop()
    return {"seconds": round(seconds), "peak_mib": round(memory.peak / MIB)}


def title(notebook: Path) -> str:
    """A notebook's first heading."""
    first = nbformat.read(notebook, as_version=4).cells[0].source
    return first.splitlines()[0].lstrip("# ")


def table(times: dict, notebooks: Sequence[Path]) -> str:
    """The README's table: each notebook's title, its times and its memory, as recorded."""
    lines = ["| Notebook | Fast mode | Full mode | Memory, fast |", "|---|--:|--:|--:|"]
    for notebook in notebooks:
        fast, full = (times.get(mode, {}).get("notebooks", {}).get(notebook.stem) for mode in MODES)
        memory = f"{fast['peak_mib'] / 1024:.1f} GiB" if fast else "-"
        link = f"[{title(notebook)}](notebooks/{notebook.name})"
        lines.append(f"| {link} | {duration(fast)} | {duration(full)} | {memory} |")
    return "\n".join(lines) + "\n"


def duration(record: dict[str, int] | None) -> str:
    """A measured time for people: "42 s", "3 min", "2.5 h", or "-" if there is none."""
    if record is None:
        return "-"
    seconds = record["seconds"]
    if seconds < 100:
        return f"{seconds} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def with_table(readme: str, new: str) -> str:
    """The README with ``new`` between its two markers."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + new + END + rest.split(END)[1]


def replace(path: Path, text: str) -> None:
    """Writes a text file whole or not at all."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of notebooks/")
    options = parser.parse_args(arguments)
    times = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    measured = times.setdefault(course_mode(), {}).setdefault("notebooks", {})
    for notebook in options.notebooks or all_notebooks():
        measured[notebook.stem] = measure(notebook)
        print(notebook.name, measured[notebook.stem], flush=True)
    times[course_mode()] = {"provenance": provenance(), "notebooks": dict(sorted(measured.items()))}
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    replace(RECORD, json.dumps(times, indent=2) + "\n")
    replace(README, with_table(README.read_text(encoding="utf-8"), table(times, all_notebooks())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
