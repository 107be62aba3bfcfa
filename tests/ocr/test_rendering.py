import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.ocr.fonts import default_faces
from course_utils.ocr.rendering import (
    CAP,
    CLUTTER,
    DEFAULT_MIX,
    EDGE,
    LETTERS,
    MINIMUM_CONTRAST,
    Recipe,
    bend,
    blur,
    border,
    clutter,
    colour,
    draw_recipe,
    jpeg,
    letters,
    light,
    low_resolution,
    noise,
    project,
    render,
    shadow,
    sharpen,
    stages,
    weight,
)

FACES = default_faces()
FACE = next(face for face in FACES if face.name.startswith("DejaVu Sans"))


def generator(seed=0):
    return np.random.default_rng(seed)


def word(text="Word", **strengths):
    return letters(text, FACE, generator(), **strengths)


def ink_width(layers):
    return np.flatnonzero(layers[..., LETTERS].any(axis=0)).size


def ink_box(layers):
    rows = np.flatnonzero(layers[..., LETTERS].max(axis=1) > 64)
    columns = np.flatnonzero(layers[..., LETTERS].max(axis=0) > 64)
    return rows[0], rows[-1], columns[0], columns[-1]


def test_capitals_are_as_high_as_promised():
    top, bottom, *_ = ink_box(word("HHH"))
    assert bottom - top + 1 == pytest.approx(CAP, abs=1)


def test_letters_follow_one_another():
    single, double = ink_box(word("H")), ink_box(word("HH"))
    assert double[3] - double[2] > 2 * (single[3] - single[2])
    assert ink_box(word("H"))[3] < ink_box(word("Hi"))[3]


def test_every_face_draws_every_letter_inside_the_layers():
    for face in FACES:
        layers = letters("agjpqyQJ", face, generator())
        assert not layers[[0, -1]].any(), face.name
        assert not layers[:, [0, -1]].any(), face.name


def test_spacing_moves_letters_apart_or_together():
    wide = [letters("Word", FACE, generator(seed), spacing=1.0) for seed in range(20)]
    extents = {ink_box(layers)[3] - ink_box(layers)[2] for layers in wide}
    plain = ink_box(word())[3] - ink_box(word())[2]
    assert min(extents) < plain < max(extents)


def test_small_capitals_only_shrink_capitals():
    assert ink_width(word("WORD", small_capitals=1.0)) < ink_width(word("WORD"))
    assert np.array_equal(word("Word", small_capitals=1.0), word("Word"))


def test_weight_adds_and_takes_ink():
    ink = word()[..., LETTERS].sum(dtype=int)
    assert weight(word(), 1.0)[..., LETTERS].sum(dtype=int) > ink
    assert weight(word(), -1.0)[..., LETTERS].sum(dtype=int) < ink


def test_border_surrounds_the_letters():
    layers = border(word(), generator(), 0.5)
    assert (layers[..., EDGE] >= layers[..., LETTERS]).all()
    assert layers[..., EDGE].sum(dtype=int) > 1.2 * layers[..., LETTERS].sum(dtype=int)


def test_shadow_is_the_letters_elsewhere():
    layers = shadow(word(), generator(), 0.5)
    assert layers[..., EDGE].any()
    assert not np.array_equal(layers[..., EDGE], layers[..., LETTERS])
    assert np.array_equal(layers[..., LETTERS], word()[..., LETTERS])


@pytest.mark.parametrize("seed", range(12))
def test_clutter_leaves_the_letters_alone(seed):
    layers = clutter(word(), FACE, generator(seed), 1.0)
    assert layers[..., CLUTTER].any()
    assert np.array_equal(layers[..., LETTERS], word()[..., LETTERS])


@pytest.mark.parametrize("seed", range(8))
def test_bending_keeps_the_ink(seed):
    flat = word("Bending")
    bent = bend(flat, generator(seed), 1.0)
    assert bent[..., LETTERS].sum(dtype=int) == pytest.approx(
        flat[..., LETTERS].sum(dtype=int), rel=0.25
    )
    assert bent.shape != flat.shape or not np.array_equal(bent, flat)


def test_an_arc_has_the_asked_curvature():
    """The middle of a wide bar rises by radius * (1 - cos(half the angle)) above its ends."""
    bar = np.zeros((200, 400, 3), np.uint8)
    bar[95:105, 28:372, LETTERS] = 255
    seed = next(s for s in range(50) if generator(s).random(4)[0] < 0.75)
    bent = bend(bar, generator(seed), 1.0)[..., LETTERS] > 128
    columns = np.flatnonzero(bent.any(axis=0))
    ends_and_middle = columns[2], int(columns.mean()), columns[-3]
    heights = [np.flatnonzero(bent[:, column]).mean() for column in ends_and_middle]
    half = np.radians(55)
    radius = 344 / (2 * half)
    sagitta = abs(heights[1] - (heights[0] + heights[2]) / 2)
    assert sagitta == pytest.approx(radius * (1 - np.cos(half)), rel=0.1)


@given(seed=st.integers(0, 2**32), strength=st.floats(0, 1), crop=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_a_crop_is_as_high_as_asked_and_holds_the_word(seed, strength, crop):
    layers = project(word("Crop"), generator(seed), strength, crop, 40)
    assert layers.shape[0] == 40
    assert 40 / 3 <= layers.shape[1] <= 400
    assert (layers[..., LETTERS] > 128).mean() > 0.03


def test_without_strength_the_crop_is_level_and_has_equal_margins():
    layers = project(word("HIH"), generator(), 0.0, 0.0, 64)
    top, bottom, left, right = ink_box(layers)
    margins = top, 63 - bottom, left, layers.shape[1] - 1 - right
    assert max(margins) - min(margins) <= 3


@given(seed=st.integers(0, 2**32), contrast=st.floats(0, 1), hollow=st.booleans())
@settings(max_examples=60, deadline=None)
def test_contrast_is_bounded_below(seed, contrast, hollow):
    layers = project(border(word("HEH"), generator(), 0.4), generator(), 0.0, 0.0, 64)
    picture = colour(layers, generator(seed), contrast, hollow=float(hollow))
    inside = picture[layers[..., EDGE if hollow else LETTERS] == 255]
    if hollow:
        inside = picture[(layers[..., EDGE] == 255) & (layers[..., LETTERS] == 0)]
    ground = picture[layers[..., EDGE] == 0]
    assert abs(inside.mean() - ground.mean()) >= MINIMUM_CONTRAST - 0.01
    assert picture.min() >= -0.01
    assert picture.max() <= 255.01


def test_textures_never_drown_the_letters():
    layers = project(word("HEH"), generator(), 0.0, 0.0, 64)
    for seed in range(20):
        picture = colour(layers, generator(seed), contrast=0.5, texture=1.0)
        letters_, ground = picture[layers[..., LETTERS] == 255], picture[layers.max(axis=2) == 0]
        assert ground.std() < abs(letters_.mean() - ground.mean())


PICTURE = render("Picture", FACE, generator(), Recipe(height=48)).astype(np.float32)


@pytest.mark.parametrize(
    "stage",
    [
        lambda p, s: light(p, generator(), s),
        lambda p, s: blur(p, generator(), s),
        lambda p, s: low_resolution(p, generator(), s),
        lambda p, s: noise(p, generator(), s),
        sharpen,
        lambda p, s: jpeg(p.astype(np.uint8), s),
    ],
)
def test_a_stage_of_strength_0_is_off_and_a_strong_one_shows(stage):
    assert np.array_equal(stage(PICTURE, 0.0), PICTURE)
    assert stage(PICTURE, 1.0).shape == PICTURE.shape
    changes = [np.abs(stage(PICTURE, s).astype(float) - PICTURE).mean() for s in (0.3, 1.0)]
    assert 0 < changes[0] < changes[1]


def test_blur_and_low_resolution_take_away_detail():
    def detail(p):
        return np.abs(np.diff(p, axis=1)).max()

    assert detail(blur(PICTURE, generator(), 1.0)) < 0.6 * detail(PICTURE)
    assert detail(low_resolution(PICTURE, generator(), 1.0)) < 0.8 * detail(PICTURE)
    assert detail(sharpen(PICTURE, 1.0)) > detail(PICTURE)


@given(seed=st.integers(0, 2**63), text=st.text("aWgj0.'", min_size=1, max_size=23))
@settings(max_examples=60, deadline=None)
def test_any_text_and_recipe_give_a_picture(seed, text):
    rng = generator(seed)
    recipe = draw_recipe(rng)
    picture = render(text, FACES[seed % len(FACES)], rng, recipe)
    assert picture.dtype == np.uint8
    assert picture.shape[0] == recipe.height
    assert recipe.height / 3 - 1 <= picture.shape[1] <= 10 * recipe.height


@pytest.mark.parametrize("stage", [name for name in DEFAULT_MIX if name != "noise"])
def test_one_stage_does_not_change_the_draws_of_the_others(stage):
    # Noise is the last stage that draws.
    left = []
    for strength in (0.0, 1.0):
        rng = generator(3)
        render("Draws", FACE, rng, Recipe(**{stage: strength}))
        left.append(rng.random())
    assert left[0] == left[1]


def test_stages_end_with_the_picture_itself():
    recipe = draw_recipe(generator(5))
    shown = list(stages("Stages", FACE, 7, recipe))
    assert shown[0][0] == "letters"
    assert np.array_equal(shown[-1][1], render("Stages", FACE, generator(7), recipe))
    names = [name for name, _ in shown[1:]]
    assert names == [name for name in DEFAULT_MIX if name != "contrast" and getattr(recipe, name)]


def test_the_default_mix_has_the_chances_it_says():
    recipes = [draw_recipe(generator(seed)) for seed in range(2000)]
    for stage, mix in DEFAULT_MIX.items():
        share = np.mean([getattr(recipe, stage) != 0 for recipe in recipes])
        assert share == pytest.approx(mix.chance, abs=0.05), stage
