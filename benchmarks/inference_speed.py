"""Times the network on one batch: plain ``predict``, a compiled graph, and the recognizer's way.

    python benchmarks/inference_speed.py

The three take turns, so that whatever else the machine does meets them all alike; a speed-up is the
median over the turns. Also compares what they read on 2,000 rendered words. The record goes to
data/results/inference_speed.json.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from course_utils.files import replacing
from course_utils.ocr.datasets import SyntheticWords
from course_utils.ocr.decoding import greedy
from course_utils.ocr.inference import compile_network
from course_utils.ocr.weights import WEIGHTS, WeightsError, load_network, sha256
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "inference_speed.json"
WORDS = 2000
TURNS = {1: 100, 8: 50, 64: 20}  # by batch size

Way = Callable[[np.ndarray], np.ndarray]


def ways(model: Any) -> dict[str, Way]:
    """The ways to compute a Keras model's logits, plainest first."""
    return {
        "predict": lambda images: model.predict(images, batch_size=64, verbose=0),
        "predict_on_batch": model.predict_on_batch,
        "recognizer": compile_network(model),
    }


def seconds(way: Way, images: np.ndarray) -> float:
    """How long one batch takes."""
    start = time.perf_counter()
    way(images)
    return time.perf_counter() - start


def speeds(all_ways: dict[str, Way], images: np.ndarray, turns: int) -> list[dict]:
    """Images a second of each way and its speed-up over the first."""
    for way in all_ways.values():
        way(images)
    # (turns, ways)
    taken = np.array([[seconds(way, images) for way in all_ways.values()] for _ in range(turns)])
    return [
        {
            "way": name,
            "batch": len(images),
            "images_per_second": len(images) / float(np.median(own)),
            "images_per_second_at_best": len(images) / float(own.min()),
            "speed_up": float(np.median(taken[:, 0] / own)),
        }
        for name, own in zip(all_ways, taken.T, strict=True)
    ]


def agreement(all_ways: dict[str, Way], images: np.ndarray) -> dict[str, int | float]:
    """How far the recognizer's logits and texts are from those of ``predict``."""
    plain, quick = all_ways["predict"](images), all_ways["recognizer"](images)
    pairs = zip(greedy(plain), greedy(quick), strict=True)
    return {
        "images": len(images),
        "same_texts": sum(one.text == other.text for one, other in pairs),
        "largest_logit": float(np.abs(plain).max()),
        "largest_logit_difference": float(np.abs(plain - quick).max()),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and record; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, metavar="FILE", help="instead of the course's own")
    weights = parser.parse_args(arguments).weights
    begun = time.perf_counter()
    try:
        model = load_network(weights)
    except WeightsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    words = SyntheticWords(seed=1, split="test")
    images = np.stack([words[n].image for n in tqdm(range(WORDS), "rendering", disable=None)])
    images = images[..., np.newaxis].astype(np.float32) / 255
    all_ways = ways(model)
    rows = [row for n, turns in TURNS.items() for row in speeds(all_ways, images[:n], turns)]
    for row in rows:
        print(
            f"batch {row['batch']:2}  {row['way']:16}  {row['images_per_second']:6.1f} images/s"
            f"  {row['speed_up']:5.2f} x"
        )
    same = agreement(all_ways, images)
    print(
        f"{same['same_texts']:,} of {same['images']:,} texts are the same; logits up to "
        f"{same['largest_logit']:.1f} differ by at most {same['largest_logit_difference']:.1e}"
    )
    result = {
        "speeds": rows,
        "agreement": same,
        "weights": sha256(weights or WEIGHTS),
        "seconds": time.perf_counter() - begun,
        **provenance(),
    }
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    with replacing(RECORD) as unfinished:
        unfinished.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
