import csv
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from killed_training import SETTINGS, tiny_data, tiny_network
from training_words import DeadlyWords, DrawnWords

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.ctc import ctc_loss
from course_utils.ocr.datasets import STYLES, SyntheticWords
from course_utils.ocr.fonts import default_faces
from course_utils.ocr.training import PRESETS, Settings, TrainingError, loop, train
from course_utils.ocr.training.__main__ import main
from course_utils.ocr.training.checkpoints import load_checkpoint

TESTS = Path(__file__).parents[1]
REAL = Path(__file__).parents[3] / "shared/data/real_words/mjsynth_dev"
SMALL = Settings(steps=6, batch=4, interval=2, warmup=2, validation=12, width=0.02, unroll=False)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setattr(loop, "build_crnn", tiny_network)
    monkeypatch.setattr(loop, "_open_data", tiny_data)


def same(folder, other):
    (arrays, state), (arrays2, state2) = load_checkpoint(folder), load_checkpoint(other)
    timeless = [
        [{k: v for k, v in row.items() if not k.endswith("seconds")} for row in log["log"]]
        for log in (state, state2)
    ]
    return (
        timeless[0] == timeless[1]
        and arrays.keys() == arrays2.keys()
        and all(np.array_equal(arrays[name], arrays2[name]) for name in arrays)
        and same_weights(folder / "best.weights.h5", other / "best.weights.h5")
        and same_weights(folder / "last.weights.h5", other / "last.weights.h5")
    )


def weights(path):
    network = tiny_network()
    network.load_weights(path)
    return network.get_weights()


def same_weights(path, other):
    return all(map(np.array_equal, weights(path), weights(other)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 and fork are Unix's")
def test_twenty_kills_change_nothing(tmp_path):
    series = {"whole": (0, 0, 0), "first": (10, 1, 1), "second": (10, 2, 2)}
    one_thread = {"TF_NUM_INTRAOP_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    runs = [
        subprocess.Popen(
            [sys.executable, TESTS / "killed_training.py", tmp_path / name, *map(str, numbers)],
            env=os.environ | one_thread | {"PYTHONPATH": str(TESTS)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, numbers in series.items()
    ]
    whole, *killed = [json.loads(run.communicate()[0]) for run in runs]
    assert whole["kills"] == 0
    assert sum(run["kills"] for run in killed) == 20
    assert sum(run["while writing"] for run in killed) >= 5
    log = load_checkpoint(tmp_path / "whole")[1]["log"]
    assert [row["step"] for row in log] == list(range(6, SETTINGS.steps + 1, 6))
    assert log[-1]["loss"] < log[0]["loss"]
    assert same(tmp_path / "first", tmp_path / "whole")
    assert same(tmp_path / "second", tmp_path / "whole")


class Interrupted(Exception):
    pass


def test_the_real_network_goes_on_where_it_was(tmp_path, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(loop, "_open_data", tiny_data)

    def interrupt(row, _):
        if row["step"] == 4:
            raise Interrupted

    train(SMALL, tmp_path / "whole")
    with pytest.raises(Interrupted):
        train(SMALL, tmp_path / "parts", on_interval=interrupt)
    train(SMALL, tmp_path / "parts")
    (arrays, _), (arrays2, _) = (load_checkpoint(tmp_path / name) for name in ("whole", "parts"))
    assert all(np.array_equal(arrays[name], arrays2[name]) for name in arrays)
    assert len(arrays) == 40 + 65


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A short run: its folder, its result, and what on_interval was given."""
    folder, seen = tmp_path_factory.mktemp("runs") / "finished", []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "build_crnn", tiny_network)
        patch.setattr(loop, "_open_data", tiny_data)
        result = train(
            SMALL, folder, on_interval=lambda row, net: seen.append((row, net.get_weights()))
        )
    return folder, result, seen


def test_the_log_has_a_row_an_interval(finished):
    folder, result, seen = finished
    with open(folder / "log.csv", newline="") as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    assert rows == result["log"] == [row for row, _ in seen]
    assert [row["step"] for row in rows] == [2, 4, 6]
    assert [row["images"] for row in rows] == [8, 16, 24]
    assert rows[-1]["learning_rate"] == 0


def test_the_weights_are_those_of_the_best_and_of_the_last_interval(finished):
    folder, result, seen = finished
    best = min(range(3), key=lambda n: seen[n][0]["validation_loss"])
    assert result["best"] == seen[best][0]
    assert all(map(np.array_equal, weights(folder / "best.weights.h5"), seen[best][1]))
    assert all(map(np.array_equal, weights(folder / "last.weights.h5"), seen[-1][1]))


def test_the_validation_loss_is_the_networks_on_the_validation_words(finished):
    folder, result, _ = finished
    network = tiny_network()
    network.load_weights(folder / "last.weights.h5")
    words = [tiny_data(SMALL)[1][index] for index in range(12)]
    images = np.stack([word.image for word in words])[..., None] / 255
    labels = Alphabet().encode_batch([word.text for word in words])
    losses = ctc_loss(labels, network(images, training=False), 62)
    assert result["log"][-1]["validation_loss"] == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_result_says_where_it_came_from_and_names_no_path(finished):
    folder, result, _ = finished
    text = (folder / "result.json").read_text()
    assert json.loads(text) == result
    assert result["settings"]["steps"] == 6
    assert result["packages"]["keras"] == keras.__version__
    assert result["machine"]["cores"] == os.cpu_count()
    assert str(folder) not in text
    assert str(Path.home()) not in text


def test_a_finished_run_is_left_as_it_is(finished):
    folder, result, _ = finished
    assert train(SMALL, folder)["log"] == result["log"]


def test_other_settings_are_refused(finished):
    folder, _, _ = finished
    changed = Settings(**{**vars(SMALL), "seed": 2})
    with pytest.raises(TrainingError, match=r"holds a run with seed 1, not 2.*--out"):
        train(changed, folder)


def test_other_faces_are_refused(finished, monkeypatch):
    folder, _, _ = finished
    monkeypatch.setattr(loop, "_open_data", lambda _: (DrawnWords(), DrawnWords(), {"hash": "x"}))
    with pytest.raises(TrainingError, match="holds a run with hash None, not x"):
        train(SMALL, folder)


def given_words(words):
    return tuple(
        SyntheticWords(3, split, words=words, faces=default_faces()[:2], style=STYLES["print"])
        for split in ("train", "validation")
    )


def test_given_words_are_trained_and_validated_on_and_other_ones_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_open_data", None)
    given, asked = given_words(["cat", "dog"]), []
    monkeypatch.setattr(
        SyntheticWords,
        "picture",
        lambda self, index, picture=SyntheticWords.picture: (
            asked.append((self.split, index)) or picture(self, index)
        ),
    )
    result = train(SMALL, tmp_path, words=given)
    assert {index for split, index in asked if split == "train"} >= set(range(6 * 4))
    assert {index for split, index in asked if split == "validation"} == set(range(12))
    assert train(SMALL, tmp_path, words=given)["log"] == result["log"]
    with pytest.raises(TrainingError, match="holds a run with words"):
        train(SMALL, tmp_path, words=given_words(["cat", "cow"]))


def test_training_can_start_from_weights(finished, tmp_path, monkeypatch):
    folder, _, _ = finished
    path = folder / "last.weights.h5"
    chosen = Settings(**{**vars(SMALL), "initial_weights": str(path)})
    network, _ = loop._build(chosen)
    assert all(map(np.array_equal, network.get_weights(), weights(path)))
    (tmp_path / "other.weights.h5").write_bytes(b"no weights")
    chosen = Settings(**{**vars(SMALL), "initial_weights": str(tmp_path / "other.weights.h5")})
    with pytest.raises(TrainingError, match=r"other.weights.h5 cannot start this .* of this width"):
        loop._build(chosen)
    (tmp_path / "other.weights.h5").unlink()
    with pytest.raises(TrainingError, match=r"no such file; name another with --initial-weights"):
        loop._build(chosen)


def test_the_learning_rate_rises_linearly_and_falls_by_a_cosine():
    rate = loop._learning_rate(Settings(steps=100, warmup=20, learning_rate=0.5))
    assert [float(rate(step)) for step in (0, 5, 10, 20, 60, 100)] == pytest.approx(
        [0, 0.125, 0.25, 0.5, 0.25, 0], abs=1e-6
    )


@pytest.mark.parametrize("warmup", [0, 20])
def test_the_learning_rate_can_stay(warmup):
    rate = loop._learning_rate(Settings(steps=100, warmup=warmup, decay=False, learning_rate=0.5))
    late = [float(rate(step)) if callable(rate) else rate for step in (20, 60, 100)]
    assert late == [0.5, 0.5, 0.5]


def test_the_original_preset_is_the_originals_run():
    settings = PRESETS["original"].settings
    assert settings.batch * (settings.steps - 1) < 10 * 135_000 <= settings.batch * settings.steps
    _, model = loop._build(settings)
    plain = keras.optimizers.Adam(0.001).get_config()
    assert {**model.optimizer.get_config(), "name": ""} == {**plain, "name": ""}


def test_an_infinite_loss_is_one_sentence_and_no_checkpoint(tmp_path):
    chosen = Settings(**{**vars(SMALL), "learning_rate": 1e30, "clip": 0, "warmup": 0})
    with pytest.raises(TrainingError, match=r"the loss became (inf|nan) before .*--learning-rate"):
        train(chosen, tmp_path)
    assert load_checkpoint(tmp_path) is None


def test_a_dead_worker_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_open_data", lambda _: (DeadlyWords(), DrawnWords(), {}))
    chosen = Settings(**{**vars(SMALL), "steps": 20, "interval": 20})
    with pytest.raises(TrainingError, match="a process that draws words died"):
        train(chosen, tmp_path, workers=2)


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(TrainingError, match="no space left"):
        train(SMALL, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 0}, "steps is 0: give 1 or more"),
        ({"learning_rate": -1.0}, "learning_rate is -1.0"),
        ({"batch": 9, "showings": 2}, "batch of 9 cannot be shared by 2 showings"),
        ({"precision": "float8"}, "precision 'float8': choose"),
        ({"warmup": 1000}, "1000 steps of warmup in 1000"),
        ({"width": float("nan")}, "width is nan"),
    ],
)
def test_impossible_settings_are_refused(change, message):
    with pytest.raises(TrainingError, match=message):
        Settings(**change)


def arguments(**changes):
    return [f"--{name.replace('_', '-')}={value}" for name, value in changes.items()]


SHORT = {"steps": 2, "interval": 1, "batch": 4, "warmup": 0, "validation": 4, "workers": 0}


def test_the_command_line_trains_and_sums_up(tmp_path, capsys):
    assert main([*arguments(out=tmp_path, seed=7, **SHORT), "--no-unroll"]) == 0
    output = capsys.readouterr().out
    assert "2 steps, 8 images in" in output
    assert "waiting for input" in output
    settings = json.loads((tmp_path / "result.json").read_text())["settings"]
    assert (settings["seed"], settings["unroll"], settings["width"]) == (7, False, 0.25)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"steps": -1}, "steps is -1"),
        ({"preset": "original"}, "name an MJSynth folder, archive or address with --data"),
        ({"preset": "original", "data": "nowhere"}, "nowhere: no such folder or archive"),
        ({"fonts": "nowhere"}, "nowhere is no folder"),
    ],
)
def test_the_command_line_answers_errors_with_one_sentence(
    given, sentence, tmp_path, capsys, monkeypatch
):
    monkeypatch.undo()
    assert main(arguments(out=tmp_path / "run", **given)) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert sentence in error
    assert error.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(arguments(out=tmp_path / "file/run", **SHORT)) == 2
    assert capsys.readouterr().err.startswith("error: cannot write into")


def test_a_read_only_disk_is_one_sentence(tmp_path, capsys, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert main(arguments(out=tmp_path / "run", **SHORT)) == 2
    assert "Read-only file system" in capsys.readouterr().err


def test_help_comes_without_waiting_for_keras():
    code = (
        "import sys; from course_utils.ocr.training.__main__ import main\ntry: main(['--help'])\n"
    )
    code += "finally: assert not {'keras', 'tensorflow'} & set(sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert all(f"  {name} " in run.stdout for name in PRESETS)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/data/real_words")
def test_the_original_run_begins_on_real_mjsynth(tmp_path, monkeypatch, capsys):
    monkeypatch.undo()
    given = {"preset": "original", "data": REAL, "width": 0.02, "steps": 2, "interval": 1}
    assert main([*arguments(out=tmp_path, workers=1, **given), "--no-unroll"]) == 0
    assert "2 steps, 512 images" in capsys.readouterr().out
    assert "shared" not in (tmp_path / "result.json").read_text()
