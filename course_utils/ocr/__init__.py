"""Word image -> text.

The names below are imported when they are first used: worker processes that only draw words then
start without TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_utils.ocr.alphabet import Alphabet
    from course_utils.ocr.crnn import build_crnn
    from course_utils.ocr.ctc import CTCLoss
    from course_utils.ocr.datasets import SyntheticWords
    from course_utils.ocr.mjsynth import MJSynth
    from course_utils.ocr.recognizer import Recognizer

__all__ = ["Alphabet", "CTCLoss", "MJSynth", "Recognizer", "SyntheticWords", "build_crnn"]

_HOMES = {
    "Alphabet": "alphabet",
    "CTCLoss": "ctc",
    "MJSynth": "mjsynth",
    "Recognizer": "recognizer",
    "SyntheticWords": "datasets",
    "build_crnn": "crnn",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
