"""Makes an evidence package of an approved request: source files as they were recorded, compared with their
hashes of then; one playable file for each camera and period; copies that were asked for."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from frappe import _
from frappe.model.document import Document

from giam_sat_mot_cua.evidence import minutes, minutes_format, package_facts, ranges, signing_keys
from giam_sat_mot_cua.evidence.row_times import span
from giam_sat_mot_cua.media import layout
from giam_sat_mot_cua.media.evidence.derivative import Stopped, derive
from giam_sat_mot_cua.media.evidence.faces import FaceBlur
from giam_sat_mot_cua.media.evidence.package import (
	DERIVATIVE,
	DOCUMENT,
	PLAYABLE,
	SOURCE,
	PackageWriter,
	SourceChanged,
)
from giam_sat_mot_cua.media.evidence.playable import join
from giam_sat_mot_cua.media.evidence.recorded import SourceFile
from giam_sat_mot_cua.media.evidence.signing import Signer, SigningError
from giam_sat_mot_cua.media.evidence.watermark import Watermark
from giam_sat_mot_cua.media.fmp4 import BrokenFile
from giam_sat_mot_cua.papers.page import PaperError
from giam_sat_mot_cua.recording import clock, footage, hour_index
from giam_sat_mot_cua.recording.footage import FootageFile
from giam_sat_mot_cua.recording.hour_index import IndexedFile

WAITS_MS = 1_800_000  # for a file to be closed and indexed
SOURCES, VIDEOS, COPIES = "goc", "xem", "ban-sao"  # folders of a package
MINUTES = "bien-ban-trich-xuat.pdf"


class ExportFailed(Exception):
	"""There is no package; the text says why and what to do, in the language of the session."""


class NotYet(Exception):
	"""Something that is needed cannot be had now, and will later; the text says what."""


@dataclass
class Period:
	"""A row of the request with its files."""

	camera: str
	begin: int
	end: int
	files: list[IndexedFile] = field(default_factory=list)

	@property
	def title(self) -> str:
		"""For names of files, in the site's time."""
		begin, end = (clock.site_time(time) for time in (self.begin, self.end))
		return f"{self.camera}_{begin:%Y-%m-%d_%Hh%Mm%S}_{end:%Hh%Mm%S}"

	@property
	def sources(self) -> list[SourceFile]:
		return [
			SourceFile(path_of(self.camera, file), file.start_utc_ms, opener(self.camera, file))
			for file in self.files
		]


class Export:
	"""One package on its way. `told`: called with the share that is done, 0 to 1; `stopped`: asked again and
	again whether it is wanted no more."""

	def __init__(
		self, request: Document, told: Callable[[float], None], stopped: Callable[[], bool] = lambda: False
	):
		self.request, self.told, self.stopped = request, told, stopped
		self.periods = [read_period(row) for row in request.ranges]
		self.copies = list(wanted_copies(request))
		self.done = 0
		self.without_minutes: str | None = None  # why the package has none, and what to do
		# a pass over the files for the sources, one for what is joined of them, one for each copy
		self.total = max(self.bytes_of_sources() * (2 + 4 * len(self.copies)), 1)

	def bytes_of_sources(self) -> int:
		return sum(file.size_bytes for period in self.periods for file in period.files)

	def require(self) -> None:
		"""Raises PermissionError, ExportFailed, NotYet when there is nothing to make a package of."""
		ranges.refuse_secrets(self.request)
		if not any(period.files for period in self.periods):
			raise ExportFailed(_("Nothing of what was approved is there any more."))
		for period in self.periods:
			for file in period.files:
				if not footage.volume_answers(file.volume):
					raise NotYet(_("Volume {0} cannot be reached now.").format(file.volume))

	def write(self, out: BinaryIO, name: str, signer: Signer, log_row: dict) -> dict:
		"""Writes the package to `out`; returns its manifest. Raises SourceChanged, Stopped, SigningError,
		BrokenFile, OSError: there is no package then."""
		facts = package_facts.facts(name, self.request, log_row)
		writer = PackageWriter(out, facts, signer)
		try:
			self.add_sources(writer)
			for period in self.periods:
				self.add_playable(writer, period)
				for copy in self.copies:
					self.add_copy(writer, period, copy)
			self.add_minutes(writer, facts, signer)
			manifest = writer.close()
		except BaseException:
			writer.give_up()
			raise
		out.flush()
		os.fsync(out.fileno())
		return manifest

	def add_sources(self, writer: PackageWriter) -> None:
		added = set()
		for period in self.periods:
			for file in period.files:
				path = path_of(period.camera, file)
				if path not in added:
					added.add(path)
					self.add_source(writer, period.camera, path, file)

	def add_source(self, writer: PackageWriter, camera: str, path: str, file: IndexedFile) -> None:
		self.require_wanted()
		details = {
			"camera": camera,
			"start_utc_ms": file.start_utc_ms,
			"duration_ms": file.duration_ms,
			"sha256_at_recording": file.sha256,
		}
		with opener(camera, file)() as source:
			writer.add_file(path, source, SOURCE, details, file.sha256, file.size_bytes)
		self.advance(file.size_bytes)

	def add_playable(self, writer: PackageWriter, period: Period) -> None:
		"""What is told of a file is known only when it has been written: it stands in the manifest."""
		self.require_wanted()
		entries: list[dict] = []

		def open_part(number: int):
			entries.append({"camera": period.camera, "part": number})
			return writer.open_entry(f"{VIDEOS}/{part_name(period.title, number)}.mp4", PLAYABLE, entries[-1])

		made = join(period.sources, period.begin, period.end, open_part)
		for entry, part in zip(entries, made, strict=True):
			entry.update(first_utc_ms=part.first_utc_ms, end_utc_ms=part.end_utc_ms, frames=part.frames)
		self.advance(sum(file.size_bytes for file in period.files))

	def add_copy(self, writer: PackageWriter, period: Period, copy: "Copy") -> None:
		"""Coded again, and marked so."""
		self.require_wanted()
		entries: list[dict] = []
		weight = 4 * sum(file.size_bytes for file in period.files)
		before = self.done

		def open_part(number: int):
			entries.append({"camera": period.camera, "part": number, "done": copy.said})
			path = f"{COPIES}/{part_name(f'{period.title}_{copy.suffix}', number)}.mp4"
			return writer.open_entry(path, DERIVATIVE, entries[-1])

		made = derive(
			period.sources,
			period.begin,
			period.end,
			open_part,
			filters=copy.filters(self.request),
			comment=self.request.name,
			progress=lambda share: self.tell(before + weight * min(max(share, 0), 1)),
			stopped=self.stopped,
		)
		for entry, part in zip(entries, made, strict=True):
			entry.update(first_utc_ms=part.first_utc_ms, last_utc_ms=part.last_utc_ms, frames=part.frames)
		self.done = before
		self.advance(weight)

	def add_minutes(self, writer: PackageWriter, facts: dict, signer: Signer) -> None:
		"""What was extracted, by whose decision, with the hashes of all that is in the package so far.
		Footage that somebody waits for is not held up by a missing library or by a fault in a layout."""
		self.require_wanted()
		manifest = {**facts, "files": writer.files}
		organisation = signing_keys.organisation_of(signer)
		told = minutes.of_extraction(self.request, manifest, signer.fingerprint, organisation)
		try:
			content = minutes_format.to_pdf(self.request, told)
		except PaperError as error:
			self.without_minutes = _("The package has no minutes of the extraction. {0}").format(error)
			return
		writer.add_file(MINUTES, io.BytesIO(content), DOCUMENT, {}, expected_size=len(content))

	def require_wanted(self) -> None:
		if self.stopped():
			raise Stopped

	def advance(self, count: int) -> None:
		self.done += count
		self.tell(self.done)

	def tell(self, done: float) -> None:
		self.told(min(done / self.total, 1))


@dataclass(frozen=True)
class Copy:
	"""A copy that was asked for: how its file's name ends, what is said of it, what is done to it."""

	suffix: str
	said: str
	watermark: bool = False
	faces: bool = False

	def filters(self, request: Document) -> list:
		found: list = [FaceBlur()] if self.faces else []
		if self.watermark:
			lines = [request.name, _("Receiver: {0}").format(request.requester_name)]
			found.append(Watermark(lines, str(clock.site_zone())))
		return found


def wanted_copies(request: Document):
	if request.exact_cut:
		yield Copy("cat-dung", _("Cut exactly to the period"))
	if request.watermark:
		yield Copy("in-chim", _("Cut exactly to the period; number and receiver burnt in"), watermark=True)
	if request.blur_faces:
		said = _("Cut exactly to the period; faces blurred as far as a program finds them")
		yield Copy("lam-mo", said, watermark=bool(request.watermark), faces=True)


def read_period(row: Document) -> Period:
	"""Raises NotYet while a file of the period is being written."""
	begin, end = span(row)
	if is_being_written(row.camera, begin, end):
		raise NotYet(_("The newest of the footage is still being written."))
	files = [file for file in hour_index.files_between(row.camera, begin, end) if not file.gone]
	return Period(row.camera, begin, end, files)


def is_being_written(camera: str, begin: int, end: int) -> bool:
	"""Whether a file that may reach into the period is on its volume and not in the index yet. One that never
	came there has no hash of its recording: it is no evidence, and is not waited for."""
	known = {file.start_utc_ms for file in hour_index.files_between(camera, begin - clock.HOUR_MS, end)}
	waited_for = clock.now_ms() - WAITS_MS
	return any(
		not file.closed and file.start_utc_ms not in known and file.start_utc_ms > waited_for
		for file in footage.files_between(camera, begin, end)
	)


def path_of(camera: str, file: IndexedFile) -> str:
	return f"{SOURCES}/{located(camera, file).path}"


def camera_of(path: str) -> str:
	"""The camera of a source file in a package."""
	return layout.parse_path(path.removeprefix(f"{SOURCES}/"))[0]


def located(camera: str, file: IndexedFile) -> FootageFile:
	return FootageFile(camera, file.volume, file.start_utc_ms, file.duration_ms, file.size_bytes)


def opener(camera: str, file: IndexedFile) -> Callable[[], BinaryIO]:
	return lambda: footage.open_file(located(camera, file))


def part_name(title: str, number: int) -> str:
	return title if number == 1 else f"{title}_phan-{number}"


def in_words(error: Exception) -> str:
	"""What people are told of a package that was not made."""
	if isinstance(error, SourceChanged):
		return _(
			"{0} is not what was recorded: its SHA-256 differs. Nothing was handed out. Tell the "
			"administrator: the file was changed on the disk after recording."
		).format(error.path)
	if isinstance(error, SigningError):
		why = signing_keys.in_words(error)
		return _("The package cannot be signed: {0}. An administrator makes a new signing key.").format(why)
	if isinstance(error, BrokenFile):
		return _("A file of the footage cannot be read: {0}.").format(error)
	return str(error)
