import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.ocr.textures import texture_bank, texture_patch


def test_the_bank_is_made_once_and_is_varied():
    bank = texture_bank()
    assert bank is texture_bank()
    assert bank.dtype == np.uint8
    assert len({image.tobytes() for image in bank}) == len(bank) >= 12
    assert (bank.reshape(len(bank), -1).std(axis=1) > 10).all()


@given(
    dice=st.lists(st.floats(0, 1, exclude_max=True), min_size=5, max_size=5),
    height=st.integers(1, 80),
    width=st.integers(1, 640),
)
@settings(max_examples=60, deadline=None)
def test_patches_have_the_size_asked_for_and_unit_contrast(dice, height, width):
    patch = texture_patch(np.array(dice), height, width)
    assert patch.shape == (height, width)
    assert patch.dtype == np.float32
    assert abs(patch.mean()) < 1e-3
    assert patch.std() < 1.001
