"""What decides a training run's weights, and the sets of choices that are worth a name."""

from dataclasses import dataclass, field, fields
from typing import Any

from course_utils.ocr.datasets import STYLES


class TrainingError(RuntimeError):
    """Training cannot start or go on; the message says why, and what to do."""


def _choice(default: Any, meaning: str, least: float = 0) -> Any:
    return field(default=default, metadata={"help": meaning, "least": least})


@dataclass(frozen=True)
class Settings:
    """Everything that a run's weights depend on, apart from the machine."""

    data: str = _choice("synthetic", "'synthetic', or an MJSynth folder, tar.gz or its address")
    style: str = _choice("signs", "of synthetic words: signs or, easier to learn first, print")
    fonts: str = _choice("", "folder of the faces that draw; without it the installed packages'")
    images: int = _choice(150_000, "images taken from MJSynth, every tenth for validation", least=1)
    width: float = _choice(1.0, "multiplies the channels of every convolution", least=0.01)
    unroll: bool = _choice(True, "write the LSTMs out step by step: faster, slower to start")
    winograd: bool = _choice(False, "Winograd's convolutions: faster on processors at width 1")
    precision: str = _choice(
        "float32",
        "keras dtype policy: float32, or mixed_bfloat16 where the processor has it (AVX512-BF16)",
    )
    seed: int = _choice(1, "of the weights, the dropout and the data")
    steps: int = _choice(1000, "batches to train on", least=1)
    batch: int = _choice(64, "images a batch", least=1)
    showings: int = _choice(1, "how often each drawn image is shown; divides the batch", least=1)
    lag: int = _choice(500, "steps between two showings", least=1)
    learning_rate: float = _choice(2e-3, "Adam's, at its highest")
    warmup: int = _choice(200, "steps in which the learning rate rises to it")
    decay: bool = _choice(True, "let the learning rate then fall to zero by a cosine")
    clip: float = _choice(5.0, "gradients' global norm is clipped to it; 0 leaves them")
    interval: int = _choice(
        100, "steps between validations, each followed by a checkpoint", least=1
    )
    validation: int = _choice(2000, "words to validate on", least=1)
    initial_weights: str = _choice("", ".weights.h5 file of the same network to begin from")

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, (int, float)) and not value >= each.metadata["least"]:
                raise TrainingError(
                    f"{each.name} is {value}: give {each.metadata['least']} or more"
                )
        if self.batch % self.showings:
            raise TrainingError(
                f"a batch of {self.batch} cannot be shared by {self.showings} showings: "
                "use a multiple"
            )
        if self.warmup >= self.steps:
            raise TrainingError(f"{self.warmup} steps of warmup in {self.steps}: use fewer of them")
        if self.precision not in ("float32", "mixed_bfloat16"):
            raise TrainingError(f"precision {self.precision!r}: choose float32 or mixed_bfloat16")
        if self.style not in STYLES:
            raise TrainingError(f"style {self.style!r}: choose one of {', '.join(STYLES)}")


@dataclass(frozen=True)
class Preset:
    """Settings that are worth a name.

    Attributes:
        settings: where training starts from; each can be overridden.
        summary: what to expect, in one line.
    """

    settings: Settings
    summary: str


PRESETS = {
    "fast": Preset(
        Settings(width=0.25),
        "a quarter of the width, rendered words: minutes on two cores",
    ),
    "full": Preset(
        Settings(
            winograd=True,
            steps=20_000,
            learning_rate=1e-3,
            warmup=500,
            interval=250,
            validation=1000,
        ),
        "the original network, rendered words: hours on two cores",
    ),
    "original": Preset(
        Settings(
            data="",
            batch=256,
            steps=5274,
            interval=528,
            learning_rate=1e-3,
            warmup=0,
            decay=False,
            clip=0.0,
            validation=15_000,
        ),
        "the original run: 10 epochs of 135,000 real MJSynth images, named by --data; hours",
    ),
    "release": Preset(
        Settings(
            precision="mixed_bfloat16",
            unroll=False,
            steps=100_000,
            batch=1024,
            learning_rate=1e-3,
            warmup=2000,
            interval=1000,
            validation=5000,
        ),
        "the original network and 100 million showings: hours on a GPU, KERAS_BACKEND=jax",
    ),
}
