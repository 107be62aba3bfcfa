"""scripts/environment.py: which Pythons it refuses, and what it does when."""

import shutil
import subprocess
import sys
from pathlib import Path

import environment
import pytest

ROOT = Path(__file__).resolve().parents[2]
FINE = {"version": (3, 12, 1), "system": "Linux", "machine": "x86_64", "bits": 64, "has_venv": True}


@pytest.mark.parametrize(
    "given",
    [
        {"version": (3, 11, 0)},
        {"version": (3, 13, 9)},
        {"system": "Darwin", "machine": "arm64"},
        {"system": "Windows", "machine": "AMD64"},
        {"machine": "aarch64"},
    ],
)
def test_supported(given):
    assert environment.refusal(**FINE | given) == ""


@pytest.mark.parametrize(
    ("given", "mend"),
    [
        ({"version": (3, 9, 18)}, "this is 3.9: install 3.13"),
        ({"version": (3, 14, 0)}, "this is 3.14: install 3.13"),
        ({"version": (4, 0, 0)}, "this is 4.0: install 3.13"),
        ({"has_venv": False}, "apt install python3.12-venv"),
        ({"bits": 32}, "64-bit"),
        ({"system": "Darwin"}, "arm64"),
    ],
)
def test_refused_in_one_sentence_with_the_mend(given, mend):
    sentence = environment.refusal(**FINE | given)
    assert mend in sentence
    assert "\n" not in sentence


def test_the_command_refuses_with_status_2(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert environment.main() == 2
    assert capsys.readouterr().err.startswith("error: the course needs Python 3.11")


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_make_names_what_to_install_when_there_is_no_such_python():
    run = subprocess.run(
        ["make", "environment", "PYTHON=no-such-python"], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 2
    assert run.stderr.splitlines()[0].startswith(
        "error: there is no Python 3 called no-such-python"
    )


class Course:
    """A checkout of two lock files, and a machine that only notes the commands it is given."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.patch = folder, monkeypatch
        self.lock("requirements.txt", "keras==3.15.1\n")
        self.lock("requirements-dev.txt", "ruff==0.17.6\n")
        self.failing = ""
        self.commands = []
        venv = folder / ".venv"
        for name, value in {"ROOT": folder, "VENV": venv, "STAMP": venv / "installed.txt"}.items():
            monkeypatch.setattr(environment, name, str(value))
        monkeypatch.setattr(environment.subprocess, "run", self.note)

    def lock(self, name, text):
        (self.folder / name).write_text(text)

    def note(self, command, check):
        assert check
        words = " ".join(map(str, command))
        self.commands.append(words)
        if "-m venv" in words:
            shutil.rmtree(self.folder / ".venv", ignore_errors=True)
            (self.folder / ".venv").mkdir()
        if self.failing and self.failing in words:
            raise subprocess.CalledProcessError(1, command)

    def make(self, *arguments):
        """Runs the script; its exit status, and what it did."""
        self.commands.clear()
        self.patch.setattr(sys, "argv", ["environment.py", *arguments])
        status = environment.main()
        steps = ["-m venv --clear", "requirements.txt", "requirements-dev.txt", "--editable"]
        return status, [step for step in steps if any(step in words for words in self.commands)]


@pytest.fixture
def course(tmp_path, monkeypatch):
    return Course(tmp_path, monkeypatch)


FROM_SCRATCH = ["-m venv --clear", "requirements.txt", "--editable"]
IN_PLACE = ["requirements.txt", "--editable"]


def test_the_second_call_has_nothing_to_do(course):
    assert course.make() == (0, FROM_SCRATCH)
    assert course.make() == (0, [])


@pytest.mark.parametrize("step", ["-m venv", "requirements.txt", "--editable"])
def test_a_failed_or_interrupted_installation_is_made_anew(course, step, capsys):
    course.failing = step
    assert course.make()[0] == 1
    assert "error: installing stopped" in capsys.readouterr().err
    course.failing = ""
    assert course.make() == (0, FROM_SCRATCH)


def test_a_new_lock_is_installed_in_place(course):
    course.make()
    course.lock("requirements.txt", "keras==3.15.2\n")
    assert course.make() == (0, IN_PLACE)
    assert course.make() == (0, [])


def test_an_interrupted_update_is_made_anew(course):
    course.make()
    course.lock("requirements.txt", "keras==3.15.2\n")
    course.failing = "--editable"
    course.make()
    course.failing = ""
    assert course.make() == (0, FROM_SCRATCH)


def test_another_python_starts_anew(course, monkeypatch):
    course.make()
    other = (3, 12 if sys.version_info[1] != 12 else 13, 0)
    monkeypatch.setattr(sys, "version_info", other)
    assert course.make() == (0, FROM_SCRATCH)


def test_a_moved_checkout_starts_anew(course, monkeypatch, tmp_path):
    course.make()
    monkeypatch.setattr(environment, "VENV", str(tmp_path / "moved" / ".venv"))
    assert course.make() == (0, FROM_SCRATCH)


def test_the_maintainers_environment_serves_learners_too(course):
    assert course.make() == (0, FROM_SCRATCH)
    added = course.make("--dev")
    assert added == (0, ["requirements.txt", "requirements-dev.txt", "--editable"])
    assert course.make("--dev") == (0, [])
    assert course.make() == (0, [])
