import os
import platform
import sys

import numpy as np
import pytest

from course_utils.provenance import provenance


def test_it_names_packages_and_machine():
    record = provenance()
    assert record["python"] == platform.python_version()
    assert record["packages"]["numpy"] == np.__version__
    assert record["machine"]["cores"] == os.cpu_count()
    assert platform.node() not in str(record)


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        ("--steps=5", "--steps=5"),
        ("runs/fonts", "runs/fonts"),
        ("/home/me/fonts", "fonts"),
        ("--data=/home/me/mjsynth.tar.gz", "--data=mjsynth.tar.gz"),
        ("../me/fonts", "fonts"),
    ],
)
def test_the_command_is_recorded_without_places(given, recorded, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train.py", given])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    assert provenance()["command"] == f"python train.py {recorded}"
