import errno
import os

import h5py
import keras
import numpy as np
import pytest

from course_utils.ocr import weights
from course_utils.ocr.crnn import build_crnn
from course_utils.ocr.weights import (
    WEIGHTS,
    WEIGHTS_SHA256,
    WeightsError,
    load_network,
    save_weights_float16,
    sha256,
)


@pytest.fixture(scope="module")
def network():
    return build_crnn(width=0.1)


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "word.weights.h5"
    save_weights_float16(network, path)
    return path


def assert_one_sentence(error):
    assert str(error.value).count("\n") == 0
    assert 20 < len(str(error.value)) < 300


def test_float16_comes_back_rounded_in_float32(network, saved):
    loaded = load_network(saved)
    for was, now in zip(network.get_weights(), loaded.get_weights(), strict=True):
        assert now.dtype == np.float32
        np.testing.assert_allclose(now, was, rtol=2**-11, atol=2**-25)


def test_the_file_holds_two_bytes_a_weight_and_no_optimiser(network, saved, tmp_path):
    model = build_crnn(width=0.1)
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    model.set_weights(network.get_weights())
    save_weights_float16(model, tmp_path / "trained.weights.h5")
    size = (tmp_path / "trained.weights.h5").stat().st_size
    assert size == saved.stat().st_size < 2.2 * model.count_params()
    with h5py.File(tmp_path / "trained.weights.h5") as file:
        assert "optimizer" not in file


def test_a_training_runs_own_file_can_be_loaded(network, tmp_path):
    network.save_weights(tmp_path / "best.weights.h5")
    loaded = load_network(str(tmp_path / "best.weights.h5"))
    assert loaded.count_params() == network.count_params()
    for was, now in zip(network.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(now, was)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"no\.weights\.h5: there is no such file") as error:
        load_network(tmp_path / "no.weights.h5")
    assert_one_sentence(error)


@pytest.mark.parametrize("kept", [0, 100, 0.5, 0.99])
def test_a_file_cut_short_is_refused(saved, kept):
    content = saved.read_bytes()
    saved.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(WeightsError, match="cannot be read or is damaged") as error:
        load_network(saved)
    assert_one_sentence(error)


@pytest.mark.parametrize(
    "layers",
    [
        [keras.layers.Dense(3)],
        [keras.layers.Reshape((2, 2, 1)), keras.layers.Conv2D(64, 3, padding="same")],
    ],
    ids=["dense", "conv"],
)
def test_another_networks_file_is_refused(tmp_path, layers):
    path = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((4,)), *layers]).save_weights(path)
    with pytest.raises(WeightsError, match="does not hold this network's weights") as error:
        load_network(path)
    assert_one_sentence(error)


def test_weights_beyond_float16_are_refused(network, tmp_path):
    model = build_crnn(width=0.1)
    layer = model.get_layer("conv3")
    layer.set_weights([1e7 * values for values in layer.get_weights()])
    with pytest.raises(WeightsError, match="layer 'conv3' has weights that float16 cannot hold"):
        save_weights_float16(model, tmp_path / "large.weights.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file(network, saved, monkeypatch):
    before = saved.read_bytes()

    def fail(full, half):
        half.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(weights, "_halve", fail)
    with pytest.raises(WeightsError, match="No space left") as error:
        save_weights_float16(network, saved)
    assert_one_sentence(error)
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    assert saved.read_bytes() == before


def test_writing_into_a_folder_that_is_not_there(network, tmp_path):
    with pytest.raises(WeightsError, match="cannot be written") as error:
        save_weights_float16(network, tmp_path / "no" / "word.weights.h5")
    assert_one_sentence(error)


def test_the_courses_own_file_must_be_the_one_that_is_expected(saved, monkeypatch):
    monkeypatch.setattr(weights, "WEIGHTS", saved)
    monkeypatch.setattr(weights, "WEIGHTS_SHA256", sha256(saved))
    load_network()
    with open(saved, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    with pytest.raises(WeightsError, match="is not the file that belongs to this version") as error:
        load_network()
    assert_one_sentence(error)


@pytest.mark.skipif(not WEIGHTS.exists(), reason="the release weights are not there yet")
def test_the_courses_weights_are_whole():
    assert sha256(WEIGHTS) == WEIGHTS_SHA256
    assert load_network().count_params() == 6_619_711


@pytest.mark.parametrize("width", [0.01, 0.06, 0.12, 0.125, 0.25, 0.3])
def test_networks_of_any_width_can_be_loaded(tmp_path, width):
    network = build_crnn(width=width)
    network.save_weights(tmp_path / "w.weights.h5")
    assert load_network(tmp_path / "w.weights.h5").count_params() == network.count_params()
