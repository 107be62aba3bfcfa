import numpy as np
import pytest
from PIL import Image

from course_utils.ocr.crnn import build_crnn
from course_utils.ocr.decoding import Reading, beam_search, greedy
from course_utils.ocr.preprocessing import ImageError, preprocess
from course_utils.ocr.recognizer import BATCH, Recognizer
from course_utils.ocr.weights import WeightsError

NOISE = np.random.default_rng(0).integers(0, 256, (BATCH + 6, 20, 60), np.uint8)
# Black up to some column and noise behind it: even an untrained network tells them apart.
PICTURES = [picture * (np.arange(60) >= n * 17 % 60) for n, picture in enumerate(NOISE)]


@pytest.fixture(scope="module")
def recognizer():
    model = build_crnn(width=0.1)
    # Untrained, it would read almost nothing: make the scores of the classes swing.
    kernel, bias = model.get_layer("scores").get_weights()
    model.get_layer("scores").set_weights([300 * kernel, bias])
    return Recognizer(model)


def test_readings_are_the_models_in_order(recognizer):
    inputs = np.stack([preprocess(picture) for picture in PICTURES])
    expected = greedy(recognizer.model.predict(inputs, verbose=0))
    readings = recognizer.read(PICTURES)
    assert len({reading.text for reading in expected}) > 5
    assert [reading.text for reading in readings] == [reading.text for reading in expected]
    confidences = [[reading.confidence for reading in some] for some in (readings, expected)]
    np.testing.assert_allclose(*confidences, rtol=0.01)


def test_every_kind_of_picture_is_read_alone_and_in_a_list(recognizer, tmp_path):
    path = tmp_path / "word.png"
    Image.fromarray(PICTURES[0]).save(path)
    content = path.read_bytes()
    kinds = [path, str(path), content, bytearray(content), memoryview(content)]
    kinds += [Image.open(path), PICTURES[0], PICTURES[0][..., None], PICTURES[0] / 255]
    expected = recognizer.read([PICTURES[0]])
    assert len(expected) == 1
    for kind in kinds:
        assert recognizer.read(kind)[0].text == expected[0].text
    assert [r.text for r in recognizer.read(kinds)] == [expected[0].text] * len(kinds)


@pytest.mark.parametrize(
    "rows",
    [
        iter,
        tuple,
        lambda pictures: np.stack(pictures)[..., None],
        lambda pictures: (p for p in pictures),
    ],
    ids=["iterator", "tuple", "array", "generator"],
)
def test_any_row_of_pictures_will_do(recognizer, rows):
    expected = [reading.text for reading in recognizer.read(PICTURES[:5])]
    assert [reading.text for reading in recognizer.read(rows(PICTURES[:5]))] == expected


def test_nothing_to_read(recognizer):
    assert recognizer.read([]) == []


def test_pictures_are_taken_batch_by_batch(recognizer):
    sizes = []

    def decoder(logits):
        sizes.append(logits.shape)
        return [Reading("x", 1.0)] * len(logits)

    assert recognizer.read(iter(PICTURES), decoder) == [Reading("x", 1.0)] * len(PICTURES)
    assert sizes == [(BATCH, 31, 63), (6, 31, 63)]


def test_pictures_are_fitted_as_the_network_learnt_them(recognizer):
    padded = Recognizer(recognizer.model, mode="pad")
    inputs = np.stack([preprocess(picture, "pad") for picture in PICTURES[:8]])
    expected = greedy(recognizer.model.predict(inputs, verbose=0))
    texts = [reading.text for reading in padded.read(PICTURES[:8])]
    assert texts == [reading.text for reading in expected]
    assert texts != [reading.text for reading in recognizer.read(PICTURES[:8])]


def test_another_decoder(recognizer):
    inputs = np.stack([preprocess(picture) for picture in PICTURES[:4]])
    expected = beam_search(recognizer.model.predict(inputs, verbose=0))
    readings = recognizer.read(PICTURES[:4], decoder=beam_search)
    assert [reading.text for reading in readings] == [reading.text for reading in expected]


@pytest.mark.parametrize("bad", [b"no picture", "no/such/file.png", np.zeros((0, 5)), None])
def test_a_bad_picture_is_named(recognizer, bad):
    with pytest.raises(ImageError) as alone:
        recognizer.read(bad)
    with pytest.raises(ImageError) as listed:
        recognizer.read([*PICTURES[:3], bad])
    assert str(listed.value) == f"image 3 (from 0): {alone.value}"
    assert "\n" not in str(listed.value)


def test_load_takes_a_weights_file(recognizer, tmp_path):
    recognizer.model.save_weights(tmp_path / "some.weights.h5")
    loaded = Recognizer.load(tmp_path / "some.weights.h5")
    texts = [reading.text for reading in recognizer.read(PICTURES[:5])]
    assert [reading.text for reading in loaded.read(PICTURES[:5])] == texts


def test_load_names_a_missing_file(tmp_path):
    with pytest.raises(WeightsError, match="there is no such file"):
        Recognizer.load(tmp_path / "no.weights.h5")
