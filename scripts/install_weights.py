"""Makes a training run's weights the ones that come with the course.

    python scripts/install_weights.py runs/full/best.weights.h5

Writes them as float16 to data/weights/crnn.weights.h5 and their SHA-256 into
course_utils/ocr/weights.py. Every replacement stays in the repository's history with its 13 MB, so
do it rarely; data/weights/README.md should tell about the new ones.
"""

import argparse
import re
import sys
from pathlib import Path

from course_utils.files import replacing
from course_utils.ocr import weights
from course_utils.ocr.weights import WeightsError, load_network, save_weights_float16, sha256

MODULE = Path(weights.__file__)
PARAMETERS = 6_619_711


def install(source: Path) -> str:
    """Install the weights of a file.

    Args:
        source: weights of the original network, of any precision.

    Returns:
        The SHA-256 of the installed file.

    Raises:
        WeightsError: they cannot be read, are a narrower network's, or cannot be written.
    """
    network = load_network(source)
    if network.count_params() != PARAMETERS:
        raise WeightsError(f"{source} holds {network.count_params():,} weights, not {PARAMETERS:,}")
    weights.WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
    save_weights_float16(network, weights.WEIGHTS)
    digest = sha256(weights.WEIGHTS)
    with replacing(MODULE) as unfinished:
        unfinished.write_text(with_digest(MODULE.read_text("utf-8"), digest), "utf-8")
    return digest


def with_digest(code: str, digest: str) -> str:
    """The module's code with another SHA-256."""
    code, count = re.subn(r'(?m)^WEIGHTS_SHA256 = "\w*"$', f'WEIGHTS_SHA256 = "{digest}"', code)
    assert count == 1, "course_utils/ocr/weights.py has no line WEIGHTS_SHA256"
    return code


def main(arguments: list[str] | None = None) -> int:
    """Install as the command line says; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="a weights file of the original network")
    source = parser.parse_args(arguments).source
    try:
        digest = install(source)
    except WeightsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{weights.WEIGHTS}: {weights.WEIGHTS.stat().st_size:,} bytes, SHA-256 {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
