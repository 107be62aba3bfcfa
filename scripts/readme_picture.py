"""Makes the README's picture from two figures of the executed notebook 00.

python scripts/readme_picture.py
"""

import base64
import io
from pathlib import Path

import nbformat
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "00_start_here.ipynb"
PICTURE = ROOT / "docs" / "images" / "read-and-reckon.png"
WIDTH = 900


def figures(path: Path) -> list[Image.Image]:
    """The PNG figures among a notebook's outputs, in their order."""
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    pngs = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    return [Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB") for png in pngs]


def stacked(images: list[Image.Image], width: int) -> Image.Image:
    """Images of equal width, one below the other."""
    scaled = [i.resize((width, round(i.height * width / i.width)), Image.LANCZOS) for i in images]
    sheet = Image.new("RGB", (width, sum(image.height for image in scaled)), "white")
    top = 0
    for image in scaled:
        sheet.paste(image, (0, top))
        top += image.height
    return sheet


def main() -> None:
    """Write the picture: the words that were read, and the curves past the training range."""
    _, words, curves = figures(NOTEBOOK)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    stacked([words, curves], WIDTH).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
