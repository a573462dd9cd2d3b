"""Stills: a key frame, small, as JPEG."""

import os
from pathlib import Path

import av
import cv2
import numpy as np

WIDTH = 640
QUALITY = 80


def small_picture(frame: av.VideoFrame) -> np.ndarray:
	"""The frame as an array (height, WIDTH, 3) of bytes, BGR."""
	height = max(round(frame.height * WIDTH / frame.width / 2) * 2, 2)
	return frame.reformat(width=WIDTH, height=height, format="bgr24").to_ndarray()


def write_jpeg(picture: np.ndarray, path: Path) -> None:
	"""Writes the picture in one step, so that a reader never sees half of it. Raises OSError."""
	made, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
	if not made:
		raise OSError("the picture could not be encoded")
	path.parent.mkdir(parents=True, exist_ok=True)
	fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
	try:
		fresh.write_bytes(data.tobytes())
		fresh.replace(path)
	finally:
		fresh.unlink(missing_ok=True)
