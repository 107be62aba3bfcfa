"""Keeps TensorFlow's start-up log off the screen; nothing else is hidden.

TensorFlow's native code logs to file descriptor 2 while it is imported, whatever its settings. A
notebook would show those lines as errors, different on every machine. Importing ``course_utils``
arranges that the first ``import tensorflow`` (Keras makes it too) runs with the descriptor set
aside; afterwards everything that is not such a log line is written out after all.

Set ``TF_CPP_MIN_LOG_LEVEL=0`` before Python starts to see everything TensorFlow has to say.
"""

import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

# "I0000 00:00:1795341504.879631    8019 port.cc:153] …", the format of absl's and glog's loggers.
LOG_LINE = re.compile(
    rb"^(?:[IWE]\d{4} [\d:.]+ +\d+ \S+:\d+\].*|WARNING: All log messages before absl.*)\n?",
    re.MULTILINE,
)
STDERR = 2


@contextmanager
def without_native_logs() -> Iterator[None]:
    """Drops native log lines from file descriptor 2 inside the block, once it has ended well.

    All other text comes out when the block ends; if it raises, the log lines come out too.
    """
    sys.stderr.flush()
    outside = os.dup(STDERR)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), STDERR)
        failed = True
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(outside, STDERR)
            os.close(outside)
            log.seek(0)
            text = log.read()
            os.write(STDERR, text if failed else LOG_LINE.sub(b"", text))


class _TensorFlowFinder:
    """An import hook for the first ``import tensorflow``, which it quietens; then it is gone."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None:
            execute = spec.loader.exec_module

            def execute_quietly(module: ModuleType) -> None:
                with without_native_logs():
                    execute(module)

            spec.loader.exec_module = execute_quietly
        return spec


def install() -> None:
    """Makes the coming ``import tensorflow`` quiet, unless the user asked for TensorFlow's log."""
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if level != "0" and "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _TensorFlowFinder())
