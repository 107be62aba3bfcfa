import keras
import numpy as np
import pytest

from course_utils.ocr.crnn import build_crnn
from course_utils.ocr.widening import main, widen

IMAGES = np.random.default_rng(1).random((3, 32, 128, 1), np.float32)


def spread(model):
    """Give every weight, the batch norms' statistics too, a value of its own."""
    rng = np.random.default_rng(0)
    model.set_weights([w + rng.uniform(0.0, 0.05, w.shape) for w in model.get_weights()])
    return model


def largest_difference(one, other):
    return float(np.abs(keras.ops.convert_to_numpy(one(IMAGES) - other(IMAGES))).max())


@pytest.mark.parametrize("width", [0.1, 0.17, 0.25])
def test_a_wider_network_starts_where_the_narrow_one_stands(width):
    narrow, wide = spread(build_crnn(width=0.1)), build_crnn(width=width)
    assert largest_difference(narrow, wide) > 0.1
    widen(narrow, wide, noise=0.0)
    assert largest_difference(narrow, wide) < 1e-4


def test_noise_tells_the_copies_apart():
    narrow, wide = spread(build_crnn(width=0.1)), build_crnn(width=0.2)
    widen(narrow, wide)
    kernel = wide.get_layer("conv1").get_weights()[0]
    assert not np.array_equal(kernel[..., 0], kernel[..., kernel.shape[-1] // 2])
    assert np.corrcoef(kernel[..., 0].ravel(), kernel[..., 6].ravel())[0, 1] > 0.9


def test_narrowing_is_refused():
    with pytest.raises(ValueError, match="conv1 has 6 channels and 13 to copy"):
        widen(build_crnn(width=0.2), build_crnn(width=0.1))


def test_the_command_writes_weights_that_compute_the_same(tmp_path):
    narrow = spread(build_crnn(width=0.1))
    narrow.save_weights(tmp_path / "narrow.weights.h5")
    files = [str(tmp_path / name) for name in ("narrow.weights.h5", "wide.weights.h5")]
    assert main([*files, "--from-width", "0.1", "--to-width", "0.2"]) == 0
    wide = build_crnn(width=0.2)
    wide.load_weights(files[1])
    assert (
        np.abs(
            keras.ops.convert_to_numpy(narrow(IMAGES)).argmax(-1)
            == keras.ops.convert_to_numpy(wide(IMAGES)).argmax(-1)
        ).mean()
        > 0.8
    )
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "narrow.weights.h5",
        "wide.weights.h5",
    ]


def test_a_missing_file_gets_one_sentence(tmp_path, capsys):
    status = main(
        [str(tmp_path / "none.weights.h5"), str(tmp_path / "out.weights.h5"), "--from-width", "0.1"]
    )
    assert status == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert not list(tmp_path.iterdir())
