import base64
import io
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils.teaching import style

ALT = 'A line that rises from "0" & ends at 1.'


@pytest.fixture
def shown(monkeypatch):
    """Draws and shows a line in the course's style; the outputs a notebook would get."""

    def draw_and_show():
        outputs = []
        monkeypatch.setattr(
            style,
            "display",
            lambda data, raw, metadata=None: outputs.append(
                SimpleNamespace(data=data, of=metadata)
            ),
        )
        figure, axes = plt.subplots()
        axes.plot([0, 1])
        style.show(figure, ALT)
        assert not plt.fignum_exists(figure.number)
        return outputs

    with mpl.rc_context():
        style.use()
        yield draw_and_show


def pixels(output):
    return Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))


def test_a_figure_is_a_png_with_its_alternative_text(shown):
    spoken, picture = shown()
    assert picture.of["image/png"]["alt"] == ALT
    assert picture.data["text/plain"] == ALT
    assert spoken.data["text/html"] == (
        '<span role="img" '
        'aria-label="A line that rises from &quot;0&quot; &amp; ends at 1."></span>'
    )


def test_a_figure_is_opaque_white_and_sharper_than_it_is_shown(shown):
    picture = shown()[1]
    image = pixels(picture)
    alpha = np.asarray(image.convert("RGBA"))[..., 3]
    assert (alpha == 255).all()
    assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert picture.of["image/png"]["width"] == round(image.width / style.OVERSAMPLING)


def test_the_same_figure_is_the_same_file(shown):
    assert shown()[1].data == shown()[1].data


def test_a_figure_without_words_is_refused():
    with pytest.raises(ValueError, match="alt is blank"):
        style.show(plt.Figure(), " ")


def luminance(colour):
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    channels = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_the_first_lines_stand_out_on_white_and_all_differ_without_colour():
    contrasts = [1.05 / (luminance(colour) + 0.05) for colour in style.COLOURS.values()]
    assert min(contrasts[:3]) >= 3
    assert len(set(style.LINES)) == len(set(style.MARKERS)) == len(style.COLOURS)
