import json

import numpy as np
import pytest

from course_utils.arithmetic import counting


def run(path, *more):
    counting.main(["--steps", "2", "--seeds", "1", "--record", str(path), *more])
    return json.loads(path.read_text(encoding="utf-8"))


def test_it_records_goes_on_and_prints(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(counting, "LENGTHS", (3, 5))
    path = tmp_path / "record.json"
    first = run(path, "--heads", "NAC", "--tasks", "add")
    assert [(row["task"], row["head"]) for row in first["rows"]] == [("add", "NAC")]
    assert first["images"] == {"train": 1347, "test": 450}
    both = run(path, "--heads", "NAC", "RNN", "--tasks", "add")
    assert both["rows"][0] == first["rows"][0]
    assert [row["head"] for row in both["rows"]] == ["NAC", "RNN"]
    assert np.shape(both["rows"][1]["error per digit"]) == (2, 1)
    assert "least kept" not in both["rows"][1]
    assert "RNN" in capsys.readouterr().out


def test_it_refuses_in_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match=r"error: .*there is no such file"):
        counting.main(["--digits", "mnist", "--data", str(tmp_path / "absent.npz")])


def test_a_short_run_on_mnist_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(counting, "LENGTHS", (3,))
    rng = np.random.default_rng(0)
    arrays = {}
    for part, count in (("train", 20), ("test", 12)):
        arrays[f"x_{part}"] = rng.integers(256, size=(count, 28, 28), dtype=np.uint8)
        arrays[f"y_{part}"] = rng.integers(10, size=count)
    np.savez(tmp_path / "mnist.npz", **arrays)
    file = str(tmp_path / "mnist.npz")
    only = ("--heads", "keeping NAC", "--tasks", "count")
    record = run(tmp_path / "record.json", "--digits", "mnist", "--data", file, *only)
    assert record["images"] == {"train": 20, "test": 12}
    assert np.isfinite(record["rows"][0]["share"]).all()
