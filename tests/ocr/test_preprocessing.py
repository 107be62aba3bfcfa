import io
import threading
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from course_utils.ocr import preprocessing
from course_utils.ocr.preprocessing import ImageError, fit, preprocess, to_grey

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 50, 3), dtype=np.uint8)
GREY = np.asarray(Image.fromarray(RGB).convert("L"))


def encoded(image, suffix="png", **options):
    file = io.BytesIO()
    image.save(file, suffix, **options)
    return file.getvalue()


def assert_is_input(result):
    assert result.shape == (32, 128, 1)
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1


class TestToGrey:
    def test_every_kind_of_source_gives_the_same(self, tmp_path):
        path = tmp_path / "word.png"
        Image.fromarray(RGB).save(path)
        content = path.read_bytes()
        sources = [path, str(path), content, bytearray(content), memoryview(content)]
        sources += [Image.open(path), Image.fromarray(RGB), RGB]
        for source in sources:
            np.testing.assert_array_equal(to_grey(source), GREY)

    def test_luma_is_bt601(self):
        expected = RGB @ np.array([0.299, 0.587, 0.114])
        assert np.abs(to_grey(RGB) - expected).max() <= 1

    @pytest.mark.parametrize("channel", [(), (1,)])
    def test_grey_passes_unchanged_and_is_a_copy(self, channel):
        source = GREY.reshape(GREY.shape + channel).copy()
        result = to_grey(source)
        np.testing.assert_array_equal(result, GREY)
        result[:] = 7
        np.testing.assert_array_equal(source.reshape(GREY.shape), GREY)

    def test_strided_views(self):
        np.testing.assert_array_equal(to_grey(RGB[::-2, ::-3]), GREY[::-2, ::-3])

    @pytest.mark.parametrize("pixels", [RGB, GREY[..., None]], ids=["RGBA", "LA"])
    def test_transparency_is_laid_over_white(self, pixels):
        alpha = np.full((20, 50, 1), 255, np.uint8)
        alpha[:, 10:20] = 0
        alpha[:, 20:30] = 128
        result = to_grey(np.concatenate([pixels, alpha], axis=2))
        expected = 255 - (255 - GREY.astype(float)) * alpha[..., 0] / 255
        assert np.abs(result - expected).max() <= 1
        assert (result[:, 10:20] == 255).all()

    def test_palette_with_a_transparent_colour(self):
        image = Image.new("P", (4, 3), 0)
        image.putpalette([10, 10, 10, 90, 90, 90])
        image.putpixel((1, 1), 1)
        assert to_grey(encoded(image)).tolist()[1] == [10, 90, 10, 10]
        assert to_grey(encoded(image, transparency=0)).tolist()[1] == [255, 90, 255, 255]

    @pytest.mark.parametrize("mode", ["1", "P", "CMYK", "YCbCr", "HSV", "RGBX"])
    def test_other_modes(self, mode):
        smooth = Image.fromarray(np.tile(np.arange(0, 250, 5, dtype=np.uint8), (20, 1)))
        image = (smooth if mode == "P" else smooth.convert("RGB")).convert(mode)
        error = to_grey(image).astype(int) - np.asarray(smooth)
        if mode == "1":
            assert set(np.unique(to_grey(image))) == {0, 255}
        else:
            assert np.abs(error).max() <= 2

    def test_cmyk_jpeg(self):
        image = Image.new("CMYK", (16, 16), (0, 0, 0, 255))
        assert to_grey(encoded(image, "jpeg", quality=95)).max() < 10

    @pytest.mark.parametrize("dtype", ["<u2", ">u2"])
    def test_sixteen_bits_are_scaled(self, dtype):
        levels = np.array([[0, 128, 129, 257, 32768, 65535]], dtype)
        assert to_grey(levels).tolist() == [[0, 0, 1, 1, 128, 255]]

    @pytest.mark.parametrize("suffix", ["png", "tiff", "ppm"])
    def test_sixteen_bit_files(self, suffix):
        levels = GREY.astype(np.uint16) * 257
        np.testing.assert_array_equal(
            to_grey(encoded(Image.fromarray(levels), suffix)),
            GREY,
        )

    def test_thirty_two_bit_mode_holds_sixteen(self):
        image = Image.fromarray(GREY.astype(np.int32) * 257)
        assert image.mode == "I"
        np.testing.assert_array_equal(to_grey(image), GREY)
        with pytest.raises(ImageError, match=r"outside 0\.\.65535"):
            to_grey(Image.fromarray(np.full((3, 3), 65536, np.int32)))

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_floats(self, dtype):
        np.testing.assert_array_equal(to_grey((GREY / 255).astype(dtype)), GREY)

    def test_float_images(self):
        image = Image.fromarray((GREY / 255).astype(np.float32))
        assert image.mode == "F"
        np.testing.assert_array_equal(to_grey(image), GREY)

    def test_booleans(self):
        assert to_grey(np.array([[True, False]])).tolist() == [[255, 0]]

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_exif_rotation(self, orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        turned = {
            1: GREY,
            2: GREY[:, ::-1],
            3: GREY[::-1, ::-1],
            4: GREY[::-1],
            5: GREY.T,
            6: np.rot90(GREY, -1),
            7: GREY[::-1, ::-1].T,
            8: np.rot90(GREY),
        }
        content = encoded(Image.fromarray(GREY), exif=exif)
        np.testing.assert_array_equal(to_grey(content), turned[orientation])

    def test_threads_leave_the_warning_filters_alone(self):
        before = list(warnings.filters)
        content = encoded(Image.fromarray(RGB))
        threads = [
            threading.Thread(target=lambda: [to_grey(content) for _ in range(50)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert warnings.filters == before


class TestFit:
    def test_pad_keeps_small_images_and_adds_white_right_and_below(self):
        result = fit(GREY, "pad")
        np.testing.assert_array_equal(result[:20, :50], GREY)
        assert (result[20:] == 255).all()
        assert (result[:, 50:] == 255).all()

    @pytest.mark.parametrize(
        ("shape", "kept"),
        [((64, 100), (32, 50)), ((10, 256), (5, 128)), ((3200, 1), (32, 1)), ((1, 9999), (1, 128))],
    )
    def test_pad_shrinks_larger_ones_in_proportion(self, shape, kept):
        result = fit(np.zeros(shape, np.uint8), "pad")
        expected = np.full((32, 128), 255)
        expected[: kept[0], : kept[1]] = 0
        np.testing.assert_array_equal(result, expected)

    @pytest.mark.parametrize("mode", ["stretch", "pad"])
    def test_the_right_size_passes_unchanged(self, mode):
        image = RNG.integers(0, 256, (32, 128), dtype=np.uint8)
        np.testing.assert_array_equal(fit(image, mode), image)

    def test_stretch_averages_what_it_shrinks(self):
        image = RNG.integers(0, 256, (32 * 4, 128 * 3), dtype=np.uint8)
        means = image.reshape(32, 4, 128, 3).mean(axis=(1, 3))
        assert np.abs(fit(image, "stretch") - means).max() <= 1

    def test_stretch_averages_one_axis_while_the_other_grows(self):
        stripes = np.zeros((320, 64), np.uint8)
        stripes[::2] = 200
        assert np.abs(fit(stripes, "stretch").astype(int) - 100).max() <= 1

    def test_stretch_interpolates_what_it_enlarges(self):
        small = cv2.GaussianBlur(RNG.integers(0, 256, (16, 64), dtype=np.uint8), (0, 0), 2)
        back = cv2.resize(fit(small, "stretch"), (64, 16), interpolation=cv2.INTER_AREA)
        assert np.abs(back.astype(int) - small).max() <= 3

    def test_unknown_mode(self):
        with pytest.raises(ValueError, match="'squash': choose one of stretch, pad"):
            fit(GREY, "squash")

    @pytest.mark.parametrize("array", [RGB, GREY / 255, np.zeros((0, 5), np.uint8)])
    def test_what_is_not_grey_uint8_is_refused(self, array):
        with pytest.raises(ImageError, match="use to_grey first"):
            fit(array, "pad")


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("empty.png", b"", "empty or not an image"),
            ("text.jpg", b"Dear learner,\n", "empty or not an image"),
            ("script.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image"),
            ("head.png", b"\x89PNG\r\n\x1a\n", ""),
            ("cut.png", encoded(Image.fromarray(RGB))[:-900], "damaged or cut short"),
            ("cut.jpg", encoded(Image.fromarray(RGB), "jpeg")[:-200], "damaged or cut short"),
        ],
    )
    def test_files(self, tmp_path, name, content, reason):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ImageError, match=f"{name}: .*{reason}") as caught:
            preprocess(path)
        assert "\n" not in str(caught.value)
        with pytest.raises(ImageError, match=f"^the bytes: .*{reason}"):
            preprocess(content)

    def test_missing_file(self, tmp_path):
        with pytest.raises(ImageError, match=r"none\.png: cannot be opened \(No such file"):
            preprocess(tmp_path / "none.png")

    def test_folder(self, tmp_path):
        with pytest.raises(ImageError, match=f"{tmp_path.name}: cannot be opened"):
            preprocess(tmp_path)

    def test_impossible_file_name(self):
        with pytest.raises(ImageError, match="cannot be opened"):
            preprocess("a\0b.png")

    @pytest.mark.parametrize("limit", [999, 499], ids=["Pillow warns", "Pillow refuses"])
    def test_decompression_bomb(self, monkeypatch, limit):
        content = encoded(Image.fromarray(RGB))
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
        with pytest.raises(ImageError, match=r"the bytes: .*decompression bomb"):
            preprocess(content)
        assert limit == Image.MAX_IMAGE_PIXELS

    def test_bomb_where_pillow_looks_away(self, monkeypatch):
        content = encoded(Image.fromarray(RGB))
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        monkeypatch.setattr(preprocessing, "MAX_PIXELS", 999)
        for source in (content, Image.fromarray(RGB), RGB):
            with pytest.raises(ImageError, match="50 x 20 is more than 999 pixels"):
                preprocess(source)

    @pytest.mark.parametrize(
        ("array", "reason"),
        [
            (np.zeros((0, 5), np.uint8), "5 x 0 has no pixels"),
            (np.zeros(5, np.uint8), "shape"),
            (np.zeros((), np.uint8), "shape"),
            (np.zeros((2, 3, 5), np.uint8), "shape"),
            (np.zeros((2, 3, 0), np.uint8), "shape"),
            (np.zeros((1, 2, 3, 1), np.uint8), "shape"),
            (np.broadcast_to(np.uint8(0), (10**6, 10**6)), "more than"),
            (np.zeros((2, 3), np.int64), "dtype int64"),
            (np.zeros((2, 3), complex), "dtype complex128"),
            (np.full((2, 3), "x"), "dtype <U1"),
            (np.full((2, 3), None), "dtype object"),
            (np.full((2, 3), np.nan), "NaN"),
            (np.full((2, 3), 1.01), "outside"),
            (np.full((2, 3), -0.01), "outside"),
        ],
    )
    def test_arrays(self, array, reason):
        with pytest.raises(ImageError, match=f"^the array: .*{reason}"):
            preprocess(array)

    def test_pil_images(self):
        with pytest.raises(ImageError, match="0 x 5 has no pixels"):
            preprocess(Image.new("L", (0, 5)))
        with pytest.raises(ImageError, match="the image: "):
            preprocess(Image.new("LAB", (5, 5)))
        with pytest.raises(ImageError, match="the image: damaged"):
            preprocess(Image.open(io.BytesIO(encoded(Image.fromarray(RGB))[:-900])))

    @pytest.mark.parametrize("thing", [None, 3, [[0, 1]], open])
    def test_other_things(self, thing):
        with pytest.raises(ImageError, match="give a path, bytes, a PIL image or an array"):
            preprocess(thing)


class TestAnything:
    @given(
        hnp.arrays(
            st.one_of(hnp.scalar_dtypes(), st.just(np.dtype(object))),
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
        ),
        st.sampled_from(["stretch", "pad"]),
    )
    @settings(max_examples=150, deadline=None)
    def test_arrays_become_inputs_or_are_refused(self, array, mode):
        try:
            result = preprocess(array, mode)
        except ImageError:
            pass
        else:
            assert_is_input(result)

    @given(
        st.sampled_from([bool, np.uint8, np.uint16, np.float16, np.float32, np.float64]),
        st.tuples(st.integers(1, 300), st.integers(1, 300)),
        st.sampled_from([(), (1,), (2,), (3,), (4,)]),
        st.sampled_from(["stretch", "pad"]),
    )
    @settings(max_examples=60, deadline=None)
    def test_images_become_inputs(self, dtype, size, channels, mode):
        levels = RNG.random(size + channels)
        scale = 1 if dtype is bool or np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
        assert_is_input(preprocess((levels * scale).round(3).astype(dtype), mode))

    @given(
        st.sampled_from(["jpeg", "png", "gif", "bmp", "tiff", "webp", "ppm"]),
        st.data(),
    )
    @settings(max_examples=100, deadline=None)
    def test_damaged_files_become_inputs_or_are_refused(self, suffix, data):
        content = bytearray(encoded(Image.fromarray(RGB), suffix))
        for _ in range(data.draw(st.integers(1, 6))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        content = bytes(content[: data.draw(st.integers(0, len(content)))])
        try:
            result = preprocess(content)
        except ImageError:
            pass
        else:
            assert_is_input(result)
