"""Tesseract's command line, told to expect one word, as an engine of ``benchmarks/reading.py``."""

import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import measure

WORD = ("--psm", "8")
# On pictures this small, Tesseract's threads cost more than they bring.
ONE_THREAD = {**os.environ, "OMP_THREAD_LIMIT": "1"}


def load(job: dict) -> measure.Engine:
    """The installed ``tesseract``."""
    try:
        version = _output("tesseract", "--version").split("\n")[0]
    except FileNotFoundError:
        raise measure.Missing(
            "Tesseract is not installed (on Debian and Ubuntu: apt install tesseract-ocr)"
        ) from None
    read_all = partial(_read_all, processes=job["cores"])
    return measure.Engine(version.capitalize(), _read_one, read_all, processes=job["cores"])


def _read_one(path: str) -> str:
    """A process a picture, which is what pytesseract does."""
    return _output("tesseract", path, "-", *WORD).strip()


def _read_all(paths: list[str], processes: int) -> list[str]:
    """A process a core, each with its share of the pictures."""
    texts = [""] * len(paths)
    with ThreadPoolExecutor(processes) as pool:
        shares = pool.map(_read_list, (paths[first::processes] for first in range(processes)))
        for first, share in enumerate(shares):
            texts[first::processes] = share
    return texts


def _read_list(paths: list[str]) -> list[str]:
    """One process for a file that lists pictures; form feeds part the texts."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listing:
        listing.write("\n".join(paths))
        listing.flush()
        texts = _output("tesseract", listing.name, "-", *WORD).split("\f")
    assert len(texts) == len(paths), f"{len(texts)} texts for {len(paths)} pictures"
    return [text.strip() for text in texts]


def _output(*command: str) -> str:
    run = subprocess.run(command, capture_output=True, check=True, env=ONE_THREAD)
    return run.stdout.decode("utf-8")


if __name__ == "__main__":
    measure.run(load)
