import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the benchmark of engines needs Linux"
)

REVERSED = """
import measure
from pathlib import Path

def load(job):
    def read(path):
        return Path(path).stem[::-1]
    return measure.Engine("Mirror 1.0", read, lambda paths: [read(path) for path in paths])

measure.run(load)
"""
ABSENT = """
import measure

def load(job):
    raise measure.Missing("Absent is not installed (plant it)")

measure.run(load)
"""
BROKEN = "raise RuntimeError('no power')"


@pytest.fixture(scope="module")
def reading():
    spec = importlib.util.spec_from_file_location("reading", ROOT / "benchmarks" / "reading.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def engines(reading, tmp_path, monkeypatch):
    """A folder with engines made for the test."""
    shutil.copy(reading.ENGINES / "measure.py", tmp_path)
    for name, code in (("mirror", REVERSED), ("absent", ABSENT), ("broken", BROKEN)):
        (tmp_path / f"{name}.py").write_text(code, "utf-8")
    monkeypatch.setattr(reading, "ENGINES", tmp_path)
    return tmp_path


JOB = {"all": ["/a/abc.png", "/a/xyz.png"], "single": ["/a/abc.png"], "cores": 2}


def test_an_engine_reads_in_a_process_of_its_own(reading, engines):
    row = reading.run_engine(sys.executable, "mirror.py", JOB)
    assert row["texts"] == ["cba", "zyx"]
    assert row["version"] == "Mirror 1.0"
    assert 3 < row["peak_mib"] < 100
    assert min(row["images_per_second_single"], row["images_per_second_batched"]) > 0


def test_a_missing_engine_is_left_out(reading, engines, capsys):
    assert reading.run_engine(sys.executable, "absent.py", JOB) is None
    assert capsys.readouterr().err == "left out: Absent is not installed (plant it)\n"


def test_a_failing_engine_is_an_error(reading, engines):
    with pytest.raises(reading.EngineError, match=r"broken\.py failed: RuntimeError: no power"):
        reading.run_engine(sys.executable, "broken.py", JOB)


def test_every_folder_is_scored_on_its_own_words(reading):
    labels = {
        "one": [(Path("a"), "Cat"), (Path("b"), "dog")],
        "two": [(Path("c"), "U.S.")],
    }
    scores = reading.scores(["cat!", "dig", "us"], labels)
    assert scores["one"]["accuracy"] == 1 / 2
    assert scores["one"]["cer"] == pytest.approx(1 / 6)
    assert scores["two"] == {"accuracy": 1, "cer": 0, "one_minus_ned": 1}


def row(version, accuracy):
    score = {"accuracy": accuracy, "cer": 0.1, "one_minus_ned": 0.9}
    return {
        "version": version,
        "images_per_second_single": 10.0,
        "images_per_second_batched": 200.0,
        "peak_mib": 512.0,
        "folders": {"one": score, "two": score},
    }


def test_table_and_plot_show_every_engine(reading):
    rows = [row("Mirror 1.0", 0.25), row("Lens 2", 0.5)]
    lines = reading.table(rows).splitlines()[1:]
    assert [line.split()[-6:] for line in lines[:2]] == [
        ["25.0%", "10.0%", "0.900", "10.0", "200.0", "512"]
    ] * 2
    assert len(lines) == 4
    figure = reading.draw(rows)
    assert [len(ax.patches) for ax in figure.axes] == [4, 4, 2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Mirror 1.0", "Lens 2"]
