"""Pictures, looked at."""

from io import BytesIO

from PIL import Image


def size_of_png(content: bytes) -> tuple[int, int]:
    """Return width and height of a picture that can be decoded whole."""
    with Image.open(BytesIO(content)) as picture:
        picture.load()
        assert picture.format == "PNG"
        return picture.size


def red_pixels(content: bytes) -> int:
    """Return how much of a picture is red."""
    with Image.open(BytesIO(content)) as picture:
        pixels = picture.convert("RGB").tobytes()
    colours = zip(pixels[0::3], pixels[1::3], pixels[2::3], strict=True)
    return sum(red > 200 and green < 120 and blue < 120 for red, green, blue in colours)
