import numpy as np
import pytest

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.datasets import WordImage
from course_utils.teaching import live_training
from course_utils.teaching.live_training import LENGTHS, Watch, live_faces, live_words


@pytest.fixture(scope="module")
def words():
    return live_words(seed=3)


class Silent:
    """A network that finds the blank likeliest everywhere but where it is told to write an a."""

    def __init__(self, writes=()):
        self.writes = writes

    def __call__(self, images, training):
        assert not training
        logits = np.zeros((len(images), 31, 63), np.float32)
        logits[..., Alphabet().blank] = 1
        for image in self.writes:
            if image < len(images):
                logits[image, 7, 0] = 2
        return logits


def test_no_lexicon_word_occurs_in_two_splits(words):
    train, validation, test = (set(dataset.words) for dataset in words)
    assert not train & validation
    assert not train & test
    assert not validation & test
    assert len(validation) > 5000
    assert len(test) > 5000


def test_there_are_enough_faces_and_each_exists():
    assert len(live_faces()) == len(live_training.FACES) >= 20


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_images_are_dark_on_light_and_labels_as_long_as_promised(words, split):
    drawn = [getattr(words, split)[index] for index in range(60)]
    assert all(np.median(word.image) >= 128 for word in drawn)
    assert all(len(word.text) in LENGTHS for word in drawn)
    assert {word.text.isdigit() for word in drawn} == {True, False}
    assert all(word.text.isdigit() or word.text.islower() for word in drawn)


def test_the_splits_draw_other_images(words):
    assert not np.array_equal(words.train[0].image, words.validation[0].image)


def test_a_watch_remembers_what_was_read_and_how_much_was_blank(words):
    watch = Watch([words.test[index] for index in range(4)])
    watch({"step": 5}, Silent())
    watch({"step": 10}, Silent(writes=[2]))
    assert [moment.texts for moment in watch.moments] == [[""] * 4, ["", "", "a", ""]]
    assert [moment.blanks for moment in watch.moments] == [1, 1 - 1 / (4 * 31)]
    assert watch.silent() == [5]


def test_accuracy_counts_whole_words_over_all_parts():
    sample = WordImage(np.full((32, 128), 255, np.uint8), "a")
    other = sample._replace(text="b")
    dataset = [sample if index % 2 == 0 else other for index in range(300)]
    network = Silent(writes=range(200))
    assert live_training.accuracy(network, dataset, 300) == 0.5
    assert live_training.accuracy(Silent(), dataset, 300) == 0
