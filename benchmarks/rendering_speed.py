"""How many word images a core draws in a second.

    python benchmarks/rendering_speed.py

Processor time is measured, not the clock on the wall, so that other work on the machine counts
little; the median of several rounds is the figure.
"""

import statistics
import time

import cv2

from course_utils.ocr.datasets import STYLES, SyntheticWords

ROUNDS, IMAGES = 7, 500


def images_per_second(words: SyntheticWords, first: int) -> float:
    """Images drawn and fitted a second of processor time."""
    start = time.process_time()
    for index in range(first, first + IMAGES):
        words[index]
    return IMAGES / (time.process_time() - start)


def main() -> None:
    """Print a line for each style of words."""
    cv2.setNumThreads(1)
    for name, style in STYLES.items():
        words = SyntheticWords(1, style=style)
        images_per_second(words, 0)  # loads the faces
        rates = [images_per_second(words, IMAGES * (1 + number)) for number in range(ROUNDS)]
        print(
            f"{name}: {statistics.median(rates):.0f} images/s a core "
            f"({min(rates):.0f} to {max(rates):.0f})"
        )


if __name__ == "__main__":
    main()
