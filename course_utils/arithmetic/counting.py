"""Counts and adds handwritten digits with several heads, and records what became of each seed.

    python -m course_utils.arithmetic.counting [--digits mnist] [--data FILE]

Every network learns from the totals of ten images alone and is then asked for the totals of 10, 100
and 1,000 test images. data/results/counting_digits.json (counting_mnist.json) is written after each
network; started again, the command goes on with those that are missing.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from course_utils.arithmetic.digit_networks import HEADS
from course_utils.arithmetic.digit_training import Counter, ask, state_weights, train
from course_utils.arithmetic.digits import SOURCES, TASKS, Digits, load
from course_utils.files import replacing
from course_utils.paths import DATA
from course_utils.provenance import provenance

LENGTHS = (10, 100, 1000)
STEPS = 2500
SEEDS = 5


def record_of(source: str) -> Path:
    """Where the results with these digits are recorded."""
    return DATA / "results" / f"counting_{source}.json"


def measure(counter: Counter, digits: Digits) -> dict:
    """Each seed's errors on test images, (lengths, seeds), and how far its state is kept."""
    answers = [ask(counter, digits.test, length) for length in LENGTHS]
    row: dict = {
        "error per digit": [figures(answer.per_digit()) for answer in answers],
        "share": [figures(answer.share()) for answer in answers],
        "share, rounded": [figures(answer.rounded().share()) for answer in answers],
    }
    if counter.head in ("keeping NAC", "NAC"):
        kept = np.diagonal(state_weights(counter.network.layers[1]), axis1=1, axis2=2)
        row["least kept"] = [float(least) for least in kept.min(axis=1)]
        snapped = [ask(counter, digits.test, length, snap=True) for length in LENGTHS]
        row["error per digit, snapped"] = [figures(answer.per_digit()) for answer in snapped]
    return row


def figures(values: np.ndarray) -> list[float]:
    """To four digits."""
    return [float(f"{value:.4g}") for value in values]


def table(rows: list[dict]) -> str:
    """The medians over the seeds, and the lowest and highest, as text."""
    lines = ["task   head         " + "".join(f"{length:>24,}" for length in LENGTHS)]
    for row in rows:
        cells = [
            f"{np.median(seeds):.3g} ({min(seeds):.3g}-{max(seeds):.3g})"
            for seeds in row["error per digit"]
        ]
        lines.append(f"{row['task']:<6} {row['head']:<13}" + "".join(f"{c:>24}" for c in cells))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Train what is missing in the record, write it, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", choices=SOURCES, default="digits")
    parser.add_argument("--data", type=Path, help="take MNIST from this file (mnist.npz)")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each training")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="networks of each kind")
    parser.add_argument("--heads", nargs="+", choices=HEADS, default=HEADS)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    parser.add_argument("--record", type=Path, help="the file to write; default: data/results/")
    parser.add_argument("--anew", action="store_true", help="forget what is recorded")
    options = parser.parse_args(arguments)
    if min(options.steps, options.seeds) < 1:
        parser.error("give at least 1 step and 1 seed")
    try:
        digits = load(options.digits, options.data)
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f"error: {error}")
    path = options.record or record_of(options.digits)
    rows = [] if options.anew or not path.exists() else recorded(path)
    todo = [(task, head) for task in options.tasks for head in options.heads]
    settings = {"steps": options.steps, "seeds": options.seeds}
    done = [(row["task"], row["head"], row["steps"], row["seeds"]) for row in rows]
    for task, head in todo:
        if (task, head, *settings.values()) not in done:
            row = trained(task, head, digits, options.steps, options.seeds)
            rows = [old for old in rows if (old["task"], old["head"]) != (task, head)]
            rows.append({"task": task, "head": head, **settings, **row})
            write(path, options.digits, digits, rows)
    print(table(rows))


def recorded(path: Path) -> list[dict]:
    """The rows of a record."""
    return json.loads(path.read_text(encoding="utf-8"))["rows"]


def trained(task: str, head: str, digits: Digits, steps: int, seeds: int) -> dict:
    """Train the seeds of one head with a progress bar, and measure them."""
    keras.utils.clear_session()
    start = time.perf_counter()
    with tqdm(total=steps, desc=f"{task}, {head}", unit="step") as bar:

        def on_interval(step: int, loss: float) -> None:
            bar.update(step - bar.n)
            bar.set_postfix(loss=f"{loss:.3g}")

        counter = train(head, task, digits.train, range(seeds), steps, on_interval=on_interval)
    return measure(counter, digits) | {"seconds": round(time.perf_counter() - start, 1)}


def write(path: Path, source: str, digits: Digits, rows: list[dict]) -> None:
    """Write the record whole."""
    images = {"train": len(digits.train), "test": len(digits.test)}
    record = {**provenance(), "digits": source, "images": images, "lengths": LENGTHS, "rows": rows}
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
