"""Where the course's files lie; the package is installed in place, from its repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
