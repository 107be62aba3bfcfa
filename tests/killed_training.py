"""Train a tiny network, killed with kill -9 again and again: for test_training.py.

``python killed_training.py FOLDER KILLS SEED WORKERS``. Keras is imported once; each attempt is a
fork of this process. Every other kill hits while something is being written.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from training_words import DrawnWords

from course_utils.ocr.training import Settings, train

SETTINGS = Settings(steps=192, batch=8, interval=6, warmup=20, validation=8, showings=2, lag=7)


def tiny_network(**_):
    """Each kind of layer that has state of its own, for 8 time steps, and little else."""
    # Not at the top: the processes that draw import this module.
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((32, 128, 1)),
            layers.Conv2D(8, (32, 16), strides=(1, 16), activation="relu"),
            layers.BatchNormalization(),
            layers.Reshape((8, 8)),
            layers.Bidirectional(layers.LSTM(8, return_sequences=True, dropout=0.2)),
            layers.Dense(63),
        ]
    )


def tiny_data(settings):
    return DrawnWords(settings.seed), DrawnWords(settings.seed + 1), {}


def attempt(folder, workers):
    """Start or go on with the training in another process; its id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        train(SETTINGS, folder, workers=workers)
        status = 0
    finally:
        os._exit(status)


def running(child):
    return os.waitpid(child, os.WNOHANG) == (0, 0)


def writing(folder):
    return any(folder.glob("unfinished-*"))


def kill(child, folder, while_writing):
    """Kill the attempt at a random moment; whether it was writing."""
    intervals = random.randrange(3)
    pause = random.uniform(0, 0.3 if intervals or while_writing else 8)
    last = set(folder.glob("checkpoint-*"))
    while intervals and running(child):
        time.sleep(0.001)
        now = set(folder.glob("checkpoint-*"))
        intervals, last = intervals - (now != last), now
    # On a fast machine training would end within the pauses: none outlasts an interval.
    end = time.monotonic() + pause
    while time.monotonic() < end and set(folder.glob("checkpoint-*")) == last:
        time.sleep(0.001)
    while while_writing and running(child) and not writing(folder):
        time.sleep(0.0005)
    assert running(child), "training ended before it could be killed"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return writing(folder)


def main():
    from course_utils.ocr.training import loop

    loop.build_crnn, loop._open_data = tiny_network, tiny_data
    folder, kills, seed, workers = Path(sys.argv[1]), *map(int, sys.argv[2:])
    random.seed(seed)
    written = [kill(attempt(folder, workers), folder, number % 2 == 0) for number in range(kills)]
    assert os.waitpid(attempt(folder, workers), 0)[1] == 0
    print(json.dumps({"kills": len(written), "while writing": sum(written)}))


if __name__ == "__main__":
    main()
