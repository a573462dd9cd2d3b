"""Faces made unrecognisable: an aid, not a guarantee.

OpenCV's own cascades (Viola and Jones, 2001) find faces that look at the camera or show their profile,
upright, lit and not too small. They miss faces that are turned away, tilted, covered, dark or small, and now
and then take something else for a face. A person must look at the result before it is handed out.
"""

from collections import deque
from collections.abc import Iterable

import cv2
import numpy

from giam_sat_mot_cua.media.evidence.picture import Picture
from giam_sat_mot_cua.media.fmp4 import TIMESCALE

HOLD_S = 0.5  # before and after a picture in which a face was found, its place is blurred as well
LOOK_S = 0.1  # faces are looked for so often
LOOK_WIDTH = 640  # pixels; in pictures made smaller for it
SMALLEST = 20  # pixels, of those
NEIGHBOURS = 3
MARGIN = 0.35  # of the face's size, added on each side
CELLS = 6  # a face is made of so few by so few, blurred into each other
CASCADES = ("haarcascade_frontalface_default.xml", "haarcascade_profileface.xml")

Place = tuple[int, int, int, int]  # left, top, right, bottom; pixels, even


class FaceBlur:
	"""Holds pictures back for HOLD_S, to blur a face before it is first found. `faces`: how many were found,
	each as often as it was looked for."""

	def __init__(self) -> None:
		self.frontal, self.profile = (
			cv2.CascadeClassifier(cv2.data.haarcascades + name) for name in CASCADES
		)
		self.waiting: deque[Picture] = deque()
		self.found: deque[tuple[int, list[Place]]] = deque()
		self.next_look = 0
		self.faces = 0

	def take(self, picture: Picture) -> Iterable[Picture]:
		now = picture.utc_ticks
		if now >= self.next_look:
			self.next_look = now + round(LOOK_S * TIMESCALE)
			places = self.places(picture)
			self.faces += len(places)
			self.found.append((now, places))
		self.waiting.append(picture)
		while self.waiting and self.waiting[0].utc_ticks < now - HOLD_S * TIMESCALE:
			yield self.blurred(self.waiting.popleft())

	def rest(self) -> Iterable[Picture]:
		while self.waiting:
			yield self.blurred(self.waiting.popleft())
		self.found.clear()

	def blurred(self, picture: Picture) -> Picture:
		hold = HOLD_S * TIMESCALE
		while self.found and self.found[0][0] < picture.utc_ticks - hold:
			self.found.popleft()
		for time, places in self.found:
			if time > picture.utc_ticks + hold:
				break
			for place in places:
				blur(picture, place)
		return picture

	def places(self, picture: Picture) -> list[Place]:
		scale = max(picture.width / LOOK_WIDTH, 1)
		size = (round(picture.width / scale), round(picture.height / scale))
		small = cv2.equalizeHist(cv2.resize(picture.luma, size, interpolation=cv2.INTER_AREA))
		found = [*detect(self.frontal, small), *detect(self.profile, small)]
		mirrored = detect(self.profile, cv2.flip(small, 1))  # the cascade knows one side only
		found += [(size[0] - left - width, top, width, height) for left, top, width, height in mirrored]
		return [wider(box, scale, picture) for box in found]


def detect(cascade: cv2.CascadeClassifier, picture: numpy.ndarray) -> list[tuple[int, int, int, int]]:
	found = cascade.detectMultiScale(picture, 1.1, NEIGHBOURS, minSize=(SMALLEST, SMALLEST))
	return [tuple(int(number) for number in box) for box in found]


def wider(box: tuple[int, int, int, int], scale: float, picture: Picture) -> Place:
	"""A found box in pixels of the picture, with its margin, on even numbers for the chroma."""
	left, top, width, height = (number * scale for number in box)
	edges = (left - width * MARGIN, top - height * MARGIN)
	ends = (left + width * (1 + MARGIN), top + height * (1 + MARGIN))
	return (
		max(int(edges[0]) // 2 * 2, 0),
		max(int(edges[1]) // 2 * 2, 0),
		min(-(-int(ends[0]) // 2) * 2, picture.width),
		min(-(-int(ends[1]) // 2) * 2, picture.height),
	)


def blur(picture: Picture, place: Place) -> None:
	left, top, right, bottom = place
	smear(picture.luma[top:bottom, left:right])
	for plane in picture.chroma:
		smear(plane[top // 2 : bottom // 2, left // 2 : right // 2])


def smear(region: numpy.ndarray) -> None:
	height, width = region.shape
	if height and width:
		cells = cv2.resize(region, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
		region[:] = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
