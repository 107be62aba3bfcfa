import subprocess
import sys
import time

import nbformat
import pytest
import timings
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(42, "42 s"), (99, "99 s"), (150, "2 min"), (5_000, "83 min"), (9_000, "2.5 h")],
)
def test_durations_are_for_people(seconds, words):
    assert timings.duration({"seconds": seconds}) == words


def lesson(folder, name, title):
    # The memory is looked at ten times a second: hold it for longer than that.
    hold = "import time\nheld = b'x' * 2**27\ntime.sleep(1)"
    cells = [new_markdown_cell(f"# {title}\nMore."), new_code_cell(hold)]
    nbformat.write(new_notebook(cells=cells), folder / name)
    return folder / name


def test_the_table_has_a_row_for_each_notebook_measured_or_not(tmp_path):
    paths = [lesson(tmp_path, "00_a.ipynb", "Start"), lesson(tmp_path, "01_b.ipynb", "Go on")]
    times = {"fast": {"notebooks": {"00_a": {"seconds": 42, "peak_mib": 1536}}}}
    assert timings.table(times, paths).splitlines()[2:] == [
        "| [Start](notebooks/00_a.ipynb) | 42 s | - | 1.5 GiB |",
        "| [Go on](notebooks/01_b.ipynb) | - | - | - |",
    ]


def test_only_the_table_is_replaced():
    readme = f"before\n{timings.BEGIN}old\n{timings.END}\nafter\n"
    assert timings.with_table(readme, "new\n") == readme.replace("old", "new")


def test_memory_of_children_is_seen():
    memory = timings.PeakMemory()
    memory.start()
    hold = "import time; held = bytearray(b'x' * 2**27); time.sleep(1)"
    subprocess.run([sys.executable, "-c", hold], check=True)
    memory.stop()
    assert memory.peak >= 2**27


def test_a_notebook_is_measured(tmp_path):
    path = lesson(tmp_path, "00_a.ipynb", "Start")
    start = time.monotonic()
    record = timings.measure(path)
    assert 0 < record["seconds"] <= time.monotonic() - start + 1
    assert record["peak_mib"] >= 128
