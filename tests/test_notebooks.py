"""Every notebook keeps to the rules; each rule catches its fault; nbval really compares."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import notebook_rules as rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from run_notebooks import all_notebooks, main, normalise

ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 3_000_000


def test_the_course_opens_on_a_notebook():
    assert all_notebooks()[0].name == "00_start_here.ipynb"


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_notebook(path, rule):
    assert list(rule(nbformat.read(path, as_version=4))) == []


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_notebook_is_small(path):
    assert path.stat().st_size < MAX_BYTES


def lesson():
    """A notebook that keeps to every rule."""
    aims = "# A lesson\nWhat you'll do, What you'll learn, What you'll need: a minute."
    picture = new_output(
        "display_data", {"image/png": "aGk="}, metadata={"image/png": {"alt": "A line that rises."}}
    )
    notebook = new_notebook(
        cells=[
            new_markdown_cell(aims),
            new_code_cell("6 * 7", execution_count=1),
            new_markdown_cell("## Seen\n![A word](word.png)"),
            new_code_cell("show(figure)", execution_count=2, outputs=[picture]),
            new_markdown_cell("## Summary\nIt rose."),
            new_markdown_cell("## Your turn\nMake it fall."),
        ]
    )
    normalise(notebook)
    return notebook


def say(cell, name="stdout", text="42\n"):
    cell.outputs.append(new_output("stream", name=name, text=text))


def test_a_good_lesson_passes():
    assert [problem for rule in rules.RULES for problem in rule(lesson())] == []


# Each spoils a good lesson in one way: title, opening, and two code cells, at 0, 1 and 3.
SPOILERS = [
    (rules.executed_in_order, lambda n: n.cells[3].update(execution_count=None, outputs=[])),
    (rules.executed_in_order, lambda n: n.cells[1].update(execution_count=7)),
    (rules.executed_in_order, lambda n: n.cells[1].update(source=" ")),
    (rules.markers_spelt_right, lambda n: n.cells[1].update(source="# NBVAL_SKIP\n6 * 7")),
    (rules.markers_spelt_right, lambda n: n.cells[1].update(source="#nbval_ignore_ouput\n1")),
    (rules.markers_spelt_right, lambda n: n.cells[1].metadata.update(tags=["nbval-skip"])),
    (rules.no_errors, lambda n: n.cells[1].outputs.append(new_output("error", ename="KeyError"))),
    (rules.no_errors, lambda n: say(n.cells[1], "stderr", "UserWarning: look out")),
    (rules.no_machine_paths, lambda n: say(n.cells[1], text="saved in /home/ada/x.png")),
    (rules.no_machine_paths, lambda n: say(n.cells[1], text=r"saved in C:\Users\ada")),
    (rules.no_machine_paths, lambda n: n.cells[1].update(source="open('/tmp/x')")),
    (
        rules.figures_are_png,
        lambda n: n.cells[3].outputs[0].data.update({"image/svg+xml": "<svg/>"}),
    ),
    (rules.images_have_alternative_text, lambda n: n.cells[3].outputs[0].update(metadata={})),
    (rules.images_have_alternative_text, lambda n: n.cells[2].update(source="![](word.png)")),
    (rules.images_have_alternative_text, lambda n: n.cells[2].update(source='<img src="a.png">')),
    (rules.opens_with_aims, lambda n: n.cells.pop(0)),
    (rules.opens_with_aims, lambda n: n.cells[0].update(source="# A lesson\nA minute.")),
    (rules.closes_with_summary_and_exercises, lambda n: n.cells.pop()),
    (rules.closes_with_summary_and_exercises, lambda n: n.cells.reverse()),
    (rules.headings_in_order, lambda n: n.cells[2].update(source="#### Deep")),
    (rules.headings_in_order, lambda n: n.cells[2].update(source="# Another title")),
    (rules.cells_are_short, lambda n: n.cells[1].update(source="x = 1\n" * 17)),
    (rules.stored_by_the_course, lambda n: n.cells[1].metadata.update(execution={"start": "now"})),
    (rules.stored_by_the_course, lambda n: n.metadata.language_info.update(version="3.11.7")),
    (rules.stored_by_the_course, lambda n: n.metadata.kernelspec.update(name="conda-env")),
]


@pytest.mark.parametrize(("rule", "spoil"), SPOILERS)
def test_rule_catches(rule, spoil):
    notebook = lesson()
    spoil(notebook)
    assert list(rule(notebook)) != []


@pytest.mark.parametrize("marker", [{"tags": ["raises-exception"]}, {}])
def test_an_announced_exception_is_no_error(marker):
    notebook = lesson()
    cell = notebook.cells[1]
    cell.metadata.update(marker)
    if not marker:
        cell.source = "# NBVAL_RAISES_EXCEPTION\n1 / 0"
    cell.outputs.append(new_output("error", ename="ZeroDivisionError"))
    assert list(rules.no_errors(notebook)) == []
    assert list(rules.markers_spelt_right(notebook)) == []


def small(path, source, **output):
    """A stored notebook of one executed cell that printed ``output['text']``."""
    cell = new_code_cell(source, execution_count=1)
    if output:
        cell.outputs = [new_output("stream", name="stdout", **output)]
    notebook = new_notebook(cells=[cell])
    normalise(notebook)
    nbformat.write(notebook, path)


def test_strict_nbval_compares(tmp_path):
    warn = "import warnings; warnings.warn('look out')"
    small(tmp_path / "right.ipynb", "print(6 * 7)", text="42\n")
    small(tmp_path / "wrong.ipynb", "print(6 * 7)", text="41\n")
    small(tmp_path / "cleared.ipynb", "print(6 * 7)")
    small(tmp_path / "warns.ipynb", f"{warn}\nprint(6 * 7)", text="42\n")
    small(tmp_path / "raises.ipynb", "1 / 0")
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", "-rA", tmp_path]
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider"], capture_output=True, text=True, timeout=300
    )
    results = dict(
        reversed(match)
        for match in re.findall(r"^(PASSED|FAILED) \S*?(\w+)\.ipynb::", run.stdout, re.MULTILINE)
    )
    assert results == {
        "right": "PASSED",
        "wrong": "FAILED",
        "cleared": "FAILED",
        "warns": "FAILED",
        "raises": "FAILED",
    }, run.stdout


def test_run_notebooks_stores_outputs_that_nbval_and_the_rules_accept(tmp_path):
    source = tmp_path / "small.ipynb"
    small(source, "print(6)\nprint(7)")
    assert main([str(source), "--into", str(tmp_path / "runs")]) == 0
    stored = nbformat.read(tmp_path / "runs" / "small.ipynb", as_version=4)
    assert stored.cells[0].outputs == [new_output("stream", name="stdout", text="6\n7\n")]
    assert list(rules.stored_by_the_course(stored)) == []
    assert list(rules.executed_in_order(stored)) == []
    assert nbformat.read(source, as_version=4).cells[0].outputs == []


def test_run_notebooks_keeps_a_notebook_whose_cell_raises(tmp_path, capsys):
    source = tmp_path / "raises.ipynb"
    small(source, "1 / 0")
    before = source.read_bytes()
    assert main([str(source)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert list(tmp_path.iterdir()) == [source]


def test_run_notebooks_refuses_what_is_no_notebook(tmp_path, capsys):
    (tmp_path / "text.ipynb").write_text("hello")
    assert main([str(tmp_path / "text.ipynb")]) == 2
    assert main([str(tmp_path / "absent.ipynb")]) == 2
    assert capsys.readouterr().err.count("error: ") == 2
