import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.arithmetic.digits import draw, load, totals


def archive(path, **changes):
    arrays = {
        "x_train": np.full((3, 28, 28), 255, np.uint8),
        "y_train": np.array([1, 2, 3], np.uint8),
        "x_test": np.zeros((2, 28, 28), np.uint8),
        "y_test": np.array([4, 5], np.uint8),
    } | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def test_the_digits_are_split_without_overlap_and_evenly():
    digits = load()
    assert (len(digits.train), len(digits.test)) == (1347, 450)
    train = {image.tobytes() for image in digits.train.pixels}
    assert not train & {image.tobytes() for image in digits.test.pixels}
    assert np.bincount(digits.test.labels).min() >= 40
    assert digits.train.pixels.dtype == np.float32
    assert (digits.train.pixels.min(), digits.train.pixels.max()) == (0, 1)


def test_mnist_is_read_from_a_file(tmp_path):
    digits = load("mnist", archive(tmp_path / "mnist.npz"))
    assert digits.train.pixels.shape == (3, 28, 28)
    assert digits.train.pixels.max() == 1
    assert digits.test.labels.tolist() == [4, 5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"y_test": None}, "no array y_test"),
        ({"x_test": np.zeros((2, 784), np.uint8)}, r"x_test is \(2, 784\)"),
        ({"x_train": np.zeros((3, 28, 28))}, "pixels are bytes"),
        ({"y_train": np.array([1, 2], np.uint8)}, "3 images and 2 labels"),
        ({"y_train": np.array([1, 2, 10], np.uint8)}, "other labels"),
        ({"x_test": np.zeros((2, 8, 8), np.uint8)}, "two sizes"),
    ],
)
def test_a_file_with_other_arrays_is_refused_in_a_sentence(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        load("mnist", archive(tmp_path / "mnist.npz", **changes))


def test_what_cannot_be_loaded_is_refused(tmp_path):
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(ValueError, match="not a NumPy archive"):
        load("mnist", tmp_path / "text.npz")
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(ValueError, match="not a NumPy archive"):
        load("mnist", tmp_path / "one.npy")
    with pytest.raises(FileNotFoundError, match="no such file"):
        load("mnist", tmp_path / "absent.npz")
    with pytest.raises(ValueError, match="choose one of digits, mnist"):
        load("letters")
    with pytest.raises(ValueError, match="a file is for mnist"):
        load("digits", tmp_path / "text.npz")


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_totals_are_those_of_plain_python(labels):
    array = np.array([labels])
    assert totals(array, "count").tolist() == [[labels.count(digit) for digit in range(10)]]
    assert totals(array, "add").tolist() == [[sum(labels)]]


def test_an_unknown_task_is_refused():
    with pytest.raises(ValueError, match="choose one of count, add"):
        totals(np.zeros((1, 1), int), "multiply")


def test_a_members_sequences_depend_on_its_seed_alone():
    test = load().test
    drawn = draw(test, [3, 7], part=2, count=5, length=10)
    assert drawn.shape == (5, 2, 10)
    np.testing.assert_array_equal(drawn[:, 1:], draw(test, [7], part=2, count=5, length=10))
    assert (drawn != draw(test, [3, 7], part=3, count=5, length=10)).any()
    assert drawn.min() >= 0
    assert drawn.max() < len(test)
