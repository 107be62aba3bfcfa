"""The training run: fit an interval, validate, log, checkpoint, and so on to the end."""

import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm.auto import tqdm

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.crnn import HEIGHT, WIDTH, build_crnn
from course_utils.ocr.ctc import CTCLoss, ctc_loss
from course_utils.ocr.datasets import STYLES, SyntheticWords, WordImage
from course_utils.ocr.decoding import greedy
from course_utils.ocr.fonts import default_faces, faces_hash, faces_in
from course_utils.ocr.metrics import word_accuracy
from course_utils.ocr.mjsynth import open_mjsynth
from course_utils.ocr.training.checkpoints import (
    load_checkpoint,
    require_space,
    save_checkpoint,
    write_whole,
    writing,
)
from course_utils.ocr.training.feed import Block, Feed, Shuffled, in_order
from course_utils.ocr.training.settings import Settings, TrainingError
from course_utils.provenance import provenance

_SHOWN = ("loss", "validation_loss", "word_accuracy")


def run(
    settings: Settings,
    folder: Path,
    workers: int,
    progress: bool,
    on_interval: Callable[[dict, keras.Model], object] | None,
    given: tuple[SyntheticWords, SyntheticWords] | None = None,
) -> dict:
    """See ``course_utils.ocr.training.train``."""
    if workers < 0:
        raise TrainingError(f"{workers} workers: give 0 or more")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    words, validation_words, origin = (*given, _origin(*given)) if given else _open_data(settings)
    network, model = _build(settings)
    log = _resume(folder, settings, origin, model)
    order = (
        in_order if given or settings.data == "synthetic" else Shuffled(len(words), settings.seed)
    )
    feed = Feed(
        words,
        settings.batch,
        order=order,
        showings=settings.showings,
        lag=settings.lag,
        workers=workers,
    )
    step = log[-1]["step"] if log else 0
    bar = tqdm(total=settings.steps, initial=step, unit="step", disable=not progress)
    with feed, bar:
        images, labels = _take(validation_words, settings.validation)
        while step < settings.steps:
            start = time.perf_counter()
            stop = min(step + settings.interval, settings.steps)
            row = {
                "step": stop,
                "images": stop * settings.batch,
                **_fit(model, feed, step, stop, bar),
                **_validate(model, images, labels),
                "learning_rate": float(model.optimizer.learning_rate),
            }
            step = stop
            earlier = log[-1]["seconds"] if log else 0.0
            row["seconds"] = earlier + time.perf_counter() - start
            log.append(row)
            bar.set_postfix({name: f"{row[name]:.3g}" for name in _SHOWN})
            # Weights, two moments each for Adam, and the copy of the best.
            require_space(folder, 4 * 4 * network.count_params() + 2**20)
            if row is _best(log):
                write_whole(folder / "best.weights.h5", network.save_weights)
            state = {"settings": asdict(settings), "origin": origin, "log": log}
            save_checkpoint(folder, step, _arrays(model), state)
            _write_log(folder, log)
            if on_interval:
                on_interval(row, network)
    write_whole(folder / "last.weights.h5", network.save_weights)
    result = _result(settings, origin, log)
    text = json.dumps(result, indent=1)
    write_whole(folder / "result.json", lambda path: path.write_text(text, encoding="utf-8"))
    return result


def _open_data(
    settings: Settings,
) -> tuple[Sequence[WordImage], Sequence[WordImage], dict[str, Any]]:
    """Training words, validation words, and what they come from."""
    if not settings.data:
        raise TrainingError("name an MJSynth folder, archive or address with --data")
    if settings.data != "synthetic":
        train, validation = open_mjsynth(settings.data, limit=settings.images)
        return train, validation, {"training words": len(train)}
    faces = faces_in(settings.fonts) if settings.fonts else default_faces()
    style = STYLES[settings.style]
    train, validation = (
        SyntheticWords(settings.seed, split, faces=faces, style=style)
        for split in ("train", "validation")
    )
    return train, validation, {"faces": len(faces), "faces hash": faces_hash(faces)}


def _origin(train: SyntheticWords, validation: SyntheticWords) -> dict[str, Any]:
    return {"faces": len(train.faces), "words": f"{train.fingerprint()} {validation.fingerprint()}"}


def _take(words: Sequence[WordImage], count: int) -> tuple[np.ndarray, np.ndarray]:
    chosen = [words[index] for index in range(min(count, len(words)))]
    images = np.stack([word.image for word in chosen])
    return images, Alphabet().encode_batch([word.text for word in chosen])


def _build(settings: Settings) -> tuple[keras.Model, keras.Model]:
    """The network, and the model that trains it from uint8 images (batch, 32, 128)."""
    keras.utils.set_random_seed(settings.seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(settings.precision)
    try:
        network = build_crnn(
            width=settings.width, unroll=settings.unroll, winograd=settings.winograd
        )
        model = keras.Sequential(
            [
                keras.Input((HEIGHT, WIDTH), dtype="uint8"),
                keras.layers.Reshape((HEIGHT, WIDTH, 1)),
                keras.layers.Rescaling(1 / 255),
                network,
            ]
        )
    finally:
        keras.config.set_dtype_policy(policy)
    if settings.initial_weights:
        _load(network, settings.initial_weights)
    model.compile(
        keras.optimizers.Adam(_learning_rate(settings), global_clipnorm=settings.clip or None),
        CTCLoss(),
        jit_compile=keras.backend.backend() == "jax",
    )
    model.optimizer.build(model.trainable_variables)
    return network, model


def _load(network: keras.Model, path: str) -> None:
    try:
        network.load_weights(path)
    except (OSError, ValueError) as error:
        reason = "there is no such file"
        if Path(path).exists():
            reason = f"it is no .weights.h5 file of this width ({str(error).splitlines()[0]})"
        raise TrainingError(
            f"{path} cannot start this network: {reason}; name another with --initial-weights"
        ) from error


def _learning_rate(settings: Settings) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up, then a constant or half a cosine down to zero (arXiv:1608.03983)."""
    if not settings.decay and not settings.warmup:
        return settings.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        0.0 if settings.warmup else settings.learning_rate,
        decay_steps=settings.steps - settings.warmup,
        alpha=0.0 if settings.decay else 1.0,
        warmup_target=settings.learning_rate if settings.warmup else None,
        warmup_steps=settings.warmup,
    )


def _arrays(model: keras.Model) -> dict[str, np.ndarray]:
    """Weights, dropout's seeds and the optimiser's state, by position: names differ by process."""
    variables = [*model.variables, *model.optimizer.variables]
    return {f"{number:03d}": variable.numpy() for number, variable in enumerate(variables)}


def _resume(
    folder: Path, settings: Settings, origin: dict[str, Any], model: keras.Model
) -> list[dict[str, float]]:
    """Put the last checkpoint's state into the model, if there is one; the log so far."""
    checkpoint = load_checkpoint(folder)
    if checkpoint is None:
        return []
    arrays, state = checkpoint
    now = {**asdict(settings), **origin}
    # A setting that is younger than the checkpoint had what is now its default.
    then = {**asdict(Settings()), **state["settings"], **state["origin"]}
    for name in now.keys() - {"fonts"}:  # Their hash tells.
        if then.get(name) != now[name]:
            raise TrainingError(
                f"{folder} holds a run with {name} {then.get(name)}, not {now[name]}: "
                "choose another folder with --out, or delete it"
            )
    variables = [*model.variables, *model.optimizer.variables]
    for variable, value in zip(variables, arrays.values(), strict=True):
        variable.assign(value)
    _write_log(folder, state["log"])
    return state["log"]


def _fit(model: keras.Model, feed: Feed, start: int, stop: int, bar: tqdm) -> dict[str, float]:
    begun, waited = time.perf_counter(), feed.waited

    def batches() -> Iterator[Block]:
        for batch in feed.batches(start, stop):
            bar.update()
            yield batch

    try:
        fitted = model.fit(batches(), steps_per_epoch=stop - start, shuffle=False, verbose=0)
    except Exception:
        # TensorFlow wraps what its input raises in a trace of its own.
        if feed.failure:
            raise feed.failure from None
        raise
    loss = fitted.history["loss"][0]
    if not np.isfinite(loss):
        raise TrainingError(f"the loss became {loss} before step {stop}: lower --learning-rate")
    return {
        "loss": loss,
        "fit_seconds": time.perf_counter() - begun,
        "waited_seconds": feed.waited - waited,
    }


def _validate(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    alphabet = Alphabet()
    logits = model.predict(images, batch_size=200, verbose=0)
    losses = keras.ops.convert_to_numpy(ctc_loss(labels, logits, alphabet.blank))
    return {
        "validation_loss": float(losses.mean()),
        "word_accuracy": word_accuracy(
            [reading.text for reading in greedy(logits, alphabet)],
            [alphabet.decode(row) for row in labels],
        ),
    }


def _best(log: list[dict[str, float]]) -> dict[str, float]:
    return min(log, key=lambda row: row["validation_loss"])


def _write_log(folder: Path, log: list[dict[str, float]]) -> None:
    def write(path: Path) -> None:
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, log[0])
            writer.writeheader()
            writer.writerows(log)

    write_whole(folder / "log.csv", write)


def _result(settings: Settings, origin: dict[str, Any], log: list[dict[str, float]]) -> dict:
    chosen = asdict(settings)
    for name in ("data", "fonts", "initial_weights"):
        chosen[name] = Path(chosen[name]).name
    fitting = sum(row["fit_seconds"] for row in log)
    return {
        "settings": chosen,
        "origin": origin,
        "steps": log[-1]["step"],
        "images": log[-1]["images"],
        "seconds": log[-1]["seconds"],
        "images_per_second": log[-1]["images"] / fitting,
        "waiting": sum(row["waited_seconds"] for row in log) / fitting,
        "best": _best(log),
        "backend": keras.backend.backend(),
        **provenance(),
        "log": log,
    }
