"""How well networks read number words, and what their heads have to do with it: notebook 10.

    python benchmarks/numerals.py

Ten seeds of every reader in ``READERS`` train together. data/results/numerals.json is written after
each reader; started again, the command goes on with those that are missing. About a quarter of an
hour on two quiet cores.
"""

import argparse
import json
import time
from dataclasses import asdict

import keras
import numpy as np
from tqdm import tqdm

from course_utils.arithmetic.numeral_readers import Reader, states
from course_utils.arithmetic.numeral_training import train
from course_utils.arithmetic.numerals import PARTS, tokens
from course_utils.files import replacing
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "numerals.json"
SEEDS = 10
SCALES = (1, 10, 100, 1000, 5000, 20_000)
READERS: dict[str, list[Reader]] = {
    "head and scale": [
        Reader(head, scale)
        for head in ("linear", "NAC", "NALU", "NALU, epsilon 1")
        for scale in SCALES
    ],
    "other ways to a wide range": [
        Reader("exp"),
        Reader("linear", learning_rate=0.01),
        Reader("linear", learning_rate=0.03),
        Reader("NALU", learning_rate=0.01),
    ],
    "width": [Reader("NAC", 5000, hidden=hidden) for hidden in (4, 8, 16, 64)],
    # The first has the settings of the published replication, the second is the paper's NALU.
    "no LSTM": [
        Reader("NALU, two W", body="pairs", spread=1.7, learning_rate=1e-3, steps=17_000),
        Reader("NALU", body="pairs", spread=1.7, learning_rate=0.01, steps=17_000),
        Reader("NAC", 1000, body="pairs"),
        Reader("linear", 1000, body="pairs"),
    ],
}


def measure(reader: Reader, seeds: range) -> dict:
    """Train a reader and say what became of each seed."""
    start = time.perf_counter()
    run = train(reader, seeds)
    seconds = time.perf_counter() - start
    row = {part: figures(errors) for part, errors in zip(PARTS, run.best(), strict=True)}
    row["chosen steps"] = run.steps[run.chosen].tolist()
    row["lowest test"] = figures(run.errors[:, 2].min(axis=0))
    row["median curves"] = [figures(medians) for medians in np.median(run.errors, axis=2)]
    if reader.body == "LSTM":
        sizes = np.abs(states(run.network, tokens()))
        row["median |state|"] = figures(np.median(sizes, axis=(0, 2)))
    return row | {"seconds": round(seconds, 1)}


def figures(values: np.ndarray) -> list[float]:
    """To four digits."""
    return [float(f"{value:.4g}") for value in values]


def main() -> None:
    """Train what is missing in the record, print a line a reader, record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anew", action="store_true", help="forget what is recorded")
    rows = []
    if RECORD.exists() and not parser.parse_args().anew:
        rows = json.loads(RECORD.read_text(encoding="utf-8"))["readers"]
    done = [row["settings"] for row in rows]
    todo = [(group, reader) for group, readers in READERS.items() for reader in readers]
    todo = [(group, reader) for group, reader in todo if asdict(reader) not in done]
    with tqdm(todo, unit="reader") as bar:
        for group, reader in bar:
            bar.set_description(f"{reader.body}, {reader.head}, x {reader.scale:g}")
            keras.utils.clear_session()
            row = measure(reader, range(SEEDS))
            rows.append({"group": group, "settings": asdict(reader), **row})
            record = {**provenance(), "seeds": SEEDS, "readers": rows}
            with replacing(RECORD) as path:
                path.write_text(json.dumps(record) + "\n", encoding="utf-8")
            medians = "  ".join(f"{part} {np.median(row[part]):.2f}" for part in PARTS)
            bar.write(f"{bar.desc}{medians}  {row['seconds']} s")


if __name__ == "__main__":
    main()
