"""The faces that may draw words: found, checked glyph by glyph, put in one order everywhere."""

import functools
import hashlib
import io
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

import numpy as np
from fontTools import agl
from matplotlib.ft2font import FaceFlags, FT2Font, LoadFlags

from course_utils.ocr.alphabet import Alphabet

PACKAGES = (
    "font-amatic-sc",
    "font-caladea",
    "font-fredoka-one",
    "font-intuitive",
    "font-lato",
    "font-source-sans-pro",
    "font-source-serif-pro",
    "fontpkg-abril-fatface",
    "fontpkg-alfa-slab-one",
    "fontpkg-anton",
    "fontpkg-arvo",
    "fontpkg-bebas-neue",
    "fontpkg-black-ops-one",
    "fontpkg-bungee",
    "fontpkg-caveat",
    "fontpkg-cinzel",
    "fontpkg-dancing-script",
    "fontpkg-gravitas-one",
    "fontpkg-indie-flower",
    "fontpkg-lilita-one",
    "fontpkg-lobster",
    "fontpkg-oleo-script",
    "fontpkg-orbitron",
    "fontpkg-oswald",
    "fontpkg-pacifico",
    "fontpkg-permanent-marker",
    "fontpkg-playfair-display",
    "fontpkg-press-start-2p",
    "fontpkg-righteous",
    "fontpkg-roboto",
    "fontpkg-roboto-condensed",
    "fontpkg-roboto-slab",
    "fontpkg-russo-one",
    "fontpkg-satisfy",
    "fontpkg-shadows-into-light",
    "fontpkg-space-mono",
    "fontpkg-titan-one",
    "fontpkg-yellowtail",
    "matplotlib",
)
"""The locked packages whose faces draw by default."""

ALPHABET = Alphabet().characters
SUFFIXES = {".ttf", ".otf", ".ttc", ".otc"}
LEAST_ASCENT = 1.1


class FontError(ValueError):
    """A place that offers no usable face; the message says which and why."""


class Face(NamedTuple):
    """One face of a font file.

    Attributes:
        path: the font file.
        name: the face's full name.
        number: its index in a collection file, else 0.
        capitals_only: its small letters look like capitals. Draw and label its words in capitals:
            whether such a picture says "Cafe" or "CAFE" cannot be learnt from it.
    """

    path: Path
    name: str
    number: int = 0
    capitals_only: bool = False


def default_faces() -> tuple[Face, ...]:
    """The usable faces of ``PACKAGES``, the same ones on every machine with the same lock.

    Raises:
        FontError: one of the packages is not installed.
    """
    try:
        packages = [distribution(package) for package in PACKAGES]
    except PackageNotFoundError as missing:
        raise FontError(
            f"the font package {missing.name} is not installed: install requirements.txt"
        ) from missing
    return _usable(
        Path(package.locate_file(file)) for package in packages for file in package.files or ()
    )


def faces_in(folder: str | Path) -> tuple[Face, ...]:
    """The usable faces below a folder.

    Raises:
        FontError: there is no such folder, or no usable face in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FontError(f"{folder} is no folder: name one that holds TTF or OTF files")
    faces = _usable(folder.rglob("*"))
    if not faces:
        raise FontError(
            f"{folder} holds no usable face: put TTF or OTF text fonts there that have every one "
            "of a-z, A-Z and 0-9"
        )
    return faces


def system_faces() -> tuple[Face, ...]:
    """The usable faces installed on this machine (Linux, macOS or Windows)."""
    from matplotlib.font_manager import findSystemFonts  # builds a font cache when imported

    return _usable(Path(path) for path in findSystemFonts())


def faces_hash(faces: Iterable[Face]) -> str:
    """A hash of the faces' contents and order, whatever their paths: 16 hexadecimal digits."""
    total = hashlib.sha256()
    for face in faces:
        total.update(hashlib.sha256(face.path.read_bytes()).digest())
        total.update(face.number.to_bytes(4, "big"))
    return total.hexdigest()[:16]


def has_glyphs(face: Face, text: str) -> bool:
    """Whether the face has a glyph for every character of ``text``."""
    return all(_has_glyph(face, character) for character in text)


@functools.lru_cache(maxsize=200_000)
def _has_glyph(face: Face, character: str) -> bool:
    return _has_glyphs(_open(face), character)


@functools.lru_cache(maxsize=4096)
def _open(face: Face) -> FT2Font:
    return FT2Font(io.BytesIO(face.path.read_bytes()), face_index=face.number)


def _usable(paths: Iterable[Path]) -> tuple[Face, ...]:
    """The usable faces of font files by name, then content; of equal names or contents the first.

    The order is the same on every machine: it does not depend on where the files lie.
    """
    found = []
    for path in paths:
        if path.suffix.lower() in SUFFIXES and path.is_file():
            content = path.read_bytes()
            digest = hashlib.sha256(content).digest()
            found += [(face.name, digest, face.number, face) for face in _faces_of(path, content)]
    names, contents, faces = set(), set(), []
    for name, digest, number, face in sorted(found):
        if name not in names and (digest, number) not in contents:
            faces.append(face)
        names.add(name)
        contents.add((digest, number))
    return tuple(faces)


def _faces_of(path: Path, content: bytes) -> list[Face]:
    """The usable faces of one font file; none if it is damaged."""
    faces = []
    try:
        for number in range(FT2Font(io.BytesIO(content)).num_faces):
            font = FT2Font(io.BytesIO(content), face_index=number)
            if not _has_glyphs(font, ALPHABET):
                continue
            outlines = {character: _outline(font, character) for character in ALPHABET}
            if _letters_differ(outlines):
                name = f"{font.family_name} {font.style_name}"
                faces.append(Face(path, name, number, _capitals_only(outlines)))
    except (OSError, RuntimeError, ValueError):
        return []
    return faces


def _has_glyphs(font: FT2Font, text: str) -> bool:
    """Whether every character has a glyph, and one that is not named as another character.

    Mathematical fonts put signs at the places of letters; their glyph names alone tell.
    """
    glyphs = [font.get_char_index(ord(character)) for character in text]
    if not all(glyphs):
        return False
    if FaceFlags.GLYPH_NAMES not in font.face_flags:
        return True
    names = map(font.get_glyph_name, glyphs)
    return all(_fits(character, name) for character, name in zip(text, names, strict=True))


def _fits(character: str, glyph_name: str) -> bool:
    meaning = agl.toUnicode(glyph_name)
    # Adobe's private codes F7xx are styles of plain characters, such as old-style digits.
    return not meaning or "\uf700" <= meaning < "\uf800" or meaning.lower() == character.lower()


def _letters_differ(outlines: dict[str, np.ndarray]) -> bool:
    """Whether every character has an outline, and no two capitals or digits have the same one."""
    if not all(outline.size for outline in outlines.values()):
        return False
    signs = [character for character in outlines if not character.islower()]
    shapes = {(outlines[sign] - outlines[sign].min(axis=0)).tobytes() for sign in signs}
    return len(shapes) >= len(signs) - 1  # typewriters write O for 0


def _capitals_only(outlines: dict[str, np.ndarray]) -> bool:
    """Whether b, d, h, k and l rise hardly higher than a, e, m, n and r."""

    def rise(letters: str) -> float:
        return float(np.mean([outlines[letter][:, 1].max() for letter in letters]))

    return rise("bdhkl") < LEAST_ASCENT * rise("aemnr")


def _outline(font: FT2Font, character: str) -> np.ndarray:
    """The points of a glyph's outline, (n, 2) in font units; n is 0 for a blank."""
    font.load_glyph(font.get_char_index(ord(character)), LoadFlags.NO_SCALE)
    points, _ = font.get_path()
    return points
