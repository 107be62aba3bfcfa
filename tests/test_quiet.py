"""TensorFlow's start-up log is dropped, and nothing else."""

import os
import subprocess
import sys

import pytest

LOG = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795341504.879631    8019 port.cc:153] oneDNN custom operations are on.\n"
    "E0000 00:00:1795341560.605766    8443 cuda_platform.cc:52] failed call to cuInit\n"
)


def stderr_of(code, **environment):
    inherited = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    run = subprocess.run(
        [sys.executable, "-W", "default", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        env=inherited | environment,
    )
    return run.stderr


def logging_block(body):
    return (
        "import os, sys, warnings\n"
        "from course_utils.quiet import without_native_logs\n"
        "with without_native_logs():\n"
        f"    os.write(2, {LOG!r}.encode())\n"
        f"    {body}\n"
        "os.write(2, b'after\\n')\n"
    )


def test_log_lines_are_dropped():
    assert stderr_of(logging_block("pass")) == "after\n"


@pytest.mark.parametrize(
    "body",
    [
        "os.write(2, b'malloc failed\\n')",
        "print('malloc failed', file=sys.stderr)",
        "warnings.warn('malloc failed')",
    ],
)
def test_everything_else_is_kept(body):
    said = stderr_of(logging_block(body))
    assert "malloc failed" in said
    assert "oneDNN" not in said


def test_a_failing_block_hides_nothing():
    said = stderr_of(logging_block("raise ImportError('no such library')"))
    assert LOG in said
    assert "ImportError: no such library" in said


def test_importing_keras_is_quiet():
    assert stderr_of("import course_utils, keras") == ""


def test_the_log_is_there_for_who_asks():
    assert "I0000" in stderr_of("import course_utils, keras", TF_CPP_MIN_LOG_LEVEL="0")
