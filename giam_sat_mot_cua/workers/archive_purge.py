"""Removes footage that is past its retention from an archive, by the same rules and with the same records as
from a folder. Nothing goes for want of space, and nothing is being written."""

from collections.abc import Iterator

from giam_sat_mot_cua.recording import hour_index
from giam_sat_mot_cua.recording.hour_index import Span
from giam_sat_mot_cua.workers.purge import Item, Purge, in_index


class ArchivePurge(Purge):
	"""One run over one archive."""

	def work(self) -> None:
		if not self.run.dry_run:
			self.finish_interrupted()
		self.remove_due()
		self.note_unknown_cameras()

	def days(self) -> Iterator[tuple[str, list[str]]]:
		"""By the index: to ask a store for its days takes thousands of requests. An object without a row gets
		one at the nightly audit."""
		found: dict[str, list[str]] = {}
		for camera in sorted(self.policy.days):
			for day in hour_index.days_on(self.volume, camera, self.policy.due_before(camera)):
				found.setdefault(day, []).append(camera)
		for day in sorted(found):
			yield day, found[day]

	def allowed(self, camera: str, start: int, end: int, span: Span | None) -> list[Item]:
		"""Only what the index has in this archive: another object is on its way here, and its file still in
		its folder."""
		if not in_index(span) or span.volume != self.volume:
			return []
		return super().allowed(camera, start, end, span)

	def is_written(self, camera: str, start: int) -> bool:
		return False

	def is_too_full(self) -> bool:
		return False
