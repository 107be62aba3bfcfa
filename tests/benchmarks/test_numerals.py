import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from course_utils.arithmetic.numeral_readers import Reader

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "numerals.py"
SHORT = {"steps": 10, "interval": 5, "hidden": 3, "embedding": 3}


@pytest.fixture
def benchmark(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("numerals_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    readers = {"a": [Reader("linear", 9.0, **SHORT)], "b": [Reader("NAC", body="pairs", **SHORT)]}
    monkeypatch.setattr(module, "RECORD", tmp_path / "numerals.json")
    monkeypatch.setattr(module, "READERS", readers)
    monkeypatch.setattr(module, "SEEDS", 2)
    monkeypatch.setattr(sys, "argv", ["numerals.py"])
    return module


def test_every_reader_is_recorded_once_and_a_stopped_run_goes_on(benchmark, monkeypatch):
    measure, measured = benchmark.measure, []

    def stops(reader, seeds):
        if measured:
            raise KeyboardInterrupt
        measured.append(reader)
        return measure(reader, seeds)

    monkeypatch.setattr(benchmark, "measure", stops)
    with pytest.raises(KeyboardInterrupt):
        benchmark.main()
    before = json.loads(benchmark.RECORD.read_text())["readers"]
    assert [row["group"] for row in before] == ["a"]

    monkeypatch.setattr(benchmark, "measure", measure)
    benchmark.main()
    record = json.loads(benchmark.RECORD.read_text())
    assert record["seeds"] == 2
    assert record["readers"][0] == before[0]
    expected = [asdict(reader) for readers in benchmark.READERS.values() for reader in readers]
    assert [row["settings"] for row in record["readers"]] == expected
    for row in record["readers"]:
        assert all(len(row[part]) == 2 for part in ("train", "validation", "test"))
        assert all(low <= test for low, test in zip(row["lowest test"], row["test"], strict=True))
        assert ("median |state|" in row) == (row["settings"]["body"] == "LSTM")
        assert len(row["median curves"]) == 2
