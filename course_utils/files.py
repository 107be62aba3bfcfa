"""Files that are never half-written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file so that it is either the old one or the whole new one, whatever happens.

    Args:
        path: the file.

    Yields:
        Where to write; it takes the place of ``path`` when the block ends well, and is deleted when
        it does not.
    """
    unfinished = path.with_name(f"unfinished-{path.name}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
