"""How many images a second the network trains on here, and what each way to speed it up brings.

    python benchmarks/training_speed.py

First the network alone, fed from arrays: plain Keras, then one change after the other, each on top
of those before it; all take turns, round after round, so that other work on the machine meets them
alike. Then whole runs of ``course_utils.ocr.training`` that draw their images meanwhile. The table
goes to data/results/training_speed.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from keras import ops

from course_utils.files import replacing
from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.crnn import build_crnn
from course_utils.ocr.ctc import CTCLoss
from course_utils.ocr.datasets import SyntheticWords, collate
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "training_speed.json"
WIDTHS = (1.0, 0.25)


class PlainCTC(keras.losses.Loss):
    """The loss that Keras has."""

    def call(self, labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Labels (batch, L) padded with the blank and logits (batch, T, classes) -> (batch,)."""
        labels, blank = ops.cast(labels, "int32"), Alphabet().blank
        lengths = ops.sum(ops.cast(labels != blank, "int32"), axis=1)
        steps = ops.full_like(lengths, logits.shape[1])
        return ops.ctc_loss(labels, logits, lengths, steps, mask_index=blank)


@dataclass(frozen=True)
class Variant:
    """A way to train."""

    name: str
    batch: int = 64
    own_loss: bool = False
    unroll: bool = False
    winograd: bool = False
    precision: str = "float32"
    xla: bool = False


PLAIN = Variant("plain Keras: LSTMs in a loop, keras.ops.ctc_loss, batch 64")
LOSS = replace(PLAIN, name="+ our CTC recursion", own_loss=True)
UNROLLED = replace(LOSS, name="+ LSTMs unrolled", unroll=True)
WINOGRAD = replace(UNROLLED, name="+ Winograd's convolutions", winograd=True)
VARIANTS = (
    PLAIN,
    LOSS,
    UNROLLED,
    WINOGRAD,
    replace(WINOGRAD, name="  the same, batch 32", batch=32),
    replace(WINOGRAD, name="  the same, batch 128", batch=128),
    replace(WINOGRAD, name="  the same in bfloat16, batch 64", precision="mixed_bfloat16"),
    replace(UNROLLED, name="  in bfloat16, without Winograd", precision="mixed_bfloat16"),
    replace(UNROLLED, name="  without Winograd, with XLA (jit_compile)", xla=True),
)


class Contender:
    """A variant, compiled and warm.

    Attributes:
        rates: images a second of each turn.
        core_rates: images a second of processor time, all threads together, of each turn.
    """

    def __init__(
        self, variant: Variant, width: float, images: np.ndarray, labels: np.ndarray
    ) -> None:
        self.variant, self.images, self.labels = variant, images, labels
        self.rates, self.core_rates = [], []
        keras.utils.set_random_seed(1)
        keras.config.set_dtype_policy(variant.precision)
        self.model = build_crnn(width=width, unroll=variant.unroll, winograd=variant.winograd)
        keras.config.set_dtype_policy("float32")
        self.model.compile(
            keras.optimizers.Adam(1e-3, global_clipnorm=5.0),
            CTCLoss() if variant.own_loss else PlainCTC(),
            jit_compile=variant.xla,
        )
        self._fit(variant.batch)

    def take_turn(self) -> None:
        """Train on all images once."""
        seconds, core_seconds = self._fit(len(self.images))
        self.rates.append(len(self.images) / seconds)
        self.core_rates.append(len(self.images) / core_seconds)

    def _fit(self, images: int) -> tuple[float, float]:
        start, core_start = time.perf_counter(), time.process_time()
        self.model.fit(
            self.images[:images], self.labels[:images], batch_size=self.variant.batch, verbose=0
        )
        return time.perf_counter() - start, time.process_time() - core_start


def network_alone(width: float, rounds: int, images: int) -> list[dict]:
    """A row for each variant."""
    words = SyntheticWords(1)
    data = collate([words[index] for index in range(images)])
    contenders = [Contender(variant, width, *data) for variant in VARIANTS]
    for _ in range(rounds):
        for contender in contenders:
            contender.take_turn()
    plain = statistics.median(contenders[0].rates)
    return [
        {
            "width": width,
            "variant": contender.variant.name,
            "images/s": (median := statistics.median(contender.rates)),
            "lowest": min(contender.rates),
            "highest": max(contender.rates),
            "images/s a core": statistics.median(contender.core_rates),
            "times plain": median / plain,
        }
        for contender in contenders
    ]


def whole_run(width: float, workers: int, interval: int) -> dict:
    """A row for a short run that draws its images; its first interval, with compiling, apart."""
    command = [sys.executable, "-m", "course_utils.ocr.training", "--validation=64", "--warmup=0"]
    with tempfile.TemporaryDirectory() as folder:
        command += [f"--width={width}", f"--workers={workers}", f"--out={folder}"]
        command += [
            f"--interval={interval}",
            f"--steps={4 * interval}",
            f"--batch={WINOGRAD.batch}",
        ]
        subprocess.run([*command, "--winograd"], check=True, capture_output=True)
        log = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))["log"]
    seconds = sum(row["fit_seconds"] for row in log[1:])
    return {
        "width": width,
        "variant": f"the batch of 64 drawn meanwhile by {workers or 'no'} workers",
        "images/s": 3 * interval * WINOGRAD.batch / seconds,
        "waiting": sum(row["waited_seconds"] for row in log[1:]) / seconds,
    }


def line(row: dict) -> str:
    """A row of the table as text."""
    start = f"{row['width']:5}  {row['variant']:60} {row['images/s']:6.1f}"
    if "waiting" in row:
        return f"{start}  waiting at most {row['waiting']:.1%}"
    return f"{start} ({row['lowest']:.0f} to {row['highest']:.0f})  x {row['times plain']:.2f}"


def main() -> None:
    """Measure, print the table, record it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each variant (%(default)s)")
    parser.add_argument("--images", type=int, default=256, help="images a turn (%(default)s)")
    parser.add_argument("--record", type=Path, default=RECORD, help="where the table goes")
    given = parser.parse_args()
    start, rows = time.perf_counter(), []
    for width in WIDTHS:
        for row in network_alone(width, given.rounds, given.images):
            rows.append(row)
            print(line(row), flush=True)
        for workers in (0, 1, 2):
            rows.append(whole_run(width, workers, max(2, given.images // WINOGRAD.batch)))
            print(line(rows[-1]), flush=True)
    given.record.parent.mkdir(parents=True, exist_ok=True)
    record = {**provenance(), "seconds": time.perf_counter() - start, "rows": rows}
    with replacing(given.record) as path:
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
