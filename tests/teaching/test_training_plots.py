import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color
from PIL import Image

from course_utils.ocr.datasets import WordImage
from course_utils.teaching import training_plots
from course_utils.teaching.live_training import Moment

WORDS = [WordImage(np.full((32, 128), grey, np.uint8), text) for grey, text in ((9, "a"), (8, "b"))]
ROWS = [
    {"step": 10, "loss": 40.0, "validation_loss": 30.0, "word_accuracy": 0.0},
    {"step": 20, "loss": 20.0, "validation_loss": 10.0, "word_accuracy": 0.5},
]
MOMENTS = [Moment(ROWS[0], ["", ""], 1.0), Moment(ROWS[1], ["a", ""], 0.75)]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def lines(axes):
    return {line.get_label(): line.get_ydata().tolist() for line in axes.lines}


def test_progress_draws_the_curves_and_what_is_read_now():
    figure = training_plots.progress(WORDS, MOMENTS, 50)
    left, right, *sheet = figure.get_axes()
    assert lines(left) == {"training": [40, 20], "validation": [30, 10]}
    assert lines(right) == {"words read right": [0, 0.5], "steps that say blank": [1, 0.75]}
    assert left.get_xlim() == right.get_xlim() == (0, 50)
    assert [axes.get_title() for axes in sheet] == ["✓ a", "✗ (nothing)"]
    assert same_color(sheet[0].title.get_color(), training_plots.RIGHT)
    assert same_color(sheet[1].title.get_color(), training_plots.WRONG)


@pytest.mark.parametrize("moments", [[], [Moment(ROWS[0], ["a"], 1.0)]])
def test_progress_refuses_what_it_cannot_draw(moments):
    with pytest.raises(ValueError, match="one text for every word"):
        training_plots.progress(WORDS, moments, 50)


def test_the_history_has_a_text_a_word_and_step_and_boxes_what_is_right():
    figure = training_plots.reading_history(WORDS, MOMENTS, [10, 20])
    texts = [text for axes in figure.axes for text in axes.texts]
    written = [text.get_text() for text in texts]
    assert sorted(written) == sorted(["(nothing)"] * 3 + ["a", "step 10", "step 20"])
    boxed = [text.get_text() for text in texts if text.get_bbox_patch() is not None]
    assert boxed == ["a"]


def test_the_history_refuses_a_step_that_was_not_seen():
    with pytest.raises(KeyError):
        training_plots.reading_history(WORDS, MOMENTS, [15])


def test_learning_rates_and_losses_draw_what_they_are_given():
    rates = training_plots.learning_rates({"one": np.array([0.0, 1.0])})
    assert lines(rates.axes[0]) == {"one": [0, 1]}
    losses = training_plots.losses({"low": ([5, 10], [3.0, 2.0]), "high": ([5], [9.0])})
    assert lines(losses.axes[0]) == {"low": [3, 2], "high": [9]}


def stage(style, width, images, values):
    log = [{"images": n, "validation_loss": v} for n, v in zip(images, values, strict=True)]
    return {"style": style, "width": width, "log": log}


def test_stages_stand_behind_one_another_and_each_kind_is_named_once():
    stages = [
        stage("print", 0.25, [1e6, 2e6], [9.0, 5.0]),
        stage("signs", 1.0, [3e6], [7.0]),
        stage("signs", 1.0, [1e6], [6.0]),
    ]
    figure = training_plots.recorded_training(stages, [4.0, 2.0, 3.0])
    left, right = figure.axes
    curves = [line for line in left.lines if line.get_marker() != "None"]
    assert [line.get_xdata().tolist() for line in curves] == [[1, 2], [5], [6]]
    names = [text.get_text() for text in left.get_legend().get_texts()]
    assert names == ["print, width 0.25", "signs, width 1"]
    assert lines(right)["the best"] == [2.0]


def test_png_is_a_picture_and_closes_the_figure():
    figure = plt.figure(figsize=(2, 1))
    image = Image.open(io.BytesIO(training_plots.png(figure)))
    assert image.format == "PNG"
    assert image.size == (160, 80)
    assert not plt.fignum_exists(figure.number)


class Says:
    """A network whose likeliest class is, everywhere, the one given."""

    def __init__(self, best):
        self.best = best

    def __call__(self, images, training):
        return np.tile(np.eye(63, dtype=np.float32)[self.best], (len(images), 31, 1))


def test_the_live_view_follows_the_run():
    view = training_plots.LiveView(WORDS, 50)
    view(ROWS[0], Says(62))
    bar, picture = view.widget.children
    assert (bar.max, bar.value, bar.description) == (50, 10, "step 10")
    first = picture.value
    view(ROWS[1], Says(0))
    assert bar.value == 20
    assert picture.value != first
    assert [moment.texts for moment in view.moments] == [["", ""], ["a", "a"]]
