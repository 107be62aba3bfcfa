import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_utils.ocr import benchmark
from course_utils.ocr.benchmark import BenchmarkError, Evaluation, WordRead, evaluate, read_labels
from course_utils.ocr.crnn import build_crnn
from course_utils.ocr.decoding import Reading
from course_utils.ocr.preprocessing import ImageError

SETS = Path(__file__).resolve().parents[3] / "shared" / "data" / "real_words"


def word(truth, text, confidence=0.5):
    return WordRead(Path("word.png"), truth, text, confidence)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "words"
    (folder / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("a.png", "deep/b.jpg", "c.png"):
        Image.fromarray(rng.integers(0, 256, (20, 50), np.uint8)).save(folder / name)
    (folder / "labels.tsv").write_text("a.png\tYes\ndeep/b.jpg\tno way\nc.png\té, 50$\n", "utf-8")
    return folder


class Parrot:
    """A recognizer that says what it is told to, having taken every path."""

    def __init__(self, *texts):
        self.texts = texts

    def read(self, images, decoder):
        return [Reading(text, 0.9) for _, text in zip(images, self.texts, strict=True)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "narrow.weights.h5"
    build_crnn(width=0.1).save_weights(path)
    return str(path)


class TestFigures:
    def test_by_hand(self):
        words = word("Cat", "cat"), word("dog", "dig"), word("U.S.", "US"), word("a", "")
        result = Evaluation("some", words, seconds=2.0)
        assert result.exact == 0
        assert result.accuracy == 2 / 4
        assert result.cer == (0 + 1 + 0 + 1) / (3 + 3 + 2 + 1)
        assert result.one_minus_ned == pytest.approx((1 + 2 / 3 + 1 + 0) / 4)
        assert result.images_per_second == 2

    def test_the_worst_are_the_farthest_and_among_them_the_surest(self):
        near, far = word("dog", "dig", 0.9), word("dog", "x", 0.1)
        sure, right = word("cat", "x", 0.8), word("Dog", "dog", 1.0)
        result = Evaluation("some", (right, near, far, sure), seconds=1.0)
        assert result.worst() == [sure, far, near]
        assert result.worst(1) == [sure]

    def test_the_table_and_the_record_say_the_same(self):
        result = Evaluation("a_folder", (word("cat", "cat"), word("dog", "dig")), seconds=0.5)
        head, row = benchmark.table([result]).splitlines()
        assert row.split() == ["a_folder", "2", "50.0%", "50.0%", "16.7%", "0.833", "4.0"]
        assert len(head) == len(row)
        assert result.figures() == {
            "folder": "a_folder",
            "words": 2,
            "exact": 0.5,
            "accuracy": 0.5,
            "cer": pytest.approx(1 / 6),
            "one_minus_ned": pytest.approx(5 / 6),
            "images_per_second": 4.0,
        }


class TestEvaluate:
    def test_every_word_keeps_its_label(self, folder):
        result = evaluate(Parrot("yes", "no", "50"), folder)
        assert [(w.path, w.truth, w.text, w.confidence) for w in result.words] == [
            (folder / "a.png", "Yes", "yes", 0.9),
            (folder / "deep/b.jpg", "no way", "no", 0.9),
            (folder / "c.png", "é, 50$", "50", 0.9),
        ]
        assert result.name == "words"
        assert result.accuracy == pytest.approx(2 / 3)

    def test_a_folder_is_named_however_it_is_given(self, folder, monkeypatch):
        monkeypatch.chdir(folder)
        assert evaluate(Parrot("", "", ""), ".").name == "words"

    @pytest.mark.parametrize("line", ["a.png", "a.png\t", "\tyes", "a.png\tyes\tno"], ids=repr)
    def test_a_bad_line_is_named(self, folder, line):
        (folder / "labels.tsv").write_text(f"a.png\tYes\n{line}\nc.png\tno\n", "utf-8")
        with pytest.raises(BenchmarkError, match=r"labels\.tsv, line 2: expected file, tab, text"):
            read_labels(folder)

    def test_a_file_from_windows_is_read(self, folder):
        (folder / "labels.tsv").write_text("a.png\tYes\r\n\r\nc.png\tno\r\n", "utf-8-sig")
        assert read_labels(folder) == [(folder / "a.png", "Yes"), (folder / "c.png", "no")]

    @pytest.mark.parametrize("text", ["", "a.png\t...\n"])
    def test_nothing_to_measure(self, folder, text):
        (folder / "labels.tsv").write_text(text, "utf-8")
        with pytest.raises(BenchmarkError, match="nothing to measure"):
            read_labels(folder)

    def test_a_folder_without_labels(self, tmp_path):
        with pytest.raises(BenchmarkError, match=r"labels\.tsv cannot be read \(No such file"):
            read_labels(tmp_path)

    def test_labels_in_another_encoding(self, folder):
        (folder / "labels.tsv").write_bytes(b"a.png\t\xe9\n")
        with pytest.raises(BenchmarkError, match="not UTF-8 text"):
            read_labels(folder)


class TestPicture:
    def test_it_shows_the_wrong_words_of_every_folder(self, folder):
        wrong = [WordRead(folder / "a.png", f"$x_{n}$", "", 0.25) for n in range(30)]
        right = WordRead(folder / "a.png", "right", "right", 1.0)
        figure = benchmark.draw_worst(
            [
                Evaluation("many", (*wrong, right), 1.0),
                Evaluation("one", (right, wrong[0]), 1.0),
                Evaluation("none", (right,), 1.0),
            ]
        )
        shown = [sum(bool(ax.images) for ax in part.axes) for part in figure.subfigs]
        assert shown == [benchmark.SHOWN, 1, 0]
        figure.canvas.draw()  # the dollar signs are no formula
        assert figure.subfigs[1].axes[0].get_title() == "$x_0$ → nothing  25%"
        assert figure.subfigs[0].get_suptitle() == "many: 3.2% right"


class TestCommandLine:
    def test_table_picture_and_record(self, folder, weights, tmp_path, capsys):
        picture, record = tmp_path / "worst.png", tmp_path / "record.json"
        options = ["--weights", weights, "--picture", str(picture), "--json", str(record)]
        assert benchmark.main([str(folder), str(folder), *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines] == ["folder", "words", "words"]
        assert Image.open(picture).size[0] == 1200
        result = json.loads(record.read_text("utf-8"))
        assert [figures["words"] for figures in result["folders"]] == [3, 3]
        assert result["decoder"] == "greedy"
        assert len(result["weights"]) == 64
        assert {"command", "packages", "machine"} <= result.keys()

    def test_the_lexicons_words_only(self, folder, weights, monkeypatch, capsys):
        monkeypatch.setattr(benchmark, "load_lexicon", lambda: ("yes", "no"))
        read = []
        monkeypatch.setattr(benchmark, "table", lambda results: read.extend(results) or "")
        options = ["--weights", weights, "--decoder", "lexicon"]
        assert benchmark.main([str(folder), *options]) == 0
        texts = {word.text for word in read[0].words}
        assert texts <= {"yes", "Yes", "YES", "no", "No", "NO"}

    def test_a_missing_image_is_one_sentence(self, folder, weights, capsys):
        (folder / "deep/b.jpg").unlink()
        assert benchmark.main([str(folder), "--weights", weights]) == 2
        error = capsys.readouterr().err
        assert "b.jpg: cannot be opened (No such file or directory)\n" in error
        assert error.count("error:") == 1

    @pytest.mark.parametrize("option", ["--json", "--picture"])
    def test_an_unwritable_result_is_one_sentence(self, folder, weights, tmp_path, capsys, option):
        path = tmp_path / "no" / "result"
        assert benchmark.main([str(folder), "--weights", weights, option, str(path)]) == 2
        error = capsys.readouterr().err
        assert error == f"error: {path} cannot be written (No such file or directory)\n"

    def test_as_a_program(self, tmp_path):
        run = subprocess.run(
            [sys.executable, "-m", "course_utils.ocr.benchmark", str(tmp_path)],
            capture_output=True,
            text=True,
        )
        assert run.returncode == 2
        assert run.stderr.startswith("error: ")
        assert run.stderr.count("\n") == 1


@pytest.mark.skipif(not SETS.exists(), reason="the sets for checking are not at hand")
def test_the_sets_for_checking_can_be_read():
    for name, words in (("iiit5k_dev", 2000), ("mjsynth_dev", 400), ("svt_dev", 257)):
        labels = read_labels(SETS / name)
        assert len(labels) == words
        assert all(path.exists() for path, _ in labels)


def test_a_damaged_image_stops_the_measurement(folder, weights):
    (folder / "c.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"image 2 \(from 0\): .*c\.png"):
        evaluate(benchmark.Recognizer.load(weights), folder)
