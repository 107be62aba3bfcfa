"""Builds data/lexicon.txt: English words without offensive ones, the commonest first.

    python scripts/build_lexicon.py

Needs ``apt-get``, ``dpkg`` and ``npm``: the words are SCOWL's, from the Debian package ``scowl``;
the offensive ones are those of the npm packages ``cuss`` and ``naughty-words``, with their
inflections. SCOWL's licence asks that its notice goes with the words: it is written beside them.
"""

import argparse
import json
import re
import subprocess
import tempfile
import unicodedata
from collections.abc import Container, Iterator
from pathlib import Path

from course_utils.files import replacing
from course_utils.ocr.alphabet import Alphabet

DATA = Path(__file__).parents[1] / "data"
RAREST = 70
KINDS = ("words", "upper", "proper-names", "contractions", "abbreviations")
ENDINGS = {  # ending: what stands in its place in the word it inflects, the likelier first
    "s": ("",),
    "es": ("",),
    "ies": ("y", "ie"),
    "ed": ("e", ""),
    "ing": ("e", ""),
    "er": ("e", ""),
    "ers": ("e", ""),
    "y": ("",),
    "ier": ("y",),
    "iest": ("y",),
    "est": ("e", ""),
    "ish": ("",),
    "ness": ("",),
}
# In any word they stand in, these are what they seem; the packages list few of the compounds.
ROOTS = (
    *("asshole", "bastard", "bestiali", "bitch", "clitor", "copulat", "cunt", "douche", "ejaculat"),
    *("eroticis", "faggot", "fellat", "fornicat", "fuck", "goddam", "incest", "masturb", "naziis"),
    *("negrophob", "nigg", "nymphomania", "orgasm", "phallic", "pissoir", "porn", "queer"),
    *("retardation", "shit", "smegma", "whore"),
)


def main() -> None:
    """Fetch, filter and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            scowl = fetch_scowl(Path(folder))
            offensive = fetch_offensive_words(Path(folder))
        except (subprocess.CalledProcessError, OSError) as error:  # no network, no npm
            parser.exit(2, f"error: {error}\n")
        words = read_scowl(scowl / "usr/share/dict/scowl")
        notice = (scowl / "usr/share/doc/scowl/copyright").read_text(encoding="utf-8")
    alphabet = Alphabet()
    writable = [word for word in words if alphabet.steps_needed(word) <= alphabet.time_steps]
    kept = drop_offensive(writable, offensive)
    write(DATA / "lexicon.txt", "\n".join(kept) + "\n")
    write(DATA / "lexicon-copyright.txt", notice)
    print(f"{len(kept):,} words; {len(words) - len(kept):,} left out")


def fetch_scowl(folder: Path) -> Path:
    """Download and unpack the Debian package; where it was unpacked to."""
    subprocess.run(["apt-get", "download", "-qq", "scowl"], cwd=folder, check=True)
    (archive,) = folder.glob("scowl_*.deb")
    subprocess.run(["dpkg", "-x", archive, folder / "scowl"], check=True)
    return folder / "scowl"


def read_scowl(folder: Path) -> list[str]:
    """SCOWL's words in plain lower case: by its sizes (10 the commonest), then by the alphabet."""
    size_of: dict[str, int] = {}
    for file in folder.iterdir():
        name, size = file.name.rsplit(".", 1)
        if name.endswith(KINDS) and int(size) <= RAREST:
            for word in map(plain, file.read_text(encoding="utf-8").split()):
                size_of[word] = min(int(size), size_of.get(word, RAREST))
    words = (word for word in size_of if re.fullmatch("[a-z]+", word))
    return sorted(words, key=lambda word: (size_of[word], word))


def plain(word: str) -> str:
    """Lower case, without accents, the possessive's ending and apostrophes."""
    letters = unicodedata.normalize("NFKD", word.lower())
    unaccented = "".join(c for c in letters if not unicodedata.combining(c))
    return unaccented.removesuffix("'s").replace("'", "")


def fetch_offensive_words(folder: Path) -> set[str]:
    """The English words that the two npm packages list, likely ones and possible ones."""
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    subprocess.run(["npm", "install", "--silent", *quiet, "cuss", "naughty-words"], check=True)
    modules = folder / "node_modules"
    ratings = re.findall(
        r"^\s*'?([^':]+)'?: ([012]),?$",
        (modules / "cuss/index.js").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    listed = json.loads((modules / "naughty-words/en.json").read_text(encoding="utf-8"))
    return {word for word, rating in ratings if rating != "0"} | set(listed)


def drop_offensive(words: list[str], offensive: set[str]) -> list[str]:
    """The words that are not listed, inflect no listed word and hold none of the roots."""
    known = set(words)
    return [
        word
        for word in words
        if word not in offensive
        and offensive.isdisjoint(stems(word, known))
        and not any(root in word for root in ROOTS)
    ]


def stems(word: str, known: Container[str]) -> Iterator[str]:
    """The known words that this one looks like an inflection of, at most one for each ending.

    "Raping" is taken for a form of "rape", not of "rap"; "shitting" is one of "shit".
    """
    for ending, places in ENDINGS.items():
        if word.endswith(ending):
            start = word.removesuffix(ending)
            single = [start[:-1]] if len(start) > 3 and start[-1] == start[-2] else []
            candidates = [start + place for place in places] + single
            yield from [stem for stem in candidates if stem in known][:1]


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
