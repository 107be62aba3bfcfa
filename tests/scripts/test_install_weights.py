import importlib.util
from pathlib import Path

import install_weights
import pytest

from course_utils.ocr import weights
from course_utils.ocr.crnn import build_crnn


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the module that carries the hash, and an empty place for the weights."""
    module = tmp_path / "weights.py"
    module.write_bytes(Path(weights.__file__).read_bytes())
    monkeypatch.setattr(install_weights, "MODULE", module)
    monkeypatch.setattr(weights, "WEIGHTS", tmp_path / "data" / "crnn.weights.h5")
    return module


def imported(path):
    spec = importlib.util.spec_from_file_location("copy_of_weights", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_installed_loads_as_the_courses_own(copy, tmp_path, monkeypatch, capsys):
    build_crnn().save_weights(tmp_path / "best.weights.h5")
    before = copy.read_text("utf-8")
    assert install_weights.main([str(tmp_path / "best.weights.h5")]) == 0
    digest = imported(copy).WEIGHTS_SHA256
    assert digest == weights.sha256(weights.WEIGHTS)
    assert digest in capsys.readouterr().out
    assert copy.read_text("utf-8").replace(digest, weights.WEIGHTS_SHA256) == before
    assert weights.WEIGHTS.stat().st_size < 13.5e6
    monkeypatch.setattr(weights, "WEIGHTS_SHA256", digest)
    assert weights.load_network().count_params() == 6_619_711


def test_a_narrow_networks_weights_are_refused(copy, tmp_path, capsys):
    build_crnn(width=0.1).save_weights(tmp_path / "narrow.weights.h5")
    before = copy.read_bytes()
    assert install_weights.main([str(tmp_path / "narrow.weights.h5")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.endswith("651,012 weights, not 6,619,711\n")
    assert copy.read_bytes() == before
    assert not weights.WEIGHTS.exists()
