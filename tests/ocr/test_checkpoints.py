import errno
import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from course_utils.ocr.training import TrainingError, checkpoints
from course_utils.ocr.training.checkpoints import (
    load_checkpoint,
    require_space,
    save_checkpoint,
    write_whole,
)


def arrays(number):
    return {"000": np.full((3, 4), number, np.float32), "001": np.array(number)}


def save(folder, step):
    save_checkpoint(folder, step, arrays(step), {"log": [step]})


def holds(folder, step):
    found = load_checkpoint(folder)
    if found is None:
        return step is None
    values, state = found
    expected = arrays(step)
    return (
        state == {"log": [step]}
        and list(values) == list(expected)
        and all(np.array_equal(values[name], expected[name]) for name in expected)
        and all(values[name].dtype == expected[name].dtype for name in expected)
    )


def test_an_empty_folder_holds_none(tmp_path):
    assert load_checkpoint(tmp_path) is None


def test_the_last_checkpoint_comes_back_and_is_alone(tmp_path):
    for step in (5, 10, 1_000_000, 1_000_005):
        save(tmp_path, step)
        assert holds(tmp_path, step)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-1000005"]


class Killed(BaseException):
    """Nothing in the code catches it, as nothing catches a kill -9."""


def dying_at(monkeypatch, number):
    """Make the number-th thing that is done to the disk the last one; a list of what was done."""
    done = []

    def counted(module, name):
        real = getattr(module, name)

        def wrapper(*args, **kwargs):
            if len(done) == number:
                raise Killed
            done.append(name)
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, wrapper)

    for name in ("mkdir", "rename", "replace", "fsync", "unlink", "rmdir"):
        counted(os, name)
    counted(np, "savez")
    counted(json, "dump")
    counted(shutil, "rmtree")
    return done


def test_what_is_not_a_checkpoint_is_left_alone(tmp_path):
    (tmp_path / "checkpoint-old").mkdir()
    (tmp_path / "unfinished-notes.txt").write_text("mine")
    assert load_checkpoint(tmp_path) is None
    save_checkpoint(tmp_path, 7, {}, {})
    assert {path.name for path in tmp_path.iterdir()} == {
        "checkpoint-000007",
        "checkpoint-old",
        "unfinished-notes.txt",
    }


def test_whatever_step_of_saving_is_the_last_a_whole_checkpoint_is_there(tmp_path):
    seen = set()
    for number in range(100):
        folder = tmp_path / str(number)
        folder.mkdir()
        save(folder, 5)
        with pytest.MonkeyPatch.context() as monkeypatch:
            done = dying_at(monkeypatch, number)
            try:
                save(folder, 10)
            except Killed:
                died = True
            else:
                died = False
        step = 10 if "rename" in done else 5
        seen.add(step if died else None)
        assert holds(folder, step)
        save(folder, 15)
        assert holds(folder, 15)
        assert [path.name for path in folder.iterdir()] == ["checkpoint-000015"]
        if not died:
            break
    assert seen == {5, 10, None}


def test_whatever_step_of_writing_is_the_last_the_file_is_the_old_or_the_new(tmp_path):
    file = tmp_path / "log.csv"
    seen = set()
    for number in range(10):
        file.write_text("old")
        with pytest.MonkeyPatch.context() as monkeypatch:
            dying_at(monkeypatch, number)
            try:
                write_whole(file, lambda path: path.write_text("new"))
            except Killed:
                pass
            else:
                break
        seen.add(file.read_text())
    assert file.read_text() == "new"
    assert seen <= {"old", "new"}
    assert "old" in seen


@pytest.mark.parametrize("name", ["state.npz", "state.json"])
def test_a_damaged_checkpoint_is_one_sentence(tmp_path, name):
    save(tmp_path, 5)
    path = tmp_path / "checkpoint-000005" / name
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(TrainingError, match="checkpoint-000005 cannot be read"):
        load_checkpoint(tmp_path)


def test_pickles_are_refused(tmp_path):
    save(tmp_path, 5)
    np.savez(tmp_path / "checkpoint-000005" / "state.npz", a=np.array([{}], dtype=object))
    with pytest.raises(TrainingError, match="cannot be read"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_refused_checkpoint_leaves_the_earlier_one_and_nothing_else(tmp_path, monkeypatch, call):
    save(tmp_path, 5)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.os, call, full)
        with pytest.raises(TrainingError, match=r"no space left on the disk of .*: free some"):
            save(tmp_path, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-000005"]
    assert holds(tmp_path, 5)


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"cannot write into .*file.*--out"):
        save(tmp_path / "file", 5)


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_really_full_disk_is_one_sentence(small_disk):
    save(small_disk, 5)
    with pytest.raises(TrainingError, match="no space left"):
        save_checkpoint(small_disk, 10, {"large": np.zeros(100_000)}, {})
    assert holds(small_disk, 5)


def test_space_is_required_beforehand(small_disk):
    require_space(small_disk, 50_000)
    with pytest.raises(TrainingError, match="no space left"):
        require_space(small_disk, 70_000)
