"""Makes or mends .venv, the course's own Python environment; in a moment if nothing changed.

    python3 scripts/environment.py          what learners need: requirements.txt
    python3 scripts/environment.py --dev    what maintainers need on top: requirements-dev.txt

The Python that runs this becomes the environment's. Standard library only, and no syntax newer than
Python 3.6, so that an old Python can say in words that it is too old.
"""

import os
import platform
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
# Written last: what was installed, for which Python, where. Without it .venv is half-made.
STAMP = os.path.join(VENV, "installed.txt")


def refusal(version: tuple, system: str, machine: str, bits: int, has_venv: bool) -> str:
    """Why a Python cannot run the course, in one sentence with the mend; "" if it can."""
    number = f"{version[0]}.{version[1]}"
    if not (3, 11) <= tuple(version[:2]) <= (3, 13):
        return (
            f"the course needs Python 3.11, 3.12 or 3.13 and this is {number}: install 3.13 and "
            "name it, as in `make lab PYTHON=python3.13`"
        )
    if bits < 64:
        return f"TensorFlow needs a 64-bit Python and this one has {bits} bits: install that"
    if (system, machine) == ("Darwin", "x86_64"):
        return (
            "TensorFlow is no longer made for Intel Macs or for an Intel Python on Apple silicon: "
            "use an arm64 Python, or Linux or Windows"
        )
    if not has_venv:
        return (
            f"this Python {number} comes without venv: install it (on Debian and Ubuntu: "
            f"apt install python{number}-venv)"
        )
    return ""


def can_make_environments() -> bool:
    """Whether this Python has what ``python -m venv`` needs; Debian packs it apart."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def stamp(locks: list) -> str:
    """The stamp of an environment with these lock files: its Python and place, then the locks."""
    text = f"{sys.version_info[0]}.{sys.version_info[1]} {VENV}\n"
    for lock in locks:
        with open(os.path.join(ROOT, lock), encoding="utf-8") as file:
            text += file.read()
    return text


def read(path: str) -> str:
    """A text file's content, "" if there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def install(locks: list) -> None:
    """Brings .venv to these locks, from scratch unless a complete one of this Python is there."""
    complete = read(STAMP).startswith(stamp([]))
    if complete:
        os.remove(STAMP)
    else:
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    # Compiling all 11,000 modules doubles the time; importing compiles those that are used.
    pip.append("--no-compile")
    for lock in locks:
        subprocess.run([*pip, "--requirement", os.path.join(ROOT, lock)], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT], check=True)
    with open(STAMP, "w", encoding="utf-8") as file:
        file.write(stamp(locks))


def main() -> int:
    """Runs the command; the exit status."""
    learner = ["requirements.txt"]
    maintainer = [*learner, "requirements-dev.txt"]
    there = read(STAMP)
    if there == stamp(maintainer) or (there == stamp(learner) and "--dev" not in sys.argv):
        return 0
    why_not = refusal(
        sys.version_info,
        platform.system(),
        platform.machine(),
        64 if sys.maxsize > 2**32 else 32,
        can_make_environments(),
    )
    if why_not:
        print("error: " + why_not, file=sys.stderr)
        return 2
    print("Installing into .venv: some minutes the first time.", flush=True)
    try:
        install(maintainer if "--dev" in sys.argv else learner)
    except subprocess.CalledProcessError as error:
        print(
            "error: installing stopped (see above; is there a network, and 4 GB of disk?): run the "
            "same command again",
            file=sys.stderr,
        )
        return error.returncode
    except KeyboardInterrupt:
        print("error: interrupted: run the same command again to finish", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
