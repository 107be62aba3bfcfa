"""The repository itself: licences, locks, links, who imports whom."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
import pytest
import timings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course_utils.ocr.weights import WEIGHTS_SHA256

ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 30_000_000
LOCKS = ("requirements.txt", "requirements-dev.txt")
WITHOUT_KERAS = [
    "alphabet",
    "datasets",
    "fonts",
    "lexicon",
    "mjsynth",
    "preprocessing",
    "rendering",
]
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)[^)]*\)|<(?:img|a)\b[^>]*(?:src|href)=\"([^\"]+)\"")
MACHINE_PATH = re.compile(r"/home/\w|/root/|/Users/\w|/work/|[A-Z]:\\Users")


def tracked():
    """Every file of the repository, relative to it."""
    try:
        run = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a Git checkout")
    return [Path(name) for name in run.stdout.split("\0") if name and (ROOT / name).exists()]


def test_no_two_paths_differ_only_by_case():
    paths = {part for path in tracked() for part in (path, *path.parents)}
    folded = Counter(str(path).casefold() for path in paths)
    assert [path for path, count in folded.items() if count > 1] == []


def test_no_file_is_large():
    assert [path for path in tracked() if (ROOT / path).stat().st_size > MAX_BYTES] == []


def test_licences_are_whole():
    code, text = ((ROOT / name).read_text("utf-8") for name in ("LICENSE", "LICENSE-text"))
    assert code.startswith("MIT License")
    assert code.rstrip().endswith("SOFTWARE.")
    assert text.startswith("Attribution 4.0 International")
    assert all(f"Section {number} -- " in text for number in range(1, 9))


def locked(name):
    """The lock's packages: name -> version."""
    lines = (ROOT / name).read_text("utf-8").splitlines()
    pins = [line.rstrip(" \\") for line in lines if re.match(r"[A-Za-z0-9]", line)]
    return {pin.name: str(pin.specifier).removeprefix("==") for pin in map(Requirement, pins)}


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def wanted(name):
    groups = pyproject()["dependency-groups"]
    lines = {
        "requirements.txt": pyproject()["project"]["dependencies"] + groups["test"],
        "requirements-dev.txt": groups["dev"],
    }
    return [Requirement(line) for line in lines[name]]


@pytest.mark.parametrize("name", LOCKS)
def test_lock_holds_what_pyproject_asks_for(name):
    pins = locked(name)
    for requirement in wanted(name):
        assert requirement.specifier.contains(pins[requirement.name]), requirement.name


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_hashes_and_no_addresses(name):
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"://|file:|@ |--find-links|--(extra-)?index", text)
    assert all(
        "--hash=sha256:" in pin for pin in re.split(r"\n(?=[A-Za-z0-9])", text) if "==" in pin
    )


def test_the_maintainers_lock_agrees_with_the_learners():
    learner, maintainer = map(locked, LOCKS)
    assert {name: maintainer[name] for name in maintainer.keys() & learner.keys()} == {
        name: learner[name] for name in maintainer.keys() & learner.keys()
    }


def test_every_data_file_is_accounted_for():
    told = (ROOT / "data" / "README.md").read_text("utf-8")
    for path in tracked():
        if path.parts[0] == "data" and path.name != "README.md":
            inside = path.relative_to("data")
            names = [str(inside), *(f"{folder}/" for folder in inside.parents if folder.name)]
            assert any(f"`{name}`" in told for name in names), f"data/README.md leaves out {path}"


def documents():
    """Every Markdown text of the repository: its path and its prose."""
    for path in tracked():
        if path.suffix == ".md":
            yield path, (ROOT / path).read_text("utf-8")
        elif path.suffix == ".ipynb":
            cells = nbformat.read(ROOT / path, as_version=4).cells
            yield path, "\n\n".join(c.source for c in cells if c.cell_type == "markdown")


def test_links_lead_somewhere():
    for path, text in documents():
        for match in LINK.finditer(text):
            target = (match[1] or match[2]).split("#")[0]
            if target and not re.match(r"https?:|mailto:|attachment:", target):
                assert (ROOT / path.parent / target).exists(), f"{path} links to {target}"


def test_nothing_recorded_or_written_names_one_machine():
    for path, text in documents():
        assert not MACHINE_PATH.search(text), path
    for path in tracked():
        if path.suffix == ".json":
            assert not MACHINE_PATH.search((ROOT / path).read_text("utf-8")), path


def test_readme_shows_the_recorded_times():
    times = json.loads(timings.RECORD.read_text("utf-8"))
    readme = timings.README.read_text("utf-8")
    assert timings.with_table(readme, timings.table(times, timings.all_notebooks())) == readme


def imports(path):
    """The modules a Python file imports, by full name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_package_the_course_imports_is_one_it_asks_for():
    asked = {
        canonicalize_name(Requirement(line).name) for line in pyproject()["project"]["dependencies"]
    }
    homes = packages_distributions()
    for path in (ROOT / "course_utils").rglob("*.py"):
        for module in {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names:
            if module != "course_utils":
                packages = {canonicalize_name(name) for name in homes.get(module, [module])}
                assert packages & asked, f"{path} imports {module}"


@pytest.mark.parametrize(
    ("room", "closed"),
    [
        ("course_utils/ocr", ("course_utils.teaching", "course_utils.arithmetic", "benchmarks")),
        ("course_utils/arithmetic", ("course_utils.teaching", "course_utils.ocr", "benchmarks")),
        ("course_utils/teaching", ("benchmarks",)),
    ],
)
def test_who_may_import_whom(room, closed):
    files = list((ROOT / room).rglob("*.py"))
    assert files
    for path in files:
        assert [name for name in imports(path) if name.startswith(closed)] == [], path


@pytest.mark.parametrize("module", WITHOUT_KERAS)
def test_worker_processes_start_without_keras(module):
    code = (
        f"import sys, course_utils.ocr.{module}; "
        "print(*{'keras', 'tensorflow', 'jax'} & sys.modules.keys())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr


def test_the_model_card_tells_what_is_recorded():
    card = (ROOT / "data/weights/README.md").read_text("utf-8")
    read = json.loads((ROOT / "data/results/reading_real_words.json").read_text("utf-8"))
    stages = json.loads((ROOT / "data/results/training.json").read_text("utf-8"))["stages"]
    assert read["weights"] == WEIGHTS_SHA256
    for folder in read["folders"]:
        row = f"{folder['words']:,} |"
        assert any(
            row in line and f"{100 * folder['accuracy']:.1f} %" in line for line in card.split("\n")
        ), folder["folder"]
    assert f"{sum(stage['images shown'] for stage in stages):,} images (now)" in card
    renderer = json.loads((ROOT / "data/results/renderer.json").read_text("utf-8"))["rows"]
    for variant, row in renderer.items():
        cells = [row[name] for name in ("iiit5k_dev", "svt_dev", "mjsynth_dev", "mean")]
        assert f"| {variant} | " + " | ".join(f"{100 * cell:.1f} %" for cell in cells) in card
