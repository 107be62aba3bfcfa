"""Checks that this machine can run the course, point by point, each with its mend.

The report of a machine that is ready is the same text everywhere, so that a notebook can show it
and a strict comparison holds on every machine.
"""

import importlib.metadata
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from course_utils.paths import ROOT
from course_utils.teaching.mode import course_mode

PYTHONS = ((3, 11), (3, 12), (3, 13))
MEMORY, DISK = 2, 1  # GiB that must be free
GIB = 2**30
REINSTALL = "stop Jupyter, delete the folder .venv and run `make lab` again"

Fault = str | None  # what is wrong and how to mend it; None where all is well


def _python() -> Fault:
    if sys.version_info[:2] in PYTHONS:
        return None
    return (
        f"this is Python {sys.version.split()[0]}: install 3.13, delete the folder .venv and run "
        "`make lab PYTHON=python3.13`"
    )


def _own_environment() -> Fault:
    if Path(sys.prefix).resolve() == ROOT / ".venv":
        return None
    return (
        f"the kernel runs in {sys.prefix}: start JupyterLab with `make lab`, or choose "
        "Kernel > Change Kernel > Python 3"
    )


def _packages() -> Fault:
    for line in importlib.metadata.requires("read-and-reckon") or ():
        wanted = Requirement(line)
        try:
            found = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            return f"{wanted.name} is missing: {REINSTALL}"
        if not wanted.specifier.contains(found, prereleases=True):
            return f"{wanted.name} is {found}, not {wanted.specifier}: {REINSTALL}"
    return None


def _tensorflow() -> Fault:
    import keras

    backend = keras.backend.backend()
    if backend != "tensorflow":
        return f"Keras runs on {backend}: unset KERAS_BACKEND and restart the kernel"
    total = float(keras.ops.sum(keras.ops.ones((2, 3))))
    return None if total == 6 else f"the sum of six ones came out as {total}: {REINSTALL}"


def _opencv() -> Fault:
    import cv2
    import numpy as np

    picture = np.arange(32 * 128, dtype=np.uint8).reshape(32, 128)
    written, png = cv2.imencode(".png", picture)
    if written and np.array_equal(cv2.imdecode(png, cv2.IMREAD_GRAYSCALE), picture):
        return None
    return f"a PNG image came back changed: {REINSTALL}"


def _matplotlib() -> Fault:
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1))
    canvas = FigureCanvasAgg(figure)
    figure.subplots().plot([0, 1])
    canvas.draw()
    return None if np.ptp(canvas.buffer_rgba()) else f"a drawn line left no mark: {REINSTALL}"


def _widgets() -> Fault:
    import ipywidgets

    for package in ("jupyterlab_widgets", "jupyterlab"):
        importlib.metadata.version(package)
    slider = ipywidgets.IntSlider(value=3)
    return None if slider.value == 3 else f"a slider lost its value: {REINSTALL}"


def _weights() -> Fault:
    from course_utils.ocr.weights import WeightsError, load_network

    try:
        load_network()
    except WeightsError as error:
        return str(error)
    return None


def _memory_and_disk() -> Fault:
    memory = psutil.virtual_memory().available / GIB
    if memory < MEMORY:
        return f"{memory:.1f} GiB of memory are free: close other programs or kernels"
    disk = shutil.disk_usage(ROOT).free / GIB
    if disk < DISK:
        return f"{disk:.1f} GiB of disk are free: make room"
    return None


def _mode() -> Fault:
    try:
        course_mode()
    except ValueError as error:
        return str(error)
    return None


POINTS: tuple[tuple[str, Callable[[], Fault]], ...] = (
    ("Python is 3.11, 3.12 or 3.13", _python),
    ("the kernel runs in the course's own environment, .venv", _own_environment),
    ("the packages have the versions the course was made with", _packages),
    ("TensorFlow computes, and Keras runs on it", _tensorflow),
    ("OpenCV writes an image and reads it back", _opencv),
    ("Matplotlib draws", _matplotlib),
    ("sliders and buttons work (ipywidgets)", _widgets),
    ("the trained network is here, whole, and the one this course is about", _weights),
    (f"{MEMORY} GiB of memory and {DISK} GiB of disk are free", _memory_and_disk),
    ("COURSE_MODE is fast or full", _mode),
)


def check(points: Sequence[tuple[str, Callable[[], Fault]]] = POINTS) -> None:
    """Prints ``[OK]`` or ``[FAIL]`` for each point; a failed one says how to mend it.

    Args:
        points: what each point claims, and a function that returns its fault, or None.
    """
    faults = 0
    for claim, find_fault in points:
        try:
            fault = find_fault()
        except Exception as error:  # whatever a broken installation throws is a finding
            fault = f"{type(error).__name__}: {error}; {REINSTALL}"
        faults += fault is not None
        print(f"[OK]   {claim}" if fault is None else f"[FAIL] {claim}: {fault}")
    print("Everything is ready." if not faults else f"{faults} of {len(points)} need mending.")
