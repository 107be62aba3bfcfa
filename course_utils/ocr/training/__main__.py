"""``python -m course_utils.ocr.training``: train a network from the command line."""

import argparse
import dataclasses
import os
import sys
from pathlib import Path

from course_utils.ocr.fonts import FontError
from course_utils.ocr.mjsynth import MJSynthError
from course_utils.ocr.training import PRESETS, Settings, TrainingError, train


def _parser() -> argparse.ArgumentParser:
    lines = [
        f"  {name:9} {preset.summary}\n{'':12}{preset.settings.steps:,} steps of "
        f"{preset.settings.batch} images"
        for name, preset in PRESETS.items()
    ]
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.ocr.training",
        description="Train the network that reads words. Killed and started again with the same "
        "command, it goes on from its last checkpoint.",
        epilog="\n".join(["presets:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--preset", choices=PRESETS, default="fast", help="see below")
    parser.add_argument("--out", metavar="FOLDER", help="where the run lives (runs/PRESET)")
    parser.add_argument(
        "--workers",
        type=int,
        default=max(1, (os.cpu_count() or 1) - 1),
        metavar="N",
        help="processes that draw images (%(default)s)",
    )
    group = parser.add_argument_group("settings, instead of the preset's")
    for field in dataclasses.fields(Settings):
        option = f"--{field.name.replace('_', '-')}"
        meaning = field.metadata["help"]
        if isinstance(field.default, bool):
            group.add_argument(option, action=argparse.BooleanOptionalAction, help=meaning)
        else:
            kind = type(field.default)
            group.add_argument(option, type=kind, metavar=kind.__name__.upper(), help=meaning)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Train as the command line says; the exit status."""
    chosen = vars(_parser().parse_args(arguments))
    preset, out, workers = (chosen.pop(name) for name in ("preset", "out", "workers"))
    changes = {name: value for name, value in chosen.items() if value is not None}
    folder = Path(out or f"runs/{preset}")
    try:
        settings = dataclasses.replace(PRESETS[preset].settings, **changes)
        result = train(settings, folder, workers=workers, progress=True)
    except (TrainingError, FontError, MJSynthError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped: the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    print(_summary(result))
    return 0


def _summary(result: dict) -> str:
    best = result["best"]
    return (
        f"{result['steps']:,} steps, {result['images']:,} images in {result['seconds']:.0f} s: "
        f"{result['images_per_second']:.0f} images/s, at most {result['waiting']:.1%} of the time "
        f"waiting for input\n"
        f"best at step {best['step']:,}: validation loss {best['validation_loss']:.3f}, "
        f"{best['word_accuracy']:.1%} of words right"
    )


if __name__ == "__main__":
    sys.exit(main())
