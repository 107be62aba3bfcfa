"""(word, face, random generator) -> grey image, in small stages after the MJSynth recipe.

The stages follow Jaderberg et al., "Synthetic Data and Artificial Neural Networks for Natural
Scene Text Recognition" (2014, arXiv:1406.2227): font, border or shadow, colouring, projective
distortion, blending with a texture, noise. A word is first a stack of coverage masks, the
``Layers``; ``colour`` turns them into a picture, and the later stages wear the picture down.

Every stage takes its random numbers before it looks at its strength, so that turning one stage up
or down leaves the others as they were.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from PIL import ImageFont

from course_utils.ocr.fonts import Face
from course_utils.ocr.textures import texture_patch

CAP = 32  # pixels: height of a capital letter when a word is first drawn
MARGIN = 28  # pixels around the word, room for borders, bending and neighbours
LETTERS, EDGE, CLUTTER = range(3)  # the layers of the mask stack
MINIMUM_CONTRAST = 16  # grey levels between letters and ground

Layers = np.ndarray
"""(height, width, 3) uint8: coverage by the letters, by their border or shadow, by clutter."""


@dataclass(frozen=True)
class Recipe:
    """How strong each stage is: 0 is off, 1 the strongest that the default mix uses.

    ``weight`` may be negative: thinner letters. ``height`` is the picture's height in pixels.
    """

    spacing: float = 0.0
    bounce: float = 0.0
    small_capitals: float = 0.0
    weight: float = 0.0
    clutter: float = 0.0
    border: float = 0.0
    shadow: float = 0.0
    curvature: float = 0.0
    perspective: float = 0.0
    crop: float = 0.0
    hollow: float = 0.0
    contrast: float = 1.0
    gradient: float = 0.0
    texture: float = 0.0
    light: float = 0.0
    blur: float = 0.0
    low_resolution: float = 0.0
    sharpening: float = 0.0
    noise: float = 0.0
    jpeg: float = 0.0
    height: int = 32


class Mix(NamedTuple):
    """A stage occurs with ``chance``; its strength is then u ** ``power`` for a uniform u."""

    chance: float
    power: float


DEFAULT_MIX = {
    "spacing": Mix(0.45, 1.8),
    "bounce": Mix(0.08, 1.0),
    "small_capitals": Mix(0.06, 1.0),
    "weight": Mix(0.45, 1.0),
    "clutter": Mix(0.3, 1.0),
    "border": Mix(0.22, 1.5),
    "shadow": Mix(0.22, 1.0),
    "curvature": Mix(0.3, 1.5),
    "perspective": Mix(0.85, 1.5),
    "crop": Mix(1.0, 1.5),
    "hollow": Mix(0.35, 1.0),
    "contrast": Mix(1.0, 1.15),
    "gradient": Mix(0.2, 1.0),
    "texture": Mix(0.75, 1.5),
    "light": Mix(0.4, 1.0),
    "blur": Mix(0.5, 1.7),
    "low_resolution": Mix(0.3, 1.5),
    "sharpening": Mix(0.12, 1.0),
    "noise": Mix(0.45, 2.0),
    "jpeg": Mix(0.6, 1.2),
}


def draw_recipe(rng: np.random.Generator) -> Recipe:
    """A recipe of the default mix."""
    chances, strengths = rng.random((2, len(DEFAULT_MIX)))
    drawn = {
        stage: strength**mix.power if chance < mix.chance else 0.0
        for (stage, mix), chance, strength in zip(
            DEFAULT_MIX.items(), chances.tolist(), strengths.tolist(), strict=True
        )
    }
    u, v, w = rng.random(3).tolist()
    if w < 0.35:
        drawn["weight"] *= -1
    drawn["blur"] *= 1 - drawn["low_resolution"]  # both in full leave nothing to read
    height = 31 if u < 0.5 else round(14 * (64 / 14) ** v)
    return Recipe(**drawn, height=height)


def clean_recipe(rng: np.random.Generator) -> Recipe:
    """A recipe for words as in print: level, of strong contrast, a little noisy or blurred."""
    contrast, blur, noise, crop = rng.random(4).tolist()
    return Recipe(contrast=0.6 + 0.4 * contrast, blur=0.2 * blur, noise=0.2 * noise, crop=crop)


# --- letters ---------------------------------------------------------------------------------


class Glyph(NamedTuple):
    """A letter's coverage (height, width) uint8, its place from the pen, the pen's advance."""

    mask: np.ndarray
    left: int
    top: int
    advance: float


@lru_cache(maxsize=4096)
def _font(face: Face) -> ImageFont.FreeTypeFont:
    basic = ImageFont.Layout.BASIC  # Raqm, where Pillow has it, would lay letters out differently
    font = ImageFont.truetype(str(face.path), 64, index=face.number, layout_engine=basic)
    _, top, _, bottom = font.getbbox("H", anchor="ls")
    return font.font_variant(size=max(8, round(64 * CAP / max(1, bottom - top))))


@lru_cache(maxsize=200_000)
def _glyph(face: Face, character: str) -> Glyph:
    font = _font(face)
    mask, (left, top) = font.getmask2(character, mode="L", anchor="ls")
    array = np.asarray(mask, dtype=np.uint8).reshape(mask.size[::-1])
    return Glyph(array, left, top, font.getlength(character))


def _shrunk(glyph: Glyph, scale: float) -> Glyph:
    if not glyph.mask.size:
        return glyph._replace(advance=glyph.advance * scale)
    mask = cv2.resize(glyph.mask, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Glyph(mask, round(glyph.left * scale), round(glyph.top * scale), glyph.advance * scale)


def _paste(target: np.ndarray, glyph: Glyph, x: int, y: int) -> None:
    """Lay a glyph on a layer with its pen at (x, y); what falls outside is cut off."""
    rows, columns = glyph.mask.shape
    top, left = y + glyph.top, x + glyph.left
    r0, c0 = max(0, -top), max(0, -left)
    r1, c1 = min(rows, target.shape[0] - top), min(columns, target.shape[1] - left)
    if r0 < r1 and c0 < c1:
        place = target[top + r0 : top + r1, left + c0 : left + c1]
        np.maximum(place, glyph.mask[r0:r1, c0:c1], out=place)


def letters(
    text: str,
    face: Face,
    rng: np.random.Generator,
    spacing: float = 0.0,
    bounce: float = 0.0,
    small_capitals: float = 0.0,
) -> Layers:
    """Draw a word: letter by letter on a line.

    Args:
        text: what to draw; any characters the face has.
        face: draws them, its capitals 32 pixels high.
        rng: source of random numbers.
        spacing: up to 0.9 of a capital's height between letters, or a little less than none.
        bounce: how far letters leave the line, up to a fifth of a capital's height.
        small_capitals: any strength above 0 draws the letters behind the first one smaller,
            if the word is in capitals.

    Returns:
        Layers with only the letters in them.
    """
    tightness, size = rng.random(2)
    jumps = rng.uniform(-0.2, 0.2, 64)
    tracking = CAP * (0.9 * spacing if tightness > 0.25 else -0.06 * spacing)
    glyphs = [_glyph(face, character) for character in text]
    if small_capitals > 0 and text.isupper():
        glyphs[1:] = [_shrunk(glyph, 0.72 + 0.13 * size) for glyph in glyphs[1:]]
    pens = np.cumsum([0.0] + [glyph.advance + tracking for glyph in glyphs])
    left = min(0, *(g.left + p for g, p in zip(glyphs, pens, strict=False)))
    right = max(g.left + g.mask.shape[1] + p for g, p in zip(glyphs, pens, strict=False))
    top = min(-CAP, *(g.top for g in glyphs)) - CAP // 4
    bottom = max(CAP // 3, *(g.top + g.mask.shape[0] for g in glyphs)) + CAP // 4
    shape = (int(bottom - top) + 2 * MARGIN, int(right - left) + 2 * MARGIN, 3)
    layers = np.zeros(shape, np.uint8)
    for glyph, pen, jump in zip(glyphs, pens.tolist(), np.resize(jumps, len(text)), strict=False):
        x, y = MARGIN + int(pen - left), MARGIN - int(top) + int(CAP * bounce * jump)
        _paste(layers[..., LETTERS], glyph, x, y)
    return layers


def weight(layers: Layers, strength: float) -> Layers:
    """Make the letters bolder (positive strength) or thinner (negative); in place."""
    if strength:
        change = cv2.dilate if strength > 0 else cv2.erode
        ink = np.ascontiguousarray(layers[..., LETTERS])
        changed = change(ink, np.ones((3, 3), np.uint8))
        share = min(1.0, abs(strength)) * (1.0 if strength > 0 else 0.6)
        layers[..., LETTERS] = cv2.addWeighted(ink, 1 - share, changed, share, 0)
    return layers


def border(layers: Layers, rng: np.random.Generator, strength: float) -> Layers:
    """Put a border of up to 5 pixels round the letters; in place."""
    roundness = rng.random()
    if strength:
        size = 2 * int(1 + 4.99 * strength) + 1
        shape = cv2.MORPH_ELLIPSE if roundness < 0.7 else cv2.MORPH_RECT
        kernel = cv2.getStructuringElement(shape, (size, size))
        ink = np.ascontiguousarray(layers[..., LETTERS])
        layers[..., EDGE] = cv2.dilate(ink, kernel)
    return layers


def shadow(layers: Layers, rng: np.random.Generator, strength: float) -> Layers:
    """Let the letters throw a shadow of up to 7 pixels: hard, soft or deep as a block; in place."""
    angle, kind = rng.random(2).tolist()
    if strength:
        length = 1.5 + 5.5 * strength
        dx, dy = length * math.cos(2 * math.pi * angle), length * math.sin(2 * math.pi * angle)
        ink = np.ascontiguousarray(layers[..., LETTERS])
        thrown = np.zeros_like(ink)
        for share in (0.25, 0.5, 0.75, 1.0) if kind < 0.4 else (1.0,):
            # The margin round the word is wider than any shadow, so nothing comes in at the back.
            shifted = np.roll(ink, (round(dy * share), round(dx * share)), axis=(0, 1))
            np.maximum(thrown, shifted, out=thrown)
        if kind > 0.7:
            thrown = cv2.GaussianBlur(thrown, (0, 0), 0.5 + 2 * strength)
        np.maximum(layers[..., EDGE], thrown, out=layers[..., EDGE])
    return layers


def clutter(layers: Layers, face: Face, rng: np.random.Generator, strength: float) -> Layers:
    """Add what else photographs show: other words, a rule, a frame; in place."""
    kind, gap, size, shift = rng.random(4)
    spelling = rng.integers(0, 26, 24)
    if not strength:
        return layers
    height, width = layers.shape[:2]
    layer = np.zeros((height, width), np.uint8)
    baseline = height - MARGIN - CAP // 4 - CAP // 3
    if kind < 0.5:  # lines of text above, below or both
        first = 65 if size < 0.5 else 97
        for number, sign in enumerate((-1, 1)):
            if kind < 0.35 and (kind < 0.17) != (sign < 0):
                continue
            y = baseline + int(sign * CAP * (1.35 + 0.5 * gap))
            x = int(-CAP * shift)
            for letter in spelling[12 * number : 12 * number + 12].tolist():
                glyph = _glyph(face, chr(first + letter))
                _paste(layer, glyph, x, y)
                x += int(glyph.advance)
    elif kind < 0.7:  # neighbours on the line
        for letter, right in zip(spelling[:2].tolist(), (False, True), strict=True):
            glyph = _glyph(face, chr(97 + letter))
            space = int(CAP * (0.3 + 0.4 * gap))
            x = width - MARGIN + space if right else int(MARGIN - space - glyph.advance)
            _paste(layer, glyph, x, baseline)
    elif kind < 0.85:  # a rule under, over or (rarely) through the word
        y = baseline + int(CAP * (0.2 + 0.25 * gap if shift < 0.7 else -1.15 - 0.25 * gap))
        y = baseline - int(CAP * 0.45) if shift > 0.93 else y
        step = 10_000 if size < 0.7 else int(8 + 20 * gap)
        for x in range(0, width, step):
            cv2.line(layer, (x, y), (min(width, x + int(0.7 * step)), y), 255, 1 + int(3 * size))
    else:  # the frame of a sign
        inset = int(MARGIN * (0.25 + 0.6 * gap))
        cv2.rectangle(
            layer, (inset, inset), (width - inset, height - inset), 255, 1 + int(4 * size)
        )
    layers[..., CLUTTER] = layer
    return layers


# --- geometry --------------------------------------------------------------------------------


def _pixels(height: int, width: int) -> list[np.ndarray]:
    return np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))


def bend(layers: Layers, rng: np.random.Generator, strength: float) -> Layers:
    """Lay the baseline on an arc of up to 110 degrees or on a wave of up to 0.35 capitals."""
    kind, sign, phase, period = rng.random(4).tolist()
    if not strength:
        return layers
    height, width = layers.shape[:2]
    sign = 1 if sign < 0.5 else -1
    if kind < 0.75:
        half = math.radians(55 * strength)
        radius = (width - 2 * MARGIN) / (2 * half)
        grow = int(min(2 * CAP, radius * (1 - math.cos(half))))
        layers = cv2.copyMakeBorder(layers, grow, grow, 0, 0, cv2.BORDER_CONSTANT)
        height += 2 * grow
        x, y = _pixels(height, width)
        across, down = x - width / 2, sign * (y - height / 2) + radius
        distance, angle = cv2.cartToPolar(down, across)
        angle[angle > math.pi] -= 2 * math.pi
        x, y = width / 2 + radius * angle, height / 2 + sign * (distance - radius)
    else:
        x, y = _pixels(height, width)
        waves = (0.4 + 1.4 * period) * x[0] / (width - 2 * MARGIN) + phase
        y += 0.35 * CAP * strength * np.sin(2 * math.pi * waves)
    return cv2.remap(layers, x, y, cv2.INTER_LINEAR)


def _ink_points(layers: Layers) -> np.ndarray:
    """The letters' convex hull, (n, 1, 2) float32; the whole picture if they are faint."""
    points = cv2.findNonZero(cv2.inRange(layers[::3, ::3, LETTERS], 64, 255))
    if points is None:
        height, width = layers.shape[:2]
        return np.float32([[[0, 0]], [[width, height]]])
    return 3 * cv2.convexHull(points).astype(np.float32)


def project(
    layers: Layers, rng: np.random.Generator, strength: float, crop: float, height: int
) -> Layers:
    """Turn, slant and tilt the word, and crop it.

    Args:
        layers: drawn word.
        rng: source of random numbers.
        strength: of a rotation by up to 20 degrees, a slant, and a projective distortion.
        crop: how far the four margins depart from a twelfth of the word's height: out to three
            quarters of it at the sides and to half above and below, or a twelfth into the word.
        height: of the result in pixels.

    Returns:
        Layers of that height, as wide as the word asks for (at most 10 times as wide as high).
    """
    turn, slant, stretch, *sides = rng.uniform(-1, 1, 7).tolist()
    corners = rng.uniform(-1, 1, (4, 2))
    points = _ink_points(layers)
    left, top, wide, high = cv2.boundingRect(points)
    turn *= math.radians(20) * strength * min(1.0, 2.5 * high / wide)
    lean, squeeze = 0.4 * strength * slant, 1.4 ** (stretch - 0.3)
    cos, sin = math.cos(turn), math.sin(turn)
    affine = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    affine = affine @ np.array([[squeeze, lean, 0], [0, 1, 0], [0, 0, 1]])
    box = np.float32(
        [[left, top], [left + wide, top], [left + wide, top + high], [left, top + high]]
    )
    tilted = box + (corners * 0.22 * strength * min(high, wide)).astype(np.float32)
    matrix = affine @ cv2.getPerspectiveTransform(box, tilted)
    placed = cv2.perspectiveTransform(points, matrix)
    left, top, wide, high = cv2.boundingRect(placed)
    reach = (0.7, 0.4, 0.7, 0.4)
    edges = [
        high * (0.08 + crop * side * (outwards if side > 0 else 0.16))
        for side, outwards in zip(sides, reach, strict=True)
    ]
    left, top = left - edges[0], top - edges[1]
    wide, high = wide + edges[0] + edges[2], high + edges[1] + edges[3]
    scale = height / high
    width = int(np.clip(round(wide * scale), height / 3, 10 * height))
    place = np.array([[width / wide, 0, -left * width / wide], [0, scale, -top * scale], [0, 0, 1]])
    matrix = place @ matrix
    if scale < 0.6:  # linear interpolation would skip pixels
        layers = cv2.resize(layers, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([2.0, 2.0, 1.0])
    return cv2.warpPerspective(layers, matrix, (width, height), flags=cv2.INTER_LINEAR)


# --- picture ---------------------------------------------------------------------------------


def _levels(rng: np.random.Generator, contrast: float, hollow: bool) -> list[float]:
    """Grey levels of ground, letters, edge and clutter."""
    u = rng.random(6).tolist()
    difference = MINIMUM_CONTRAST + (235 - MINIMUM_CONTRAST) * contrast
    darkest = u[0] * (255 - difference)
    ground, ink = darkest, darkest + difference
    if u[1] < 0.55:
        ground, ink = ink, ground
    edge = 255 * u[2] if u[3] < 0.5 else (0.35 * min(ground, ink) if u[3] < 0.8 else 255.0)
    if abs(edge - ink) < 0.5 * difference:  # letters must not run into one another
        edge = ground
    clutter_level = ink if u[4] < 0.6 else 255 * u[5]
    return [ground, ground, ink, clutter_level] if hollow else [ground, ink, edge, clutter_level]


def colour(
    layers: Layers,
    rng: np.random.Generator,
    contrast: float = 1.0,
    hollow: float = 0.0,
    gradient: float = 0.0,
    texture: float = 0.0,
) -> np.ndarray:
    """Give ground, letters, edge and clutter their greys and blend them with textures.

    Args:
        layers: the word's masks.
        rng: source of random numbers.
        contrast: between letters and ground, from 16 grey levels to 235.
        hollow: any strength above 0 leaves bordered letters in the colour of the ground.
        gradient: how far the letters' grey runs up or down over their height.
        texture: how strongly textures show; their contrast stays below that of the letters.

    Returns:
        (height, width) float32 grey levels, not yet clipped to 0..255.
    """
    height, width = layers.shape[:2]
    hollow = hollow > 0 and layers[..., EDGE].any()
    ground, letter, edge, other = _levels(rng, contrast, hollow)
    dice = rng.random((3, 5))
    room = abs(edge - ground if hollow else letter - ground)
    roughness, grain, run, share, _ = dice[2].tolist()
    picture = np.full((height, width), ground, np.float32)
    fill = np.full((height, 1), letter, np.float32)
    if gradient:
        slope = 0.35 * gradient * room * (1 if run < 0.5 else -1)
        fill = fill + slope * np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    if texture:
        depth = texture * room * (0.12 + 0.3 * roughness)
        picture += depth * texture_patch(dice[0], height, width)
        if share < 0.5 and not hollow:
            depth = texture * room * (0.1 + 0.2 * grain)
            fill = fill + depth * texture_patch(dice[1], height, width)
    for layer, grey in ((CLUTTER, other), (EDGE, edge), (LETTERS, fill)):
        if layers[..., layer].any():
            cover = layers[..., layer] * np.float32(1 / 255)
            picture += cover * (grey - picture)
    return picture


def light(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Light the picture unevenly: darker to one side, by up to a half."""
    angle = 2 * math.pi * rng.random()
    if not strength:
        return picture
    height, width = picture.shape
    x = np.linspace(-1, 1, width, dtype=np.float32) * math.cos(angle)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * math.sin(angle)
    return picture * (1 - 0.25 * strength * (1 + (x + y) / 1.5))


def blur(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Blur: out of focus, or moved along a line.

    The focus' standard deviation goes up to a seventeenth of the height, the line's length up to a
    seventh of it.
    """
    kind, angle = rng.random(2)
    if not strength:
        return picture
    if kind < 0.7:
        return cv2.GaussianBlur(picture, (0, 0), 0.25 + strength * picture.shape[0] / 17)
    length = 1.5 + strength * picture.shape[0] / 7
    size = 2 * int(length / 2) + 3
    turn = cv2.getRotationMatrix2D((size // 2, size // 2), 180 * angle, 1.0)
    kernel = np.zeros((size, size), np.float32)
    kernel[size // 2, 1:-1] = 1
    kernel = cv2.warpAffine(kernel, turn, (size, size))
    return cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def low_resolution(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Shrink the picture, at most to a height of 10 pixels, and enlarge it again."""
    kind = rng.random()
    height, width = picture.shape
    small = height ** (1 - strength) * 10**strength
    if not strength or small >= height - 1:
        return picture
    size = max(4, round(width * small / height)), round(small)
    shrunk = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    enlarge = cv2.INTER_CUBIC if kind < 0.5 else cv2.INTER_LINEAR
    return cv2.resize(shrunk, (width, height), interpolation=enlarge)


def sharpen(picture: np.ndarray, strength: float) -> np.ndarray:
    """Sharpen until edges ring, as small cameras do."""
    if not strength:
        return picture
    soft = cv2.GaussianBlur(picture, (0, 0), 1.2)
    return cv2.addWeighted(picture, 1 + 2 * strength, soft, -2 * strength, 0)


def noise(picture: np.ndarray, rng: np.random.Generator, strength: float) -> np.ndarray:
    """Add sensor noise, fine or in small clumps.

    Its standard deviation goes up to 24 grey levels, or up to half that of the picture if this is
    less: a faint word is not buried.
    """
    kind = rng.random()
    if not strength:
        return picture
    height, width = picture.shape
    if kind < 0.6:
        grain = rng.standard_normal((height, width), dtype=np.float32)
    else:
        grain = rng.standard_normal(((height + 1) // 2, (width + 1) // 2), dtype=np.float32)
        grain = 1.4 * cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    deviation = float(cv2.meanStdDev(picture)[1][0, 0])
    return picture + strength * min(24.0, 0.5 * deviation) * grain


def jpeg(picture: np.ndarray, strength: float) -> np.ndarray:
    """Compress as JPEG, from quality 95 down to 12.

    Args:
        picture: (height, width) uint8.
        strength: 0 leaves the picture alone.

    Returns:
        (height, width) uint8.
    """
    if not strength:
        return picture
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(95 - 83 * strength)]
    return cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_GRAYSCALE)


def _clipped(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture, 0, 255).astype(np.uint8)


def render(text: str, face: Face, rng: np.random.Generator, recipe: Recipe) -> np.ndarray:
    """One picture of a word.

    Args:
        text: what to draw.
        face: draws it.
        rng: source of random numbers.
        recipe: the strength of every stage.

    Returns:
        (recipe.height, width) uint8, grey; the width follows the word.
    """
    r = recipe
    layers = letters(text, face, rng, r.spacing, r.bounce, r.small_capitals)
    layers = weight(layers, r.weight)
    layers = border(layers, rng, r.border)
    layers = shadow(layers, rng, r.shadow)
    layers = clutter(layers, face, rng, r.clutter)
    layers = bend(layers, rng, r.curvature)
    layers = project(layers, rng, r.perspective, r.crop, r.height)
    picture = colour(layers, rng, r.contrast, r.hollow, r.gradient, r.texture)
    picture = light(picture, rng, r.light)
    picture = blur(picture, rng, r.blur)
    picture = low_resolution(picture, rng, r.low_resolution)
    picture = sharpen(picture, r.sharpening)
    picture = _clipped(noise(picture, rng, r.noise))
    return jpeg(picture, r.jpeg)


def stages(text: str, face: Face, seed: int, recipe: Recipe) -> Iterator[tuple[str, np.ndarray]]:
    """The same picture with one stage after the other switched on.

    Args:
        text: what to draw.
        face: draws it.
        seed: starts the same random numbers for every picture.
        recipe: the strengths once a stage is on.

    Yields:
        Name of the stage that is new, and the picture as ``render`` gives it up to there.
    """
    current = Recipe(contrast=recipe.contrast, height=recipe.height)
    yield "letters", render(text, face, np.random.default_rng(seed), current)
    for field in fields(Recipe):
        if field.name in ("contrast", "height") or not getattr(recipe, field.name):
            continue
        current = replace(current, **{field.name: getattr(recipe, field.name)})
        yield field.name, render(text, face, np.random.default_rng(seed), current)
