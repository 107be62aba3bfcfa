"""One look for every figure, and alternative text on each.

Colours are Okabe and Ito's, which stay apart for colour-blind readers ("Color Universal Design",
2008); lines differ in their dashes too, so that nothing rests on colour alone. The ground is opaque
white: it reads the same on JupyterLab's light and dark themes and on a projector.
"""

import base64
import html
import io

import matplotlib as mpl
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure

# In the order lines take them: those with the strongest contrast on white first, yellow left out.
COLOURS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
}
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 2, 1, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

PIXELS_PER_INCH = 96  # of the page
OVERSAMPLING = 1.5  # for sharp text on dense screens and when projected


def use() -> None:
    """Gives every figure drawn from here on the course's style."""
    mpl.rcParams.update(
        {
            "axes.axisbelow": True,
            "axes.grid": True,
            "axes.prop_cycle": mpl.cycler(color=list(COLOURS.values()), linestyle=LINES),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 13,
            "axes.titleweight": "bold",
            "figure.constrained_layout.use": True,
            "figure.dpi": PIXELS_PER_INCH,
            "figure.facecolor": "white",
            "figure.figsize": (8, 4),
            "font.size": 12,
            "grid.color": "#DDDDDD",
            "image.cmap": "gray",
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "lines.linewidth": 2,
            "lines.markersize": 7,
            "savefig.facecolor": "white",
        }
    )


def show(figure: Figure, alt: str) -> None:
    """Displays a figure as PNG, with its alternative text, and closes it.

    The text goes where each reader of a notebook looks for it: the image's ``alt`` metadata
    (nbconvert, nbsphinx), its plain-text form (MyST, terminals) and, because JupyterLab 4 gives an
    output image no ``alt``, an invisible labelled element before it, which screen readers speak.

    Args:
        figure: the figure; its pixels are 1.5 times the size it is shown at.
        alt: what the figure shows, in a sentence or two, for a reader who does not see it.

    Raises:
        ValueError: ``alt`` is blank.
    """
    if not alt.strip():
        raise ValueError("alt is blank: say in a sentence what the figure shows")
    buffer = io.BytesIO()
    dpi = PIXELS_PER_INCH * OVERSAMPLING
    # Without the software's version, the same figure is the same file after an update.
    figure.savefig(buffer, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    png = buffer.getvalue()
    width = round(int.from_bytes(png[16:20], "big") / OVERSAMPLING)
    spoken = f'<span role="img" aria-label="{html.escape(alt)}"></span>'
    display({"text/html": spoken, "text/plain": alt}, raw=True)
    display(
        {"image/png": base64.b64encode(png).decode(), "text/plain": alt},
        raw=True,
        metadata={"image/png": {"alt": alt, "width": width}},
    )
