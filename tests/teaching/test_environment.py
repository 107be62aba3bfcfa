import importlib.metadata
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import pytest

from course_utils.ocr import weights
from course_utils.teaching import environment
from course_utils.teaching.mode import course_mode


def test_each_point_is_ok_or_names_its_mend(capsys):
    points = [("water is wet", lambda: None), ("fire is cold", lambda: "it is hot: cool it")]
    environment.check(points)
    assert capsys.readouterr().out == (
        "[OK]   water is wet\n[FAIL] fire is cold: it is hot: cool it\n1 of 2 need mending.\n"
    )


def test_a_ready_machine_gets_the_same_text_everywhere(capsys):
    environment.check([("water is wet", lambda: None)])
    assert capsys.readouterr().out == "[OK]   water is wet\nEverything is ready.\n"


def test_a_broken_library_is_a_finding_not_a_trace(capsys):
    def broken():
        raise ImportError("DLL load failed")

    environment.check([("a library loads", broken)])
    assert "[FAIL] a library loads: ImportError: DLL load failed; stop" in capsys.readouterr().out


CLAIMS, FUNCTIONS = zip(*environment.POINTS, strict=True)


@pytest.mark.parametrize("find_fault", FUNCTIONS, ids=CLAIMS)
def test_no_point_fails_in_the_course_environment(find_fault):
    outside = Path(sys.prefix) != environment.ROOT / ".venv"
    if find_fault is environment._own_environment and outside:
        pytest.skip("the tests run outside .venv")
    assert find_fault() is None


def missing(name):
    raise importlib.metadata.PackageNotFoundError(name)


FAULTS = {
    "an old Python": (
        environment._python,
        lambda patch: patch.setattr(sys, "version_info", (3, 9, 18)),
        "PYTHON=python3.13",
    ),
    "another kernel": (
        environment._own_environment,
        lambda patch: patch.setattr(sys, "prefix", "/usr"),
        "Change Kernel",
    ),
    "a missing package": (
        environment._packages,
        lambda patch: patch.setattr(importlib.metadata, "version", missing),
        "is missing",
    ),
    "an old package": (
        environment._packages,
        lambda patch: patch.setattr(importlib.metadata, "version", lambda _: "0.1"),
        "is 0.1, not",
    ),
    "another backend": (
        environment._tensorflow,
        lambda patch: patch.setattr(keras.backend, "backend", lambda: "torch"),
        "unset KERAS_BACKEND",
    ),
    "lost weights": (
        environment._weights,
        lambda patch: patch.setattr(weights, "WEIGHTS", Path("nowhere.weights.h5")),
        "nowhere.weights.h5",
    ),
    "little memory": (
        environment._memory_and_disk,
        lambda patch: patch.setattr(
            environment.psutil, "virtual_memory", lambda: SimpleNamespace(available=2**28)
        ),
        "0.2 GiB of memory",
    ),
    "a full disk": (
        environment._memory_and_disk,
        lambda patch: patch.setattr(
            environment.shutil, "disk_usage", lambda _: SimpleNamespace(free=2**28)
        ),
        "0.2 GiB of disk",
    ),
    "a misspelt mode": (
        environment._mode,
        lambda patch: patch.setenv("COURSE_MODE", "fats"),
        "COURSE_MODE is 'fats': set it to fast or full",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_found_and_their_mend_named(monkeypatch, name):
    find_fault, spoil, mend = FAULTS[name]
    spoil(monkeypatch)
    fault = find_fault()
    monkeypatch.undo()
    assert mend in fault


def test_fast_is_the_default_mode(monkeypatch):
    monkeypatch.delenv("COURSE_MODE", raising=False)
    assert course_mode() == "fast"
    monkeypatch.setenv("COURSE_MODE", "full")
    assert course_mode() == "full"
