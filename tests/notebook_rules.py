"""What every notebook of the course keeps to; each rule yields the places where one does not."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from nbformat import NotebookNode

Rule = Callable[[NotebookNode], Iterator[str]]

LONG_CELL = 17
LONG_CELLS_ALLOWED = 0.1
RAISES = {"raises-exception", "nbval-raises-exception", "NBVAL_RAISES_EXCEPTION"}
MACHINE_PATH = re.compile(r"/home/|/root/|/Users/|/work/|/tmp/|\b[A-Z]:\\")
MARKDOWN_IMAGE = re.compile(r"!\[([^\]]*)\]\(")
HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
HEADING = re.compile(r"^(#{1,6})\s+(.*)", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def code_cells(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """Each code cell with its name in messages."""
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    return ((f"code cell {number}", cell) for number, cell in enumerate(cells, 1))


def markdown(notebook: NotebookNode) -> str:
    """The notebook's prose, without the code quoted in it."""
    prose = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return FENCE.sub("", "\n\n".join(prose))


def outputs(notebook: NotebookNode) -> Iterator[tuple[str, NotebookNode, NotebookNode]]:
    """Each output with its cell and the cell's name."""
    return ((name, cell, out) for name, cell in code_cells(notebook) for out in cell.outputs)


def images(notebook: NotebookNode) -> Iterator[tuple[str, str, dict]]:
    """Each image among the outputs: its cell's name, its type and its metadata."""
    for name, _, output in outputs(notebook):
        for kind in output.get("data", {}):
            if kind.startswith("image/"):
                yield name, kind, output.metadata.get(kind, {})


def executed_in_order(notebook: NotebookNode) -> Iterator[str]:
    """Code cells ran once each, from the first to the last, in a clean kernel.

    Strict nbval compares nothing in a cell that was not run.
    """
    for count, (name, cell) in enumerate(code_cells(notebook), 1):
        if not cell.source.strip():
            yield f"{name} is empty"
        elif cell.execution_count != count:
            yield f"{name} has execution count {cell.execution_count}: run `make notebooks`"


def markers_spelt_right(notebook: NotebookNode) -> Iterator[str]:
    """Nothing is left out of the comparison, by a marker that nbval knows or one it overlooks."""
    for name, cell in code_cells(notebook):
        comments = re.findall(r"#\s*(\w*nbval\w*)", cell.source, re.IGNORECASE)
        tags = [tag for tag in cell.metadata.get("tags", []) if "nbval" in tag.lower()]
        for marker in {*comments, *tags} - RAISES:
            yield f"{name} is marked {marker}"


def no_errors(notebook: NotebookNode) -> Iterator[str]:
    """An exception is shown only by a cell that says it will raise; nothing goes to stderr."""
    for name, cell, output in outputs(notebook):
        marked = RAISES & {*cell.metadata.get("tags", []), *re.findall(r"\w+", cell.source)}
        if output.output_type == "error" and not marked:
            yield f"{name} ends in {output.ename}"
        if output.get("name") == "stderr":
            yield f"{name} writes to stderr: {output.text.strip()[:80]}"


def no_machine_paths(notebook: NotebookNode) -> Iterator[str]:
    """What a learner sees is the same on every machine."""
    for name, cell in code_cells(notebook):
        texts = [cell.source]
        for output in cell.outputs:
            texts += [output.get("text", ""), *output.get("traceback", [])]
            data = output.get("data", {})
            texts += [str(text) for kind, text in data.items() if not kind.startswith("image/")]
        for found in MACHINE_PATH.findall("\n".join(texts)):
            yield f"{name} names a folder of one machine: {found}"


def figures_are_png(notebook: NotebookNode) -> Iterator[str]:
    """SVG differs from run to run, and strict nbval compares it as text."""
    for name, kind, _ in images(notebook):
        if kind not in {"image/png", "image/jpeg"}:
            yield f"{name} shows {kind}"


def images_have_alternative_text(notebook: NotebookNode) -> Iterator[str]:
    """Whoever cannot see a picture is told what it shows."""
    for name, _, metadata in images(notebook):
        if not metadata.get("alt", "").strip():
            yield f"{name} shows an image without alt: use course_utils.teaching.style.show"
    prose = markdown(notebook)
    if not all(alt.strip() for alt in MARKDOWN_IMAGE.findall(prose)):
        yield "a Markdown image has no alternative text"
    for tag in HTML_IMAGE.findall(prose):
        if not re.search(r"\balt=[\"'][^\"']", tag):
            yield f"{tag} has no alternative text"


def opens_with_aims(notebook: NotebookNode) -> Iterator[str]:
    """The first cell tells what the learner will do, learn and need, and how long it takes."""
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "the first cell is not a title"
    for phrase in ("What you'll do", "What you'll learn", "What you'll need"):
        if phrase not in first.source:
            yield f"the first cell does not say {phrase!r}"
    if not re.search(r"\b(seconds?|minutes?|hours?)\b", first.source):
        yield "the first cell does not say how long the notebook takes"


def closes_with_summary_and_exercises(notebook: NotebookNode) -> Iterator[str]:
    """A summary, then *Your turn*."""
    titles = [title for _, title in HEADING.findall(markdown(notebook))]
    if [title for title in titles if title in {"Summary", "Your turn"}] != ["Summary", "Your turn"]:
        yield "the headings Summary and Your turn do not stand once each, in this order"


def headings_in_order(notebook: NotebookNode) -> Iterator[str]:
    """One title; no level is skipped on the way down."""
    headings = [(len(marks), title) for marks, title in HEADING.findall(markdown(notebook))]
    if [level for level, _ in headings].count(1) != 1:
        yield "there is not exactly one title (# …)"
    for (above, _), (level, title) in pairwise(headings):
        if level > above + 1:
            yield f"the heading {title!r} skips a level"


def cells_are_short(notebook: NotebookNode) -> Iterator[str]:
    """Nine code cells in ten are under 17 lines."""
    lengths = [len(cell.source.splitlines()) for _, cell in code_cells(notebook)]
    long = [length for length in lengths if length >= LONG_CELL]
    if len(long) > LONG_CELLS_ALLOWED * len(lengths):
        yield f"{len(long)} of {len(lengths)} code cells have {LONG_CELL} lines or more"


def stored_by_the_course(notebook: NotebookNode) -> Iterator[str]:
    """Stored by ``make notebooks``, without what depends on when and where it ran."""
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernel is not python3: run `make notebooks`"
    if notebook.metadata.get("language_info") != {"name": "python"}:
        yield "the metadata name a Python version: run `make notebooks`"
    for name, cell in code_cells(notebook):
        if "execution" in cell.metadata:
            yield f"{name} stores the time it ran: run `make notebooks`"


RULES: tuple[Rule, ...] = (
    executed_in_order,
    markers_spelt_right,
    no_errors,
    no_machine_paths,
    figures_are_png,
    images_have_alternative_text,
    opens_with_aims,
    closes_with_summary_and_exercises,
    headings_in_order,
    cells_are_short,
    stored_by_the_course,
)
