"""The explorer of notebook 08: choose a function, networks and ranges, train, and look."""

import base64
import html
import threading

import ipywidgets as widgets

from course_utils.arithmetic.ensembles import NETWORKS
from course_utils.arithmetic.functions import FUNCTIONS, TEST, TRAIN, Range
from course_utils.teaching.arithmetic_plots import describe, range_experiment
from course_utils.teaching.range_experiment import SEEDS, STEPS, Outcome, Request, compute
from course_utils.teaching.training_plots import png

WIDE = {"description_width": "90px"}


class RangeExplorer:
    """Controls, a progress bar and a picture; training runs beside the kernel's own work.

    Attributes:
        widget: to display.
        outcome: what the picture shows, None before the first run.
        running: the thread that trains, None before the first run.
    """

    def __init__(self) -> None:
        self.outcome: Outcome | None = None
        self.running: threading.Thread | None = None
        self._stop = threading.Event()
        self._formula = widgets.Dropdown(options=list(FUNCTIONS), description="function")
        self._networks = {
            name: widgets.Checkbox(name in Request.networks, description=name, indent=False)
            for name in NETWORKS
        }
        self._ends = {
            label: widgets.FloatText(value, description=label, style=WIDE)
            for label, value in zip(
                ("train from", "train to", "test from", "test to"), (*TRAIN, *TEST), strict=True
            )
        }
        self._seeds = widgets.BoundedIntText(
            Request.seeds, min=SEEDS[0], max=SEEDS[-1], description="seeds"
        )
        self._steps = widgets.BoundedIntText(
            Request.steps, min=STEPS[0], max=STEPS[-1], step=500, description="steps"
        )
        self._run = widgets.Button(description="Run", button_style="primary")
        self._cancel = widgets.Button(description="Cancel", disabled=True)
        self._bar = widgets.FloatProgress(max=1.0)
        self._message = widgets.HTML()
        self._picture = widgets.HTML()
        self._run.on_click(lambda _: self.run())
        self._cancel.on_click(lambda _: self._stop.set())
        for control in (self._formula, *self._networks.values(), *self._ends.values()):
            control.observe(lambda _: self._check(), names="value")
        self.widget = self._laid_out()

    def request(self) -> Request:
        """What the controls say.

        Raises:
            ValueError: it is impossible.
        """
        ends = [control.value for control in self._ends.values()]
        networks = tuple(name for name, box in self._networks.items() if box.value)
        return Request(
            self._formula.value,
            networks,
            Range(*ends[:2]),
            Range(*ends[2:]),
            self._seeds.value,
            self._steps.value,
        )

    def run(self) -> None:
        """Start to train what the controls say, unless it is impossible or something runs."""
        request = self._check()
        if request is None or (self.running and self.running.is_alive()):
            return
        self._stop.clear()
        self._run.disabled, self._cancel.disabled = True, False
        self._message.value = "Training …"
        self.running = threading.Thread(target=self._work, args=(request,), daemon=True)
        self.running.start()

    def _check(self) -> Request | None:
        try:
            request = self.request()
        except ValueError as error:
            sentence = str(error)
            self._message.value = f'<b role="alert">{html.escape(sentence)}</b>'
            return None
        self._message.value = ""
        return request

    def _work(self, request: Request) -> None:
        said = "Something went wrong; the kernel's log says what."
        try:
            outcome = compute(request, self._report)
            said = "Stopped; the picture is the last one." if outcome is None else ""
            if outcome:
                self._show(outcome)
        finally:  # An exception goes on to the kernel's log.
            self._message.value = said
            self._bar.value = 0.0
            self._run.disabled, self._cancel.disabled = False, True

    def _report(self, share: float) -> bool:
        self._bar.value = share
        return self._stop.is_set()

    def _show(self, outcome: Outcome) -> None:
        alt = html.escape(describe(outcome))
        picture = base64.b64encode(png(range_experiment(outcome))).decode()
        self._picture.value = (
            f'<img alt="{alt}" src="data:image/png;base64,{picture}" style="max-width:100%">'
            f"<p>{alt}</p>"
        )
        self.outcome = outcome

    def _laid_out(self) -> widgets.Widget:
        ends = list(self._ends.values())
        return widgets.VBox(
            [
                widgets.HBox([self._formula, *self._networks.values()]),
                widgets.HBox(ends[:2]),
                widgets.HBox(ends[2:]),
                widgets.HBox([self._seeds, self._steps]),
                widgets.HBox([self._run, self._cancel, self._bar]),
                self._message,
                self._picture,
            ]
        )
