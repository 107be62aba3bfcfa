import shutil
import string

import gather_fonts
import pytest
from fontTools.ttLib import TTFont
from gather_fonts import CHARACTERS, Style, choose, cut_down, debian_licence, free_licence
from PIL import ImageFont

from course_utils.ocr.fonts import default_faces, faces_in


@pytest.fixture(scope="module")
def lobster():
    return next(face for face in default_faces() if face.name == "Lobster Regular")


def style(family, name, package="npm one", path=None):
    return Style(family, name, path, package, "OFL-1.1")


def test_a_face_is_cut_down_to_the_signs_and_still_draws_them_alike(lobster, tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    path = cut_down(style("Lobster", "Test", path=lobster.path), folder)
    with TTFont(path) as font:
        assert set(font.getBestCmap()) <= set(map(ord, CHARACTERS))
        assert "Copyright" in font["name"].getDebugName(0)
    assert path.stat().st_size < lobster.path.stat().st_size / 4
    basic = ImageFont.Layout.BASIC
    whole, small = (ImageFont.truetype(p, 400, layout_engine=basic) for p in (lobster.path, path))
    for character in string.ascii_letters + string.digits:
        assert whole.getlength(character) == pytest.approx(small.getlength(character), abs=1)
    assert [face.name for face in faces_in(folder)] == ["Lobster Test"]


def test_cutting_down_gives_the_same_bytes_again(lobster, tmp_path):
    one = cut_down(style("Lobster", "Test", path=lobster.path), tmp_path).read_bytes()
    two = cut_down(style("Lobster", "Test", path=lobster.path), tmp_path).read_bytes()
    assert one == two


def test_the_plainest_styles_of_a_family_come_first():
    names = ["Thin", "Italic", "Black", "Bold", "Regular"]
    chosen = [s.style for s in choose(style("One", name) for name in names)]
    assert chosen == ["Regular", "Bold", "Black"]


def test_a_family_is_taken_from_the_first_package_that_has_it():
    styles = [style("Open Sans", "Regular"), style("OpenSans", "Bold", "Debian two")]
    assert list(choose(styles)) == styles[:1]


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("This Font Software is licensed under the SIL Open Font License", "OFL-1.1"),
        ("https://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
        ("All rights reserved", ""),
        ("OFL, GPL, LPPL and MIT, each for some files", ""),
    ],
)
def test_licences_are_recognised(text, licence):
    assert free_licence(text) == licence


def test_the_packaging_s_own_licence_is_not_taken_for_the_fonts():
    terms = "Files: debian/*\nLicense: GPL-2+\n\nFiles: *\nLicense: OFL-1.1\n"
    assert debian_licence(terms) == "OFL-1.1"


def test_a_broken_font_is_named_and_left_out(tmp_path, capsys):
    path = tmp_path / "broken.ttf"
    path.write_bytes(b"no font")
    assert list(gather_fonts.named_style(path, "Debian one", "")) == []
    assert gather_fonts.try_cut_down(style("One", "Regular", path=path), tmp_path) is None
    assert capsys.readouterr().err.count("left out") == 2


def test_outlines_too_large_are_left_out(lobster, tmp_path, monkeypatch):
    monkeypatch.setattr(gather_fonts, "LARGEST_FACE", 100)
    assert gather_fonts.try_cut_down(style("L", "R", path=lobster.path), tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_no_family_is_listed_twice():
    for name in ("fontsource_families.txt", "debian_fonts.txt", "excluded_faces.tsv"):
        names = [line.split("\t")[0] for line in gather_fonts.read_list(name)]
        assert len(set(names)) == len(names)


def test_a_failure_gets_one_line_and_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    def fail(folder, cache):
        shutil.copy(__file__, folder)
        raise OSError("no network")

    monkeypatch.setattr(gather_fonts, "gather", fail)
    monkeypatch.setattr("sys.argv", ["gather_fonts.py", str(tmp_path / "fonts")])
    with pytest.raises(SystemExit, match="2"):
        gather_fonts.main()
    assert capsys.readouterr().err == "error: no network\n"
    assert not list(tmp_path.iterdir())
