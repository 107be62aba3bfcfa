"""Which networks learn arithmetic, over many seeds: the full experiments of notebook 08.

    python benchmarks/arithmetic_functions.py

Four parts: one module of two inputs, two layers of two inputs, 100 inputs, and sequences. The table
goes to data/results/arithmetic_functions.json, a row for each network and function, written as soon
as a network is done; started again, the command goes on with the rows that are missing.
"""

import argparse
import json
import time
from dataclasses import dataclass

import keras
import numpy as np

from course_utils.arithmetic import recurrent
from course_utils.arithmetic.ensembles import NETWORKS, build, build_shared, error, train
from course_utils.arithmetic.functions import FUNCTIONS, RETURN, Task
from course_utils.arithmetic.recurrent import SequenceTask, build_recurrent
from course_utils.arithmetic.scoring import extrapolation_examples, success_rate, threshold
from course_utils.files import replacing
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "arithmetic_functions.json"
EPSILONS = (1e-5, 1e-2)


@dataclass(frozen=True)
class Part:
    """Networks that learn functions.

    Attributes:
        networks: their names.
        formulas: what they learn.
        inputs: numbers they are given; of a sequence, at each time step.
        hidden: as for ``build``.
        seeds: how many.
        steps: of training.
        learning_rate: Adam's.
        sequences: recurrent networks.
    """

    networks: tuple[str, ...]
    formulas: tuple[str, ...]
    inputs: int
    hidden: int
    seeds: int
    steps: int
    learning_rate: float
    sequences: bool = False

    def task(self, formula: str) -> Task:
        """What is learnt."""
        kind = SequenceTask if self.sequences else Task
        return kind(FUNCTIONS[formula], inputs=self.inputs)

    def build(self, name: str) -> keras.Model:
        """A network of each function and seed."""
        seeds, functions = range(self.seeds), len(self.formulas)
        if self.sequences:
            members = list(seeds) * functions
            return build_recurrent(name, self.inputs, members, SequenceTask.length)
        if self.hidden:
            return build_shared(name, self.inputs, seeds, functions, self.hidden)
        return build(name, self.inputs, list(seeds) * functions, 0)


EVERY = tuple(FUNCTIONS)
PUBLISHED = tuple(formula for formula in EVERY if formula != RETURN.formula)
PARTS = {
    "one module": Part(NETWORKS, EVERY, 2, 0, 100, 50_000, 0.03),
    "two layers": Part(("NAC", "NAC•", "NALU"), EVERY, 2, 2, 100, 50_000, 0.01),
    "100 inputs": Part(NETWORKS, PUBLISHED, 100, 2, 25, 100_000, 1e-3),
    "sequences": Part(recurrent.NETWORKS, PUBLISHED, 10, 2, 25, 10_000, 0.01, sequences=True),
}


def measure(part: Part, name: str, steps: int) -> list[dict]:
    """Train a network on all functions and seeds of a part; a row for each function."""
    tasks = [part.task(formula) for formula in part.formulas]
    members = [(task, seed) for task in tasks for seed in range(part.seeds)]
    start = time.perf_counter()
    network = part.build(name)
    x, y = extrapolation_examples(members, shared=network.input_shape[1] < len(members))
    tester = keras.Sequential([keras.Input(x.shape[1:]), *network.layers])
    untrained = error(tester, x, y)
    del x, y
    run = train(
        network,
        members,
        steps,
        learning_rate=part.learning_rate,
        interval=max(1000, steps // 50),
        progress=True,
    )
    seconds = time.perf_counter() - start
    rows = []
    for index, task in enumerate(tasks):
        own = slice(index * part.seeds, (index + 1) * part.seeds)
        limits = [threshold(task, range(part.seeds), epsilon) for epsilon in EPSILONS]
        chosen = run.chosen()[own]
        rows.append(
            {
                "function": task.function.formula,
                "interpolation": figures(np.nanmin(run.interpolation[:, own], axis=0)),
                "extrapolation": figures(chosen),
                "untrained": float(f"{np.nanmedian(untrained[own]):.3g}"),
                "success": {
                    f"{epsilon:g}": [round(share, 4) for share in success_rate(chosen, limit)]
                    for epsilon, limit in zip(EPSILONS, limits, strict=True)
                },
                "solved at": solved_at(run.steps, run.extrapolation[:, own], limits[0]),
                "seconds of all functions": round(seconds),
            }
        )
    return rows


def figures(errors: np.ndarray) -> list[float]:
    """To three digits; what is not finite as it is."""
    return [float(f"{value:.3g}") for value in errors]


def solved_at(steps: np.ndarray, errors: np.ndarray, limit: float) -> float | None:
    """Median over the seeds that got there of the first step below the threshold."""
    below = errors < limit
    solved = steps[below[:, below.any(axis=0)].argmax(axis=0)]
    return float(np.median(solved)) if solved.size else None


def main() -> None:
    """Run what is missing in the record, and print the success rates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the steps, for a shorter run (%(default)s)"
    )
    arguments = parser.parse_args()
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    for title in arguments.parts:
        part = PARTS[title]
        steps = round(part.steps * arguments.share)
        settings = {"seeds": part.seeds, "steps": steps, "learning rate": part.learning_rate}
        if record.get(title, {}).get("settings") != settings:
            record[title] = {"settings": settings, "networks": {}}
        for name in part.networks:
            if name in record[title]["networks"]:
                continue
            print(f"{title}, {name}", flush=True)
            keras.utils.clear_session()
            record[title]["networks"][name] = measure(part, name, steps)
            record[title]["made"] = provenance()
            with replacing(RECORD) as unfinished:
                unfinished.write_text(json.dumps(record) + "\n", encoding="utf-8")
        print(table(title, record[title]))


def table(title: str, part: dict) -> str:
    """Success rates of a part as text."""
    lines = [f"{title}, {part['settings']}: seeds that learnt it, strictly / within 1 %"]
    for name, rows in part["networks"].items():
        cells = [
            f"{row['function']}: {row['success']['1e-05'][0]:.0%}/{row['success']['0.01'][0]:.0%}"
            for row in rows
        ]
        lines.append(f"{name:>8}  " + "  ".join(cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
