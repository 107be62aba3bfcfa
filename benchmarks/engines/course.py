"""The course's recognizer as an engine of ``benchmarks/reading.py``."""

import measure

from course_utils.ocr.recognizer import Recognizer


def load(job: dict) -> measure.Engine:
    """The shipped network."""
    recognizer = Recognizer.load()
    return measure.Engine(
        "Read & Reckon",
        lambda path: recognizer.read(path)[0].text,
        lambda paths: [reading.text for reading in recognizer.read(paths)],
    )


if __name__ == "__main__":
    measure.run(load)
