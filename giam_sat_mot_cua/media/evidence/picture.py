"""Decoded pictures on their way through a derivative, and what may change them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy


@dataclass
class Picture:
	"""`planes`: YUV 4:2:0 (16 to 235), uint8, shape (height * 3 / 2, width): all of Y, then U, then
	V, of a quarter each. `utc_ticks`: when it begins, UTC in ticks of TIMESCALE; `duration` in ticks."""

	planes: numpy.ndarray
	utc_ticks: int
	duration: int

	@property
	def width(self) -> int:
		return self.planes.shape[1]

	@property
	def height(self) -> int:
		return self.planes.shape[0] * 2 // 3

	@property
	def luma(self) -> numpy.ndarray:
		"""Y, shape (height, width); a view."""
		return self.planes[: self.height]

	@property
	def chroma(self) -> tuple[numpy.ndarray, numpy.ndarray]:
		"""U and V, shape (height / 2, width / 2) each; views."""
		size, shape = self.height * self.width, (self.height // 2, self.width // 2)
		flat = self.planes.reshape(-1)
		return flat[size : size * 5 // 4].reshape(shape), flat[size * 5 // 4 :].reshape(shape)


class Filter(Protocol):
	"""Changes pictures in place. It may hold some back, and gives all back in order."""

	def take(self, picture: Picture) -> Iterable[Picture]: ...

	def rest(self) -> Iterable[Picture]:
		"""What was held back. Ends the filter's work on one file; the next picture may be of another size."""
		...
