"""Executes notebooks, each in a kernel of its own, and stores them with their outputs.

    python scripts/run_notebooks.py                            all of notebooks/, in place
    python scripts/run_notebooks.py notebooks/03_ctc.ipynb     this one
    COURSE_MODE=full python scripts/run_notebooks.py --into runs/full

What differs from run to run without meaning is left out, so that a change in the history is a
change in the notebook.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from course_utils.teaching.mode import course_mode

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
CELL_SECONDS = {"fast": 600, "full": None}


def all_notebooks() -> list[Path]:
    """The course's notebooks in reading order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def execute(source: Path, target: Path) -> None:
    """Runs a notebook in its own folder and stores it, outputs included, in ``target``.

    Raises:
        CellExecutionError: a cell raised; nothing is stored.
        ValueError: ``source`` is not a notebook, or ``$COURSE_MODE`` is not a mode.
        CellTimeoutError: a cell took more than ten minutes in fast mode; nothing is stored.
        DeadKernelError: the kernel died, of too little memory perhaps; nothing is stored.
    """
    notebook = nbformat.read(source, as_version=4)
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=CELL_SECONDS[course_mode()],
        resources={"metadata": {"path": str(source.parent)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute()
    normalise(notebook)
    unfinished = target.with_suffix(".unfinished")
    nbformat.write(notebook, unfinished)
    os.replace(unfinished, target)


def normalise(notebook: NotebookNode) -> None:
    """Takes out what depends on when and where a notebook was run or edited."""
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        cell.metadata.pop("ExecuteTime", None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of notebooks/")
    parser.add_argument("--into", type=Path, help="store them there, not in place")
    options = parser.parse_args(arguments)
    for source in options.notebooks or all_notebooks():
        target = source if options.into is None else options.into / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        start = time.monotonic()
        try:
            execute(source, target)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            print(f"error: {source}: {error}", file=sys.stderr)
            return 1
        except (OSError, ValueError) as error:
            print(f"error: {source}: {error}", file=sys.stderr)
            return 2
        print(f"{target}: {time.monotonic() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
