import functools
import importlib.util
import itertools

import keras
import numpy as np
import pytest
from autodiff import compiled, value_and_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.crnn import build_crnn
from course_utils.ocr.ctc import CTCCost, CTCLoss, ctc_loss, four_input_model
from course_utils.ocr.lattice import Lattice, collapse

pytestmark = pytest.mark.backends

FULL = Alphabet()
TENSORFLOW = keras.backend.backend() == "tensorflow"


def padded(labels, width=31, blank=FULL.blank):
    rows = np.full((len(labels), width), blank, np.int32)
    for row, label in zip(rows, labels, strict=True):
        row[: len(label)] = label
    return rows


def random_logits(n, seed=0, scale=3.0, steps=31, classes=63):
    return np.random.default_rng(seed).normal(0, scale, (n, steps, classes)).astype("float32")


def lattice_oracle(labels, logits, blank=FULL.blank):
    lattices = [
        Lattice(row, label[label != blank], blank)
        for row, label in zip(logits, labels, strict=True)
    ]
    return (
        np.array([-lattice.log_likelihood for lattice in lattices]),
        np.stack([lattice.gradient for lattice in lattices]),
    )


# Labels as real ones: short, with repeats, empty, and as long as the lattice allows.
def mixed_labels(n=64, seed=0):
    rng = np.random.default_rng(seed)
    words = [rng.integers(0, 62, rng.integers(1, 16)) for _ in range(n - 6)]
    words[::4] = [np.repeat(word[:5], 2) for word in words[::4]]
    return padded([*words, [], [5], [7] * 16, [1, 2] * 15 + [3], np.arange(31), [4, 4, *range(28)]])


@functools.cache
def compiled_loss(blank):
    return value_and_gradient(lambda labels, logits: ctc_loss(labels, logits, blank))


def loss_and_gradient(labels, logits, blank=FULL.blank):
    """Both from a compiled function. All batches get 64 rows: compiling takes longer than running.

    What is wrong with a row must stay with it, so the rows that fill up may be anything.
    """
    rows = len(labels)
    labels = np.pad(labels, [(0, 64 - rows), (0, 31 - labels.shape[1])], constant_values=blank)
    logits = np.pad(logits, [(0, 64 - rows), (0, 0), (0, 0)])
    value, gradient = compiled_loss(blank)(labels, logits)
    return value[:rows], gradient[:rows]


def test_equals_brute_force_over_every_path():
    steps, blank = 5, 3
    paths = np.array(list(itertools.product(range(4), repeat=steps)))
    spelt = [collapse(path, blank) for path in paths]
    labels = [x for n in range(4) for x in itertools.product(range(3), repeat=n)]
    labels += [(0, 0, 0, 0), (0, 1, 2, 0), (0, 0, 1, 2)]
    logits = random_logits(len(labels), 1, 2.0, steps, 4)
    values, gradients = loss_and_gradient(padded(labels, 4, blank), logits, blank)
    exact = logits.astype(float)
    probabilities = np.exp(exact - np.logaddexp.reduce(exact, axis=2, keepdims=True))
    for row, label in enumerate(labels):
        mine = paths[[text == label for text in spelt]]
        chances = probabilities[row, np.arange(steps), mine].prod(axis=1)
        if len(mine) == 0:  # such as 0000 in five steps
            assert values[row] == np.inf
            assert not gradients[row].any()
            continue
        assert values[row] == pytest.approx(-np.log(chances.sum()), abs=2e-6)
        written = np.einsum("p,ptk->tk", chances / chances.sum(), np.eye(4)[mine])
        np.testing.assert_allclose(gradients[row], probabilities[row] - written, atol=2e-6)
    assert np.isinf(values).any()


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0, 10.0])
def test_equals_the_lattice(scale, record_property):
    labels = mixed_labels()
    logits = random_logits(len(labels), 2, scale)
    values, gradients = loss_and_gradient(labels, logits)
    expected, slopes = lattice_oracle(labels, logits)
    record_property("relative deviation", np.max(np.abs(values / expected - 1)))
    record_property("deviation of the gradient", np.max(np.abs(gradients - slopes)))
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    np.testing.assert_allclose(gradients, slopes, atol=5e-5)


WORDS = st.lists(st.integers(0, 61), max_size=31).filter(
    lambda word: FULL.steps_needed(word) <= FULL.time_steps
)


@given(
    st.lists(WORDS, min_size=8, max_size=8),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.1, 2.0, 20.0]),
)
@settings(max_examples=50)
def test_equals_the_lattice_whatever_the_label(words, seed, scale):
    labels, logits = padded(words), random_logits(8, seed, scale)
    values, gradients = loss_and_gradient(labels, logits)
    expected, slopes = lattice_oracle(labels, logits)
    np.testing.assert_allclose(values, expected, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(gradients, slopes, atol=2e-4)


def test_a_confident_network_has_a_loss_near_zero():
    path = np.full(31, FULL.blank)
    path[3:13:2] = [1, 1, 2, 3, 3]
    logits = (30 * np.eye(63)[path]).astype("float32")[None]
    values, gradients = loss_and_gradient(padded([[1, 1, 2, 3, 3]]), logits)
    assert abs(values[0]) < 1e-6
    assert np.abs(gradients).max() < 1e-6


@pytest.mark.skipif(importlib.util.find_spec("optax") is None, reason="optax: `make dev` only")
def test_equals_optax(record_property):
    import jax
    import optax

    labels, logits = mixed_labels(), random_logits(64, 3)

    def theirs(logits):
        nothing = np.zeros(logits.shape[:2])
        return optax.ctc_loss(logits, nothing, labels, labels == FULL.blank, blank_id=FULL.blank)

    expected = np.asarray(theirs(logits))
    slopes = np.asarray(jax.grad(lambda x: theirs(x).sum())(logits))
    values, gradients = loss_and_gradient(labels, logits)
    record_property("relative deviation", np.max(np.abs(values / expected - 1)))
    record_property("deviation of the gradient", np.max(np.abs(gradients - slopes)))
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    np.testing.assert_allclose(gradients, slopes, atol=1e-4)


def test_equals_keras(record_property):
    labels, logits = mixed_labels(), random_logits(64, 4)
    length = (labels != FULL.blank).sum(axis=1).astype("int32")
    steps = np.full(64, 31, "int32")

    def theirs(logits):
        return ops.ctc_loss(labels, logits, length, steps, mask_index=FULL.blank)

    # Keras' recursion is not made for XLA on TensorFlow.
    expected, slopes = value_and_gradient(theirs, jit=not TENSORFLOW)(logits)
    values, gradients = loss_and_gradient(labels, logits)
    record_property("relative deviation", np.max(np.abs(values / expected - 1)))
    record_property("deviation of the gradient", np.max(np.abs(gradients - slopes)))
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    np.testing.assert_allclose(gradients, slopes, atol=1e-4)


@pytest.mark.skipif(not TENSORFLOW, reason="JAX always compiles with XLA")
def test_compiled_with_xla_or_without_is_the_same():
    labels, logits = mixed_labels(), random_logits(64, 5)

    def loss(logits):
        return ctc_loss(labels, logits, FULL.blank)

    with_xla, without = (value_and_gradient(loss, jit)(logits) for jit in (True, False))
    np.testing.assert_allclose(with_xla[0], without[0], rtol=1e-6)
    np.testing.assert_allclose(with_xla[1], without[1], atol=5e-5)


def test_label_that_needs_more_steps_is_infinitely_unlikely():
    # 17 equal letters need 33 steps; the rows beside it must not notice.
    labels = padded([[7] * 17, [7] * 16, [3], [3] * 31])
    logits = random_logits(4)
    values, gradients = loss_and_gradient(labels, logits)
    assert np.isposinf(values).tolist() == [True, False, False, True]
    assert not gradients[[0, 3]].any()
    expected, slopes = lattice_oracle(labels[1:3], logits[1:3])
    np.testing.assert_allclose(values[1:3], expected, rtol=1e-6)
    np.testing.assert_allclose(gradients[1:3], slopes, atol=5e-5)


def test_impossible_classes_make_no_nan():
    labels = padded([[1, 2], [5, 5], []])
    logits = random_logits(3)
    logits[:, :, 5] = -np.inf
    logits[:, 4:9, 7:] = -np.inf
    values, gradients = loss_and_gradient(labels, logits)
    assert np.isfinite(gradients).all()
    # Steps 4 to 8 can write neither a blank nor 5: only the first label has a way through.
    assert np.isposinf(values).tolist() == [False, True, True]
    (expected,), _ = lattice_oracle(labels[:1], np.maximum(logits[:1], -1e9))
    assert values[0] == pytest.approx(expected, rel=1e-6)


WRONG = {
    "-1 as padding": [4, 5, -1, -1],
    "blank between": [4, 62, 5, 62],
    "blank in front": [62, 4, 5, 62],
    "beyond the blank": [4, 63, 62, 62],
}


@pytest.mark.parametrize("row", WRONG.values(), ids=WRONG)
def test_wrong_padding_is_refused(row):
    labels = np.array([[1, 2, 62, 62], row], np.int32)
    for given_as in (labels, labels.astype("float32"), ops.convert_to_tensor(labels)):
        with pytest.raises(ValueError, match=r"labels, row 1: .* pad .* with the blank 62"):
            ctc_loss(given_as, random_logits(2), FULL.blank)
    with pytest.raises(ValueError, match="row 1"):
        CTCLoss()(labels, random_logits(2))


def test_wrong_padding_in_a_compiled_function_is_nan():
    labels = padded([[1, 2], *WRONG.values(), [3]], width=4)
    logits = random_logits(6)
    values, gradients = loss_and_gradient(labels, logits)
    assert np.isnan(values).tolist() == [False, True, True, True, True, False]
    assert not gradients[1:5].any()
    expected, slopes = lattice_oracle(labels[[0, 5]], logits[[0, 5]])
    np.testing.assert_allclose(values[[0, 5]], expected, rtol=1e-6)
    np.testing.assert_allclose(gradients[[0, 5]], slopes, atol=5e-5)


def test_wrong_padding_ends_a_training_and_spares_the_weights():
    model = keras.Sequential([keras.Input((31, 4)), keras.layers.Dense(63)])
    model.compile("sgd", CTCLoss())
    labels = padded([[1, 2]] * 8)
    labels[5, 0] = FULL.blank
    model.fit(
        random_logits(8, classes=4), labels, batch_size=2, epochs=5, verbose=0,
        callbacks=[keras.callbacks.TerminateOnNaN()],
    )  # fmt: skip
    assert len(model.history.epoch) == 1
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.parametrize(
    ("labels", "logits"),
    [((31,), (31, 63)), ((2, 31), (31, 63)), ((2, 3, 4), (2, 31, 63)), ((1, 5), (2, 31, 63))],
    ids=["one row", "no batch", "labels too deep", "another batch"],
)
def test_wrong_shapes_are_refused(labels, logits):
    with pytest.raises(ValueError, match=r"give \(batch, L\) and \(batch, T, classes\)"):
        ctc_loss(np.zeros(labels, "int32"), np.zeros(logits, "float32"), FULL.blank)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_float32(dtype):
    labels = mixed_labels()
    half = ops.cast(random_logits(64), dtype)
    result = compiled(lambda x: ctc_loss(labels, x, FULL.blank))(half)
    assert keras.backend.standardize_dtype(result.dtype) == "float32"
    exact, _ = lattice_oracle(labels, ops.convert_to_numpy(ops.cast(half, "float32")))
    np.testing.assert_allclose(ops.convert_to_numpy(result), exact, rtol=1e-6)
    mean = compiled(lambda x: CTCLoss()(labels, x))(half)
    assert float(mean) == pytest.approx(exact.mean(), rel=1e-6)


def test_loss_object_is_the_mean_and_takes_the_blank_from_its_alphabet():
    abc = Alphabet("abc", time_steps=6)
    labels, logits = abc.encode_batch(["a", "cab"]), random_logits(2, steps=6, classes=4)
    expected, _ = lattice_oracle(labels, logits, abc.blank)
    assert float(CTCLoss(abc)(labels, logits)) == pytest.approx(expected.mean(), rel=1e-6)
    each = CTCLoss(abc, reduction=None)(labels, logits)
    np.testing.assert_allclose(ops.convert_to_numpy(each), expected, rtol=1e-6)


def test_config_round_trip():
    loss = CTCLoss(Alphabet("abc", time_steps=6), name="mine", reduction="sum")
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(copy) is CTCLoss
    assert (copy.alphabet, copy.name, copy.reduction) == (loss.alphabet, "mine", "sum")


def network():
    """The CRNN; under JAX a stand-in: compiling the whole one's training takes it a minute."""
    if TENSORFLOW:
        return build_crnn(width=0.02)
    return keras.Sequential(
        [
            keras.Input((32, 128, 1)),
            keras.layers.Conv2D(8, (32, 8), strides=(1, 4)),
            keras.layers.Reshape((31, 8)),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(63),
        ]
    )


def four_inputs(texts, batch):
    images = np.random.default_rng(0).uniform(size=(batch, 32, 128, 1)).astype("float32")
    labels = FULL.encode_batch(texts)
    input_length = np.full((batch, 1), 31)
    label_length = np.array([[len(text)] for text in texts])
    return images, labels, input_length, label_length


def test_four_input_model_has_the_loss_and_gradients_of_compile_with_ctc_loss():
    keras.utils.set_random_seed(0)
    crnn = network()
    texts = ["hello", "book", "A1"]
    images, labels, input_length, label_length = four_inputs(texts, 3)
    four = four_input_model(crnn)
    assert [x.name for x in four.inputs] == ["image", "labels", "input_length", "label_length"]
    start = [variable.numpy() for variable in crnn.variables]  # dropout's seeds included

    def step(model, loss, x, y):
        """Loss of one step, and the gradient of every weight: what a step of length 1 changes."""
        for variable, value in zip(crnn.variables, start, strict=True):
            variable.assign(value)
        before = [weight.numpy() for weight in crnn.trainable_weights]
        model.compile(keras.optimizers.SGD(1.0), loss)
        value = float(model.train_on_batch(x, y))
        after = [weight.numpy() for weight in crnn.trainable_weights]
        return value, [a - b for a, b in zip(before, after, strict=True)]

    loss, gradients = step(crnn, CTCLoss(), images, labels)
    same_loss, same_gradients = step(
        four, lambda y_true, y_pred: y_pred, [images, labels, input_length, label_length],
        np.zeros(3),
    )  # fmt: skip
    assert same_loss == pytest.approx(loss, rel=1e-6)
    for mine, theirs in zip(gradients, same_gradients, strict=True):
        assert np.abs(mine).max() > 0
        np.testing.assert_allclose(theirs, mine, atol=1e-6 + 1e-4 * np.abs(mine).max())


def test_four_input_model_minds_the_lengths_it_is_given():
    crnn = keras.Sequential([keras.Input((31, 63)), keras.layers.Activation("linear")])
    logits, labels = random_logits(3), padded([[1, 2, 3, 4], [5], [6, 6]])
    # Only lengths say where a row ends: what stands behind is not looked at.
    labels[:, 5:] = 9
    input_length, label_length = np.array([[31], [3], [20]]), np.array([[4], [1], [2]])
    result = four_input_model(crnn).predict([logits, labels, input_length, label_length], verbose=0)
    expected = [
        -Lattice(row[:steps], label[:length], FULL.blank).log_likelihood
        for row, label, (steps,), (length,) in zip(
            logits, labels, input_length, label_length, strict=True
        )
    ]
    assert result.shape == (3, 1)
    np.testing.assert_allclose(result[:, 0], expected, rtol=1e-6)


def test_four_input_model_saves_and_loads(tmp_path):
    four = four_input_model(network())
    inputs = list(four_inputs(["ab", "C"], 2))
    four.save(tmp_path / "four.keras")
    copy = keras.saving.load_model(tmp_path / "four.keras")
    assert isinstance(copy.get_layer("ctc"), CTCCost)
    np.testing.assert_allclose(
        copy.predict(inputs, verbose=0), four.predict(inputs, verbose=0), rtol=1e-5
    )
