import numpy as np
import pytest

from course_utils.arithmetic.functions import Range
from course_utils.teaching.explorers import try_your_own_range
from course_utils.teaching.explorers.try_your_own_range import RangeExplorer


@pytest.fixture
def explorer():
    explorer = RangeExplorer()
    explorer._seeds.value, explorer._steps.value = 2, 100
    return explorer


def finished(explorer):
    explorer.running.join(timeout=300)
    assert not explorer.running.is_alive()
    return explorer


def test_the_controls_make_the_request(explorer):
    explorer._formula.value = "a * b"
    for name, box in explorer._networks.items():
        box.value = name in ("linear", "NAC•")
    explorer._ends["test to"].value = 9
    request = explorer.request()
    assert request.formula == "a * b"
    assert request.networks == ("linear", "NAC•")
    assert (request.train, request.test) == (Range(1, 2), Range(2, 9))
    assert (request.seeds, request.steps) == (2, 100)


def test_run_draws_what_the_controls_say(explorer):
    explorer._ends["test to"].value = 9
    explorer._run.click()
    assert explorer._run.disabled
    finished(explorer)
    assert explorer.outcome.request.test == Range(2, 9)
    assert max(r.inputs.max() for r in explorer.outcome.results.values()) > 7
    assert "tested on 2 to 9" in explorer._picture.value
    assert "data:image/png;base64," in explorer._picture.value
    assert not explorer._run.disabled
    assert explorer._message.value == ""


@pytest.mark.parametrize(
    ("formula", "end", "value", "sentence"),
    [
        ("a + b", "train to", 1.0, "training range 1 to 1 is empty"),
        ("sqrt(a)", "test from", -2.0, "no number below 0 has a square root"),
        ("a / b", "train from", -2.0, "nothing can be divided by 0"),
    ],
)
def test_the_impossible_is_answered_at_once_and_loses_nothing(
    explorer, formula, end, value, sentence
):
    explorer._picture.value = "<p>before</p>"
    explorer._formula.value = formula
    explorer._ends[end].value = value
    assert sentence in explorer._message.value
    explorer._run.click()
    assert explorer.running is None
    assert explorer._picture.value == "<p>before</p>"
    explorer._formula.value, explorer._ends[end].value = "a + b", 1.5
    assert explorer._message.value == ""


def test_cancel_keeps_the_last_picture(explorer, monkeypatch):
    explorer._picture.value = "<p>before</p>"

    def stopped(request, report):
        explorer._cancel.click()
        return None if report(0.5) else pytest.fail("not stopped")

    monkeypatch.setattr(try_your_own_range, "compute", stopped)
    explorer._run.click()
    finished(explorer)
    assert explorer._picture.value == "<p>before</p>"
    assert "Stopped" in explorer._message.value
    assert explorer._cancel.disabled


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failure_is_said_and_not_swallowed(explorer, monkeypatch):
    raised = []
    monkeypatch.setattr("threading.excepthook", lambda args: raised.append(args.exc_value))

    def fail(request, report):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(try_your_own_range, "compute", fail)
    explorer._run.click()
    finished(explorer)
    assert "Something went wrong" in explorer._message.value
    assert not explorer._run.disabled
    assert [str(error) for error in raised] == ["out of memory"]


def test_a_second_run_waits_for_the_first(explorer, monkeypatch):
    started = []

    def slow(request, report):
        started.append(request)
        while not report(0.1):
            explorer._stop.wait(0.01)

    monkeypatch.setattr(try_your_own_range, "compute", slow)
    explorer.run()
    explorer.run()
    explorer._cancel.click()
    finished(explorer)
    assert len(started) == 1


def test_every_control_can_be_reached_by_name(explorer):
    controls = [explorer._formula, *explorer._networks.values(), *explorer._ends.values()]
    controls += [explorer._seeds, explorer._steps, explorer._run, explorer._cancel]
    names = [control.description for control in controls]
    assert all(names)
    assert len(set(names)) == len(names)
    assert np.all([not control.disabled for control in controls[:-1]])
