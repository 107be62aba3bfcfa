import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_words import (
    DeadlyWords,
    DrawnWords,
    NumberedWords,
    ProcessWords,
    SlowWords,
    numbers,
)

from course_utils.ocr.alphabet import Alphabet
from course_utils.ocr.training import TrainingError
from course_utils.ocr.training.feed import Feed, Shuffled

TESTS = str(Path(__file__).parents[1])


def batches(first, last, dataset=None, batch=6, **options):
    with Feed(dataset or DrawnWords(), batch, **options) as feed:
        return list(feed.batches(first, last))


def same(some, others):
    return len(some) == len(others) and all(
        np.array_equal(a, b)
        for pair in zip(some, others, strict=True)
        for a, b in zip(*pair, strict=True)
    )


def test_a_batch_is_the_datasets_samples_in_order():
    dataset = DrawnWords()
    ((images, labels),) = batches(2, 3, dataset)
    words = [dataset[index] for index in range(12, 18)]
    assert images.dtype == np.uint8
    assert labels.dtype == np.int32
    assert np.array_equal(images, [word.image for word in words])
    assert np.array_equal(labels, Alphabet().encode_batch([word.text for word in words]))


def test_workers_draw_the_same_batches():
    options = {"showings": 2, "lag": 3}
    alone = batches(0, 12, **options)
    assert same(alone, batches(0, 12, workers=1, **options))
    assert same(alone, batches(0, 12, workers=2, **options))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_does_not_depend_on_where_one_starts(workers):
    options = {"showings": 3, "lag": 4, "workers": workers}
    assert same(batches(0, 20, **options)[9:], batches(9, 20, **options))


@given(
    fresh=st.integers(1, 4),
    showings=st.integers(1, 4),
    lag=st.integers(1, 5),
    first=st.integers(0, 30),
)
def test_each_sample_is_drawn_once_and_shown_so_often_so_far_apart(fresh, showings, lag, first):
    dataset = NumberedWords()
    steps = showings * lag + 10
    shown = batches(
        first, first + steps, dataset, batch=fresh * showings, showings=showings, lag=lag
    )
    assert max(Counter(dataset.drawn).values()) == 1
    seen = {}
    for step, (images, _) in enumerate(shown):
        for number in numbers(images):
            seen.setdefault(number, []).append(step)
    for steps_of_sample in seen.values():
        assert set(np.diff(steps_of_sample)) <= {lag}
    # Those that first appear late enough to be new, and early enough to be shown to the end.
    complete = [s for s in seen.values() if s[0] >= lag and s[0] + (showings - 1) * lag < steps]
    assert complete
    assert all(len(s) == showings for s in complete)


def test_samples_fill_the_memory_once_then_only_new_ones_are_drawn():
    dataset = NumberedWords()
    with Feed(dataset, 6, showings=3, lag=5) as feed:
        list(feed.batches(0, 5))
        assert len(dataset.drawn) == 5 * 6
        list(feed.batches(5, 50))
        assert len(dataset.drawn) == 5 * 6 + 45 * 2


@given(samples=st.integers(1, 50), seed=st.integers(0, 2**32), epoch=st.integers(0, 5))
def test_shuffled_shows_every_sample_once_an_epoch(samples, seed, epoch):
    order = Shuffled(samples, seed)
    positions = range(epoch * samples, (epoch + 1) * samples)
    assert sorted(order(position) for position in positions) == list(range(samples))


def test_shuffled_depends_on_seed_and_epoch_alone():
    def epochs(seed):
        order = Shuffled(100, seed)
        return [[order(p) for p in range(100 * e, 100 * e + 100)] for e in range(3)]

    first, second, third = epochs(1)
    assert first != second != third != first
    assert epochs(1) == [first, second, third]
    assert epochs(2)[0] != first


def test_samples_are_drawn_by_processes_without_keras():
    drawn = {n for images, _ in batches(0, 10, ProcessWords(), workers=2) for n in numbers(images)}
    assert 0 not in drawn
    assert os.getpid() not in drawn


def test_a_dead_worker_is_one_sentence():
    with Feed(DeadlyWords(), 6, workers=2) as feed:
        with pytest.raises(TrainingError, match=r"process that draws words died.*--workers"):
            list(feed.batches(0, 10))
        assert isinstance(feed.failure, TrainingError)


def test_waiting_is_measured():
    with Feed(SlowWords(), 3) as feed:
        list(feed.batches(0, 4))
        assert feed.waited >= 4 * 3 * 0.02


def test_a_batch_that_showings_cannot_share_is_refused():
    with pytest.raises(TrainingError, match="batch of 7 cannot be shared by 2 showings"):
        Feed(DrawnWords(), 7, showings=2)


FEEDING = """
import multiprocessing, sys, time
from training_words import DrawnWords
from course_utils.ocr.training.feed import Feed

if __name__ == "__main__":
    feed = Feed(DrawnWords(), 6, workers=2)
    for batch in feed.batches(0, 20):
        pass
    print(*[worker.pid for worker in multiprocessing.active_children()], flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "feeding.py"
    script.write_text(FEEDING)
    parent = subprocess.Popen(
        [sys.executable, script], env=os.environ | {"PYTHONPATH": TESTS}, stdout=subprocess.PIPE
    )
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(workers) >= 2
    assert all(alive(pid) for pid in workers)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in workers)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return not os.path.isdir("/proc/self")
