"""How many steps a second a hundred NALUs train together, and one alone, numbers drawn included.

    python benchmarks/ensemble_speed.py

Both take turns, round after round, so that other work on the machine meets them alike. The result
goes to data/results/ensemble_speed.json.
"""

import argparse
import json
import statistics
import time

from course_utils.arithmetic.ensembles import build, train
from course_utils.arithmetic.functions import ADD, Task
from course_utils.files import replacing
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "ensemble_speed.json"
MEMBERS = (1, 100)
SHORT, LONG = 1000, 6000  # steps; their difference leaves out compiling and measuring


def seconds(members: int, steps: int) -> float:
    """How long a training takes, compiling included."""
    start = time.perf_counter()
    tasks = [(Task(ADD), seed) for seed in range(members)]
    train(build("NALU", 2, range(members)), tasks, steps, interval=1000)
    return time.perf_counter() - start


def main() -> None:
    """Take turns, print and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (%(default)s)")
    rounds = parser.parse_args().rounds
    rates: dict[int, list[float]] = {members: [] for members in MEMBERS}
    for _ in range(rounds):
        for members in MEMBERS:
            spent = seconds(members, LONG) - seconds(members, SHORT)
            rates[members].append(members * (LONG - SHORT) / spent)
    ratios = [together / alone for alone, together in zip(*rates.values(), strict=True)]
    record = {
        **provenance(),
        "seed-steps a second": {str(members): rate for members, rate in rates.items()},
        "times one alone, median": statistics.median(ratios),
    }
    with replacing(RECORD) as unfinished:
        unfinished.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for members, rate in rates.items():
        print(f"{members:4} together: {statistics.median(rate):8,.0f} seed-steps/s")
    print(f"times one alone: {statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})")


if __name__ == "__main__":
    main()
