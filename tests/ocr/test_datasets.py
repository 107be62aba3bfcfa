import hashlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.ocr import datasets
from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.datasets import STYLES, SyntheticWords, WordImage, collate
from course_utils.ocr.fonts import default_faces
from course_utils.ocr.lexicon import load_lexicon, split_lexicon
from course_utils.ocr.texts import LONGEST, draw_text, labelled

WORDS = SyntheticWords(1)


@given(index=st.integers(0, 2**62))
@settings(max_examples=50, deadline=None)
def test_any_sample_is_a_valid_image_and_label(index):
    image, text = WORDS[index]
    assert image.shape == (32, 128)
    assert image.dtype == np.uint8
    Alphabet().check(text)


def test_a_sample_is_the_same_in_any_order():
    forwards = [WORDS[i] for i in range(8)]
    again = SyntheticWords(1)
    backwards = [again[i] for i in reversed(range(8))][::-1]
    for one, other in zip(forwards, backwards, strict=True):
        assert one.text == other.text
        assert np.array_equal(one.image, other.image)


def test_a_sample_is_the_same_in_another_process():
    program = (
        "import hashlib; from course_utils.ocr.datasets import SyntheticWords;"
        "w = SyntheticWords(1);"
        "print([(w[i].text, hashlib.sha256(w[i].image.tobytes()).hexdigest()) for i in (5, 2)])"
    )
    outputs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    here = [(WORDS[i].text, hashlib.sha256(WORDS[i].image.tobytes()).hexdigest()) for i in (5, 2)]
    assert outputs[0].stdout == outputs[1].stdout == f"{here}\n"


def test_pickling_keeps_the_samples():
    copy = pickle.loads(pickle.dumps(WORDS))
    assert np.array_equal(copy[3].image, WORDS[3].image)


def test_workers_need_no_keras():
    program = (
        "import sys; import course_utils.ocr.datasets;"
        "print([m for m in ('keras', 'tensorflow', 'jax') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


def test_seeds_and_splits_share_no_image():
    images = set()
    for seed in (0, 1):
        for split in datasets.SPLITS:
            words = SyntheticWords(seed, split)
            images |= {words[i].image.tobytes() for i in range(40)}
    assert len(images) == 240


def test_a_split_lexicon_gives_unseen_words():
    seen, unseen = split_lexicon(load_lexicon(), test_fraction=0.1, seed=0)
    train = SyntheticWords(0, words=seen, style=STYLES["print"])
    test = SyntheticWords(0, "test", words=unseen, style=STYLES["print"])
    drawn = {train[i].text.lower() for i in range(150)}
    for i in range(150):
        text = test[i].text.lower()
        assert text.isdigit() or (text in unseen and text not in drawn)


def test_size_bounds_the_index():
    words = SyntheticWords(0, size=3)
    assert len(words) == 3
    assert len(list(words)) == 3
    with pytest.raises(IndexError, match=r"index 3 is outside 0\.\.2"):
        words[3]
    with pytest.raises(IndexError):
        words[-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"split": "dev"}, "split 'dev': choose one of train, validation, test"),
        ({"seed": -1}, "seed -1: choose a whole number"),
        ({"words": ()}, "at least one word"),
        ({"faces": ()}, "at least one word and one face"),
        ({"size": -1}, "size -1: choose a whole number"),
        ({"mode": "squash"}, "mode 'squash': choose one of stretch, pad"),
        ({"words": ["na\u00efve"]}, "'na\u00efve': '\u00ef' is not in the alphabet"),
        ({"words": [""]}, "label is empty"),
        ({"words": ["ab" * 16]}, "needs 32 time steps"),
    ],
)
def test_wrong_arguments_are_named(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        SyntheticWords(**{"seed": 0, **arguments})


def test_faces_without_small_letters_get_labels_in_capitals():
    faces = [face for face in default_faces() if face.capitals_only]
    assert faces
    words = SyntheticWords(0, faces=faces)
    assert all(not any(c.islower() for c in words[i].text) for i in range(100))


def test_the_fingerprint_follows_words_and_faces():
    faces = default_faces()
    prints = {
        SyntheticWords(0).fingerprint(),
        SyntheticWords(0, words=("other",)).fingerprint(),
        SyntheticWords(0, faces=faces[:-1]).fingerprint(),
    }
    assert len(prints) == 3
    assert SyntheticWords(5).fingerprint() in prints


def test_collate_scales_images_and_pads_labels():
    image = np.full((32, 128), 255, np.uint8)
    images, labels = collate([WordImage(image, "ab"), WordImage(image // 3, "Z9x")])
    assert images.shape == (2, 32, 128, 1)
    assert images.dtype == np.float32
    assert images[0].min() == 1.0
    assert images[1].max() == pytest.approx(1 / 3)
    assert labels.shape == (2, 31)
    assert labels[0, :3].tolist() == [0, 1, 62]
    assert labels[1, :4].tolist() == [51, 61, 23, 62]


@given(seed=st.integers(0, 2**32))
@settings(max_examples=300, deadline=None)
def test_texts_have_labels_of_letters_and_digits(seed):
    text = draw_text(np.random.default_rng(seed), load_lexicon())
    assert 1 <= len(text.label) <= LONGEST
    assert text.label == "".join(c for c in text.drawn if c in Alphabet().characters)


def test_texts_are_of_every_kind():
    rng = np.random.default_rng(0)
    texts = [draw_text(rng, load_lexicon()) for _ in range(2000)]
    shares = {
        "punctuated": np.mean([t.drawn != t.label for t in texts]),
        "digits": np.mean([any(c.isdigit() for c in t.label) for t in texts]),
        "capitals": np.mean([t.label.isupper() for t in texts]),
        "single": np.mean([len(t.label) == 1 for t in texts]),
    }
    assert 0.1 < shares["punctuated"] < 0.35
    assert 0.08 < shares["digits"] < 0.25
    assert 0.25 < shares["capitals"] < 0.5
    assert 0.005 < shares["single"] < 0.05


def test_labels_leave_punctuation_out():
    assert labelled("$5.99!") == ("$5.99!", "599")
    assert labelled("Life's") == ("Life's", "Lifes")
