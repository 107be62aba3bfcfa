"""Where a recorded result came from: the command, the packages and the machine."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("keras", "tensorflow", "jax", "numpy", "opencv-python-headless")


def provenance() -> dict[str, object]:
    """What a recorded result should carry, without host names or paths of this machine."""
    return {
        "command": _command(),
        "python": platform.python_version(),
        "packages": _versions(),
        "machine": {
            "system": platform.system(),
            "processor": _processor(),
            "cores": os.cpu_count(),
        },
    }


def _command() -> str:
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        called = f"-m {spec.name.removesuffix('.__main__')}"
    else:
        called = Path(sys.argv[0]).name
    return " ".join(["python", called, *map(_without_place, sys.argv[1:])])


def _without_place(argument: str) -> str:
    """An argument, with of a path that means nothing elsewhere only the name."""
    option, equals, value = argument.rpartition("=")
    path = Path(value)
    return f"{option}{equals}{path.name if path.is_absolute() or '..' in path.parts else value}"


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
