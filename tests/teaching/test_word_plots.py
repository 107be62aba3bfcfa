import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils.ocr.rendering import DEFAULT_MIX
from course_utils.teaching.word_plots import (
    character_counts,
    lengths_and_steps,
    mix_chances,
    sheet,
)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


class TestSheet:
    def test_each_picture_above_its_caption_and_no_empty_frames(self):
        pictures = [np.full((32, 40 + 30 * i), i, np.uint8) for i in range(5)]
        figure = sheet(pictures, list("abcde"), columns=3)
        shown = [axes for axes in figure.axes if axes.images]
        assert [axes.get_title() for axes in shown] == list("abcde")
        for axes, picture in zip(shown, pictures, strict=True):
            assert np.array_equal(axes.images[0].get_array(), picture)
        assert not any(axes.axison for axes in figure.axes)

    def test_captions_stand_below_their_pictures_and_do_not_overlap_them(self):
        pictures = [np.zeros((16, 160), np.uint8), np.zeros((64, 32), np.uint8)] * 2
        figure = sheet(pictures, ["wide", "high", "Wide", "High"], columns=2)
        figure.canvas.draw()
        for axes in figure.axes:
            picture, caption = axes.images[0].get_window_extent(), axes.title.get_window_extent()
            assert caption.y1 <= picture.y0 + 1

    def test_grey_levels_are_absolute(self):
        axes = sheet([np.full((4, 4), 100, np.uint8)], ["grey"], columns=1).axes[0]
        assert axes.images[0].get_clim() == (0, 255)

    def test_a_caption_for_each_picture(self):
        with pytest.raises(ValueError, match="1 captions for 2 pictures"):
            sheet([np.zeros((2, 2))] * 2, ["only one"])

    def test_frames_go_round_the_pictures(self):
        axes = sheet([np.zeros((32, 128))], ["framed"], columns=1, frame=True).axes[0]
        (outline,) = axes.patches
        assert outline.get_bbox().bounds == (-0.5, -0.5, 128, 32)


def test_mix_chances_are_those_of_the_mix():
    axes = mix_chances(DEFAULT_MIX).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [m.chance for m in DEFAULT_MIX.values()]
    rng = np.random.default_rng(0)
    drawn = [np.mean(rng.random(200_000) ** m.power) for m in DEFAULT_MIX.values()]
    assert axes.lines[0].get_xdata() == pytest.approx(drawn, abs=0.005)
    assert [label.get_text() for label in axes.get_yticklabels()] == list(DEFAULT_MIX)


def test_characters_are_counted_in_their_rows():
    rows = character_counts(["Aab", "a1"], "abAB12").axes
    heights = [[bar.get_height() for bar in axes.patches] for axes in rows]
    assert heights == [[2, 1], [1, 0], [1, 0]]


def test_lengths_and_steps_are_counted():
    axes = lengths_and_steps([1, 1, 3], [1, 1, 4], limit=5).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [0, 2, 0, 1, 0, 0]
    assert axes.lines[0].get_ydata().tolist() == [0, 2, 0, 0, 1, 0]
    assert list(axes.lines[1].get_xdata()) == [5, 5]
