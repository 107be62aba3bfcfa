import pickle
import shutil
import string
import tomllib
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.fonts import (
    PACKAGES,
    Face,
    FontError,
    default_faces,
    faces_hash,
    faces_in,
    has_glyphs,
)

LETTERS = Alphabet().characters
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def faces():
    return default_faces()


@pytest.fixture(scope="module")
def by_name(faces):
    return {face.name: face for face in faces}


def bars(number):
    """A glyph: a frame of two bars with the binary digits of ``number`` as bars between them."""
    pen = TTGlyphPen(None)
    if number:
        for bit in range(8):
            if (number << 1 | 0b10000001) >> bit & 1:
                x = 100 * bit
                for step, point in enumerate([(x, 0), (x, 700), (x + 60, 700), (x + 60, 0)]):
                    (pen.lineTo if step else pen.moveTo)(point)
                pen.closePath()
    return pen.glyph()


def build_font(path, shapes, family="Made", names=None):
    """A TrueType file that draws each character of ``shapes`` as the bars of its number."""
    names = names or {character: f"g{ord(character)}" for character in shapes}
    order = [".notdef", *dict.fromkeys(names[character] for character in shapes)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({ord(c): names[c] for c in shapes})
    glyphs = {names[c]: bars(number) for c, number in shapes.items()}
    builder.setupGlyf({".notdef": bars(63), **glyphs})
    builder.setupHorizontalMetrics({name: (800, 0) for name in order})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


def whole_alphabet():
    return {character: number for number, character in enumerate(LETTERS, start=1)}


def test_about_ninety_faces_come_with_the_packages(faces):
    assert 90 <= len(faces) <= 120
    assert len({face.name for face in faces}) == len(faces)


def test_every_default_package_is_a_locked_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert all(any(d.startswith(f"{p}>=") for d in project["dependencies"]) for p in PACKAGES)


def test_every_default_package_gives_a_face(faces):
    for package in PACKAGES:
        folder = package.replace("-", "_")
        assert any(folder in face.path.parts for face in faces), package


def test_fonttools_agrees_that_every_face_maps_the_alphabet(faces):
    for face in faces:
        with TTFont(face.path, fontNumber=face.number, lazy=True) as font:
            assert set(map(ord, LETTERS)) <= set(font.getBestCmap()), face.name


def test_symbol_and_placeholder_fonts_are_left_out(faces):
    files = {face.path.name for face in faces}
    matplotlib_fonts = faces_folder("DejaVuSans.ttf", faces)
    for name in ("cmsy10.ttf", "cmex10.ttf", "STIXSizOneSymReg.ttf", "LastResortHE-Regular.ttf"):
        assert (matplotlib_fonts / name).exists()
        assert name not in files


def faces_folder(file, faces):
    return next(face.path.parent for face in faces if face.path.name == file)


@pytest.mark.parametrize("name", ["Bebas Neue Regular", "Amatic SC Bold", "Cinzel Regular"])
def test_faces_without_small_letters_say_so(by_name, name):
    assert by_name[name].capitals_only


@pytest.mark.parametrize(
    "name", ["DejaVu Sans Book", "Anton Regular", "Pacifico Regular", "Press Start 2P Regular"]
)
def test_faces_with_small_letters_say_so(by_name, name):
    assert not by_name[name].capitals_only


def test_a_face_survives_pickling_and_is_hashable(faces):
    assert pickle.loads(pickle.dumps(faces)) == faces
    assert len(set(faces)) == len(faces)


def test_order_and_hash_depend_on_contents_not_on_places(faces, tmp_path):
    for number, face in enumerate(faces[:12]):
        folder = tmp_path / "one"
        folder.mkdir(exist_ok=True)
        shutil.copy(face.path, folder / f"{number}{face.path.suffix}")
    for number, face in enumerate(reversed(faces[:12])):
        folder = tmp_path / "two" / str(number)
        folder.mkdir(parents=True)
        shutil.copy(face.path, folder / f"{number}{face.path.suffix.upper()}")
    one, two = faces_in(tmp_path / "one"), faces_in(tmp_path / "two")
    assert [f.name for f in one] == [f.name for f in two] == [f.name for f in faces[:12]]
    assert faces_hash(one) == faces_hash(two) == faces_hash(faces[:12])


def test_hash_tells_sets_and_orders_apart(faces):
    hashes = [faces_hash(f) for f in (faces, faces[1:], faces[:-1], faces[::-1])]
    assert len(set(hashes)) == len(hashes)


def test_copies_and_namesakes_are_taken_once(tmp_path):
    build_font(tmp_path / "a.ttf", whole_alphabet(), family="One")
    shutil.copy(tmp_path / "a.ttf", tmp_path / "copy.ttf")
    mirrored = {character: 63 - number for character, number in whole_alphabet().items()}
    build_font(tmp_path / "b.ttf", mirrored, family="One")
    build_font(tmp_path / "c.ttf", mirrored, family="Two")
    assert [face.name for face in faces_in(tmp_path)] == ["One Regular", "Two Regular"]


@pytest.mark.parametrize("missing", ["a", "Q", "0"])
def test_a_face_that_misses_a_character_is_left_out(tmp_path, missing):
    shapes = whole_alphabet()
    del shapes[missing]
    build_font(tmp_path / "font.ttf", shapes)
    with pytest.raises(FontError, match="no usable face"):
        faces_in(tmp_path)


def test_a_face_with_an_empty_glyph_is_left_out(tmp_path):
    build_font(tmp_path / "font.ttf", whole_alphabet() | {"k": 0})
    with pytest.raises(FontError, match="no usable face"):
        faces_in(tmp_path)


def test_a_face_whose_letters_look_the_same_is_left_out(tmp_path):
    build_font(tmp_path / "font.ttf", dict.fromkeys(LETTERS, 63))
    with pytest.raises(FontError, match="no usable face"):
        faces_in(tmp_path)


def test_zero_may_look_like_o(tmp_path):
    shapes = whole_alphabet()
    build_font(tmp_path / "font.ttf", shapes | {"0": shapes["O"]})
    assert len(faces_in(tmp_path)) == 1


def test_glyphs_named_as_something_else_are_not_trusted(tmp_path):
    names = {character: f"g{ord(character)}" for character in LETTERS} | {"a": "arrowup"}
    build_font(tmp_path / "font.ttf", whole_alphabet(), names=names)
    with pytest.raises(FontError, match="no usable face"):
        faces_in(tmp_path)


def test_every_face_of_a_collection_counts(tmp_path):
    one = TTFont(build_font(tmp_path / "1", whole_alphabet(), family="One"))
    mirrored = {character: 63 - number for character, number in whole_alphabet().items()}
    two = TTFont(build_font(tmp_path / "2", mirrored, family="Two"))
    collection = TTCollection()
    collection.fonts = [one, two]
    collection.save(tmp_path / "both.ttc")
    assert [(face.name, face.number) for face in faces_in(tmp_path)] == [
        ("One Regular", 0),
        ("Two Regular", 1),
    ]


def test_a_missing_folder_and_an_empty_one_get_one_sentence(tmp_path):
    with pytest.raises(FontError, match="no folder"):
        faces_in(tmp_path / "absent")
    (tmp_path / "notes.ttf").write_text("not a font")
    with pytest.raises(FontError, match="no usable face"):
        faces_in(tmp_path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_fonts_never_raise_anything_else(by_name, tmp_path, data):
    content = bytearray(by_name["Fredoka One Regular"].path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, min(len(content), 3000) - 1))] ^= data.draw(
            st.integers(1, 255)
        )
    (tmp_path / "font.ttf").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        faces = faces_in(tmp_path)
    except FontError:
        return
    assert all(isinstance(face, Face) for face in faces)


def test_has_glyphs_knows_punctuation(by_name):
    assert has_glyphs(by_name["DejaVu Sans Book"], string.punctuation)
    assert not has_glyphs(by_name["DejaVu Sans Book"], "\U0010fffe")
    assert not has_glyphs(by_name["cmr10 Regular"], '"')  # its glyph there is a closing quote
