"""Gathers the faces of the release training into a folder; no font is kept in the repository.

    python scripts/gather_fonts.py [FOLDER]            (default: runs/fonts)

Takes the families of ``fontsource_families.txt`` from npm and the packages of ``debian_fonts.txt``
from Debian (so it needs ``npm``, ``apt-get`` and ``dpkg``), at most three styles of a family, cuts
each face down to the characters that signs are made of, drops what ``fonts.py`` finds unusable
and what ``excluded_faces.tsv`` names, and writes ``release_faces.tsv``: every face with its source,
licence and content hash. About 0.8 GB is downloaded into a temporary folder, or into the folder
given with ``--cache``, where a second run finds it.
"""

import argparse
import csv
import fnmatch
import hashlib
import json
import os
import re
import string
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont, TTLibError, newTable
from tqdm import tqdm

from course_utils.ocr.fonts import faces_in

HERE = Path(__file__).parent
CHARACTERS = string.printable[:95] + "£€©®™°·–—‘’“”éèüöäñç"
COPYRIGHT, LICENCE, LICENCE_ADDRESS = 0, 13, 14  # ids in the name table
STYLES = {"npm": 3, "Debian": 2}
LARGEST_FACE = 110_000
FONTSOURCE_STYLES = {
    "400-normal": "Regular",
    "700-normal": "Bold",
    "400-italic": "Italic",
    "900-normal": "Black",
}
FREE_LICENCES = {
    "OFL-1.1": r"ofl|open.?font|\bsil\b",
    "Apache-2.0": r"apache",
    "UFL-1.0": r"ufl|ubuntu font",
    "GPL": r"gpl|gnu general",
    "GUST Font License": r"gust",
    "LPPL": r"lppl|latex project",
    "Bitstream Vera": r"bitstream",
    "MIT": r"\bmit\b|x11|expat",
    "CC0-1.0": r"cc0",
    "BSD": r"\bbsd\b",
    "public domain": r"public.?domain|unlicense",
}


class Style(NamedTuple):
    """A downloaded face that may be taken."""

    family: str
    style: str
    path: Path
    package: str
    licence: str

    @property
    def name(self) -> str:
        """The full name by which ``fonts.py`` will know the face."""
        return f"{self.family} {self.style}"


def read_list(name: str) -> list[str]:
    """The entries of a committed list, comments left out."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def fontsource_styles(cache: Path) -> Iterator[Style]:
    """The Latin faces of the listed npm packages, in the wanted styles."""
    packages = [f"@fontsource/{family}" for family in read_list("fontsource_families.txt")]
    folder = cache / "npm"
    if not folder.exists():
        folder.mkdir()
        (folder / "package.json").write_text('{"private": true}')
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(["npm", "install", *quiet, *packages], cwd=folder, check=True)
    for package in packages:
        home = folder / "node_modules" / package
        family = package.split("/")[1].replace("-", " ").title()
        licence = json.loads((home / "package.json").read_text(encoding="utf-8"))["license"]
        files = {
            file.stem.split("-latin-")[1]: file for file in home.glob("files/*-latin-[0-9]*.woff")
        }
        wanted = {key: FONTSOURCE_STYLES[key] for key in FONTSOURCE_STYLES if key in files}
        for key, style in (wanted or {min(files): "Regular"}).items():
            yield Style(family, style, files[key], f"npm {package}", licence)


def debian_styles(cache: Path) -> Iterator[Style]:
    """The Latin faces of the listed Debian packages."""
    folder = cache / "debian"
    folder.mkdir(exist_ok=True)
    for line in read_list("debian_fonts.txt"):
        package, *patterns = line.split()
        home = folder / package
        if not home.exists():
            subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
            (archive,) = folder.glob(f"{package}_*.deb")
            subprocess.run(["dpkg", "-x", archive, home], check=True)
            archive.unlink()
        terms = home / "usr/share/doc" / package / "copyright"
        licence = debian_licence(terms.read_text(encoding="utf-8", errors="replace"))
        for file in sorted(home.rglob("*.[ot]tf")):
            name = str(file.relative_to(home))
            if not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                yield from named_style(file, f"Debian {package}", licence)


def named_style(path: Path, package: str, licence: str) -> Iterator[Style]:
    """The face of a font file under the names it bears; none if it is damaged or variable."""
    try:
        with TTFont(path, lazy=True) as font:
            names = font["name"]
            terms = " ".join(names.getDebugName(i) or "" for i in (LICENCE, LICENCE_ADDRESS))
            family = (names.getBestFamilyName() or path.stem).strip()
            style = (names.getBestSubFamilyName() or "Regular").strip()
            if "fvar" not in font:
                yield Style(family, style, path, package, free_licence(terms) or licence)
    except (TTLibError, OSError, KeyError) as error:
        print(f"left out {path.name}: {error}", file=sys.stderr)


def debian_licence(terms: str) -> str:
    """The licence of a package's fonts, from its copyright file; Debian's own part left out."""
    for paragraph in re.split(r"\n\s*\n(?=Files:)", terms):
        field = re.search(r"^License: *(.+)$", paragraph, flags=re.MULTILINE)
        if field and not paragraph.startswith("Files: debian/"):
            return free_licence(field[1]) or field[1]
    return free_licence(terms) or "free by Debian's guidelines"


def free_licence(text: str) -> str:
    """The free licence that a text speaks of; an empty string if it is none or unclear which."""
    found = [name for name, words in FREE_LICENCES.items() if re.search(words, text.lower())]
    return found[0] if 0 < len(found) < 4 else ""


def plain(text: str) -> str:
    """A name without case, blanks and signs, for comparing."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def rank(style: str) -> tuple[int, str]:
    """Where a style stands when a family has more of them than are taken."""
    order = ["regular|book|roman|normal|medium", "bold", "black|heavy|extrabold", "italic|oblique"]
    for place, words in enumerate(order):
        if re.fullmatch(words, plain(style)):
            return place, style
    return len(order), style


def choose(styles: Iterable[Style]) -> Iterator[Style]:
    """The styles to take; of a family that has come before from another package none."""
    families = defaultdict(list)
    for style in styles:
        families[plain(style.family)].append(style)
    for members in families.values():
        package = members[0].package
        mine = {m.style: m for m in reversed(members) if m.package == package}
        yield from sorted(mine.values(), key=lambda m: rank(m.style))[: STYLES[package.split()[0]]]


def cut_down(style: Style, folder: Path) -> Path:
    """Write the face with no more than ``CHARACTERS``, without hints, under its own full name."""
    options = Options(
        hinting=False,
        layout_features=["kern"],
        legacy_kern=True,
        glyph_names=True,
        notdef_outline=True,
        drop_tables=[*Options().drop_tables, "name", "GSUB", "GDEF", "FFTM", "STAT", "meta"],
    )
    with TTFont(style.path, recalcTimestamp=False) as font:
        font.flavor = None
        legal = [record for record in font["name"].names if record.nameID == COPYRIGHT]
        subsetter = Subsetter(options)
        subsetter.populate(text=CHARACTERS)
        subsetter.subset(font)
        font["name"] = newTable("name")
        font["name"].names = legal
        for number, text in ((1, style.family), (2, style.style), (4, style.name)):
            font["name"].setName(text, number, 3, 1, 0x409)
        suffix = ".otf" if "CFF " in font else ".ttf"
        path = folder / f"{plain(style.family)}-{plain(style.style)}{suffix}"
        font.save(path)
    return path


def try_cut_down(style: Style, folder: Path) -> Path | None:
    """``cut_down``, but a face that cannot be used is named and left out."""
    try:
        path = cut_down(style, folder)
    except Exception as error:  # among two thousand fonts some are broken, each in its own way
        print(f"left out {style.name}: {error!r}", file=sys.stderr)
        return None
    if path.stat().st_size > LARGEST_FACE:
        print(f"left out {style.name}: {path.stat().st_size} bytes of outlines", file=sys.stderr)
        path.unlink()
        return None
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def gather(folder: Path, cache: Path) -> list[tuple[str, str, str, str]]:
    """Fill the folder; return the rows of ``release_faces.tsv``."""
    excluded = {line.split("\t")[0] for line in read_list("excluded_faces.tsv")}
    styles = [
        style
        for style in choose((*fontsource_styles(cache), *debian_styles(cache)))
        if style.name not in excluded and style.family not in excluded
    ]
    with ProcessPoolExecutor() as pool:
        paths = list(
            tqdm(pool.map(try_cut_down, styles, repeat(folder)), total=len(styles), unit="face")
        )
    made = dict(zip(paths, styles, strict=True))
    names = {face.path: face.name for face in faces_in(folder)}
    for path in made.keys() - names.keys() - {None}:
        print(f"left out {made[path].name}: unusable", file=sys.stderr)
        path.unlink()
    return sorted(
        (name, made[path].package, made[path].licence, digest(path)) for path, name in names.items()
    )


def main() -> None:
    """Read the command line and gather."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE.parent / "runs" / "fonts")
    parser.add_argument("--cache", type=Path, help="keep the downloads here for a second run")
    arguments = parser.parse_args()
    if arguments.folder.exists():
        parser.error(f"{arguments.folder} exists: name a new folder or remove it")
    arguments.folder.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as downloads,
        tempfile.TemporaryDirectory(
            dir=arguments.folder.parent, ignore_cleanup_errors=True
        ) as unfinished,
    ):
        cache = (arguments.cache or Path(downloads)).resolve()
        cache.mkdir(parents=True, exist_ok=True)
        try:
            rows = gather(Path(unfinished), cache)
        except (subprocess.CalledProcessError, OSError) as error:  # no network, no npm, disk full
            parser.exit(2, f"error: {error}\n")
        os.rename(unfinished, arguments.folder)
    with open(HERE / "release_faces.tsv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerows([("face", "source", "licence", "sha256"), *rows])
    size = sum(f.stat().st_size for f in arguments.folder.iterdir()) / 1e6
    print(f"{len(rows)} faces, {size:.1f} MB, in {arguments.folder}")


if __name__ == "__main__":
    main()
