"""Stills: a key frame decoded small and written as JPEG."""

import os
from pathlib import Path

import av
import av.error
import cv2

WIDTH = 640
QUALITY = 80
START = b"\0\0\0\1"


class StillMaker:
	"""Decodes key frames of one stream. Used by one thread at a time."""

	def __init__(self, codec: str):
		self.codec = codec

	def picture(self, units: list[bytes]):
		"""A key frame, given as its parameter sets and NAL units, as an array (height, WIDTH, 3), BGR; None
		when it does not decode."""
		decoder = av.CodecContext.create(self.codec, "r")
		decoder.thread_count = 1
		alone = av.Packet(START + START.join(units))
		try:
			frames = [*decoder.decode(alone), *decoder.decode(None)]
		except av.error.FFmpegError:
			return None
		if not frames:
			return None
		frame = frames[0]
		height = max(round(frame.height * WIDTH / frame.width / 2) * 2, 2)
		return frame.reformat(width=WIDTH, height=height, format="bgr24").to_ndarray()


def write_jpeg(picture, path: Path) -> None:
	"""Writes the picture in one step, so that a reader never sees half of it. Raises OSError."""
	made, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
	if not made:
		raise OSError("the picture could not be encoded")
	path.parent.mkdir(parents=True, exist_ok=True)
	fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
	try:
		with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "wb") as file:
			file.write(data.tobytes())
		fresh.replace(path)
	finally:
		fresh.unlink(missing_ok=True)
