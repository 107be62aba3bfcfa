"""Records how the shipped weights were trained: data/results/training.json.

    python scripts/record_training.py runs/release-1-print runs/release-2-print …

Takes the stages' folders in their order and keeps their settings, faces and curves, also of a stage
that was stopped before its last step. Stages recorded before stay, ahead of the new ones.
"""

import argparse
import json
import sys
from pathlib import Path

from course_utils.files import replacing
from course_utils.ocr.training import TrainingError
from course_utils.ocr.training.checkpoints import load_checkpoint
from course_utils.paths import DATA
from course_utils.provenance import provenance

RECORD = DATA / "results" / "training.json"


def stage(folder: Path) -> dict:
    """What the last checkpoint in a run's folder says of the run, without this machine's paths.

    Raises:
        TrainingError: there is no checkpoint in the folder.
    """
    checkpoint = load_checkpoint(folder)
    if checkpoint is None:
        raise TrainingError(f"{folder} holds no checkpoint: name the folder of a training run")
    state = checkpoint[1]
    last = state["log"][-1]
    return {
        "stage": folder.name,
        **state["settings"] | {"fonts": Path(state["settings"]["fonts"]).name},
        **state["origin"],
        "stopped at step": last["step"],
        "images shown": last["images"],
        "seconds": round(last["seconds"]),
        "log": [{k: round(v, 6) for k, v in row.items()} for row in state["log"]],
    }


def main(arguments: list[str] | None = None) -> int:
    """Write the record; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="the stages, first to last")
    try:
        stages = [stage(folder) for folder in parser.parse_args(arguments).folders]
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    earlier = json.loads(RECORD.read_text("utf-8"))["stages"] if RECORD.exists() else []
    again = {new["stage"] for new in stages}
    stages = [old for old in earlier if old["stage"] not in again] + stages
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    record = json.dumps({"stages": stages, **provenance()}, indent=1)
    with replacing(RECORD) as unfinished:
        unfinished.write_text(record + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
