"""What is marked ``backends`` holds under Keras' JAX backend too."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is in `make dev` only")
def test_marked_tests_pass_on_jax():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "backends", "tests", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout[-5000:]
