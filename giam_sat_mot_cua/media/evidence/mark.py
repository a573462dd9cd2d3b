"""What says of a derivative that it is one: a text in every picture, and the file's comment."""

from collections.abc import Iterable

from giam_sat_mot_cua.media.evidence.overlay import Overlay, text_box, wrapped
from giam_sat_mot_cua.media.evidence.picture import Picture

TEXT = "BẢN DẪN XUẤT - KHÔNG THAY THẾ BẢN GỐC"
OPACITY = 150


class DerivedMark:
	"""TEXT, small, in the upper right corner."""

	def __init__(self) -> None:
		self.overlay: Overlay | None = None

	def take(self, picture: Picture) -> Iterable[Picture]:
		self.overlay = self.overlay or self.draw(picture.width, picture.height)
		self.overlay.blend(picture)
		yield picture

	def rest(self) -> Iterable[Picture]:
		self.overlay = None
		return ()

	@staticmethod
	def draw(width: int, height: int) -> Overlay:
		size = max(height // 40, 9)
		image = text_box(wrapped(TEXT, size, width - size), size, OPACITY)
		return Overlay(image, max(width - image.width, 0), 0, width, height)
