"""One session of a camera that plays: units in, fragments of files out. Runs in the reading thread."""

import base64
import heapq
import itertools
import time
import zlib
from collections import deque
from dataclasses import dataclass, field, replace

from giam_sat_mot_cua.media import events, layout, mp4_write, picture_format, still
from giam_sat_mot_cua.media.audio import audio_for
from giam_sat_mot_cua.media.events import StreamInfo
from giam_sat_mot_cua.media.fmp4 import TIMESCALE
from giam_sat_mot_cua.media.mp4_write import Sample
from giam_sat_mot_cua.media.rtsp.reader import SessionReader
from giam_sat_mot_cua.media.rtsp.rtp import Track, Unit
from giam_sat_mot_cua.media.rtsp.session import Session
from giam_sat_mot_cua.media.volume_writer import OpenFile
from giam_sat_mot_cua.media.wall_clock import CAMERA_STEP_S, WallClock

SETTLE_S = 1.2  # the first packets may come in a burst or late: wait for one that is on time
SOUND_LAG_S = 0.5  # sound comes in blocks, and later than the picture of the same moment: wait for it
TICKS_A_MS = TIMESCALE // 1000
KEY_KINDS = {"h264": (5,), "hevc": tuple(range(16, 22))}
LONGEST_FRAME_S = 1.0  # what the last picture of a connection is shown for, at most
MOST_REORDERED = 8
STEP_S = 1.0  # a picture that comes so much later, or earlier, than the one before it does not follow it
JUMP_S = 10  # a larger step of a camera's stamps is its clock
SOUND_GAP_S = 0.1  # sound follows itself unless it is off by this much


@dataclass(slots=True)
class Shot:
	"""A picture on its way to a file. stamp, decode: when it is shown and decoded, on the stream's clock;
	arrival: monotonic, s; wall: UTC of decoding, s; ticks: the same from the beginning of the file."""

	sample: Sample
	stamp: int
	decode: int | None
	arrival: float
	described: picture_format.Described | None = None  # how a key frame, and all after it, are coded
	wall: float = 0.0
	ticks: int = 0


@dataclass
class Gathered:
	"""A fragment that is being gathered, or waits for its sound: pictures of [start, end), in ticks from the
	beginning of the file. One without pictures ends the file."""

	file: OpenFile
	start: int
	end: int = 0
	samples: list[Sample] = field(default_factory=list)
	last_of_file: bool = False

	@property
	def end_utc_s(self) -> float:
		return (self.file.start_utc_ms + self.end / TICKS_A_MS) / 1000


class Connection:
	"""Feeds the files of `recorder` (a CameraRecorder) from `session`."""

	def __init__(self, recorder, session: Session):
		self.recorder, self.session = recorder, session
		video = session.video.media
		self.codec, self.rate = video.codec, video.clock_rate
		self.track = Track(video, self.picture)
		tracks = [self.track]
		self.sound = audio_for(session.sound.media) if session.sound else None
		if session.sound:
			self.sound_track = Track(session.sound.media, self.noise)
			tracks.append(self.sound_track)
		self.reader = SessionReader(session, tracks, recorder.ingest, self)
		self.clock = WallClock(not_before=(recorder.last_end_utc_ms or 0) / 1000)
		self.last_video = self.last_data = time.monotonic()
		self.sets: tuple[bytes, ...] = tuple(sprop_sets(video))
		self.format: picture_format.Described | None = None  # of the newest key frame
		self.described: picture_format.Described | None = None  # of the file
		self.info: StreamInfo | None = None
		self.order: list[int] = []  # heap of times at which pictures are shown, to tell when they are decoded
		self.reorder = 0
		self.last_stamp: int | None = None
		self.last_decode: int | None = None
		self.newest_decode: int | None = None
		self.waiting: list[Shot] = []  # until the clock has settled
		self.settled = False
		self.first_arrival: float | None = None
		self.held: Shot | None = None  # the newest picture, until its duration is known
		self.frame, self.frame_ticks, self.last_ticks = 0.1, TIMESCALE // 10, -1
		self.file: OpenFile | None = None
		self.gathered: Gathered | None = None
		self.ready: list[Gathered] = []
		self.sound_clock, self.sound_settled = WallClock(), False
		self.heard: deque[tuple[float, Sample]] = deque()  # UTC and sample
		self.sound_ends: dict[OpenFile, int] = {}
		self.numbers = itertools.count(1)
		self.rotate_at = self.next_still = self.last_wall = 0.0
		self.stills = still.StillMaker(self.codec)
		self.lag_s = SOUND_LAG_S if self.sound else 0.0

	# The session

	def begin(self) -> None:
		self.reader.begin()

	def end(self) -> None:
		"""Writes what is there and closes the file."""
		self.reader.end()
		try:
			self.close_file(None)
			self.give_ready(float("inf"))  # of a file that ended when the next one could not begin
		finally:
			if self.sound:
				self.sound.close()

	def tick(self, now: float) -> None:
		self.reader.tick(now)

	@property
	def packets_lost(self) -> int:
		return self.track.lost

	def connection_failed(self, error: Exception) -> None:
		if self.recorder.connection is not self:
			return
		self.recorder.connection_failed(error)

	def clock_told(self, track: Track, report) -> None:
		"""The camera's clock against ours: of the picture alone, whose moment is known."""
		if track is self.track and self.settled and track.last_raw is not None:
			wall = self.clock.place(track.stamp_near(report.raw) / self.rate)
			self.recorder.clock_offset_s = round(report.utc_s - wall, 3)

	def wrote_to(self, file: OpenFile) -> bool:
		return self.file is file or any(one.file is file for one in self.ready)

	def what_is_missing(self) -> str:
		sound_only = self.last_data - self.last_video > 1
		return "sound arrives but no picture" if sound_only else "no data in time"

	# Units

	def noise(self, unit: Unit) -> None:
		self.last_data = time.monotonic()
		if not self.sound:
			return
		stamp = unit.stamp / self.sound.clock_rate
		self.sound_clock.observe(stamp, self.last_data)
		if not self.settled:
			return
		if not self.sound_settled:
			self.sound_clock.settle()
			self.sound_settled = True
		self.sound_clock.wall(stamp, self.last_data)
		for sound in self.sound.take(unit):
			self.heard.append((self.sound_clock.place(sound.stamp), sound.sample))

	def picture(self, unit: Unit) -> None:
		arrival = time.monotonic()
		self.last_video = self.last_data = self.recorder.last_packet = arrival
		codec, kinds = self.codec, KEY_KINDS[self.codec]
		data, size, key, fresh = [], 0, False, False
		for part in unit.parts:
			kind = part[0] >> 1 & 63 if codec == "hevc" else part[0] & 31
			key = key or kind in kinds
			fresh = fresh or kind in picture_format.SETS[codec]
			data += (len(part).to_bytes(4, "big"), part)
			size += 4 + len(part)
		if fresh:
			self.take_sets(picture_format.sets_in(codec, unit.parts))
		if key and not self.format:
			self.learn_format(unit.parts)
		decode = self.decode_time(unit.stamp)
		self.take(Shot(Sample(data, size, 0, key), unit.stamp, decode, arrival, self.format))

	def take_sets(self, sets: tuple[bytes, ...]) -> None:
		"""Parameter sets in the stream. Others than before mean another size or coding, from the key frame on
		that follows them."""
		kinds = {mp4_write.unit_kind(self.codec, unit) for unit in sets}
		kept = tuple(unit for unit in self.sets if mp4_write.unit_kind(self.codec, unit) not in kinds)
		merged = (*kept, *sets)
		if set(merged) != set(self.sets):
			self.sets, self.format = merged, None

	def learn_format(self, parts: list[bytes]) -> None:
		if picture_format.complete(self.codec, self.sets):
			self.format = picture_format.describe(self.codec, self.sets, parts)
			if self.format:
				self.reorder = self.format.reorder

	def decode_time(self, stamp: int) -> int | None:
		"""When the picture that is shown at `stamp` is decoded. Cameras tell when a picture is shown; with
		B-frames that is not the order in which they send, and the decoding times are the same times in order.
		None for the first ones, which are sent before anything can be shown."""
		last, self.last_stamp = self.last_stamp, stamp
		clock_set = last is not None and self.is_jump((stamp - last) / self.rate)
		if clock_set:
			self.order.clear()
			self.last_decode = None
		if not self.reorder:
			if last is None or stamp >= last or clock_set:
				return stamp
			self.reorder = 1  # the parameter sets did not say so
		heapq.heappush(self.order, stamp)
		if len(self.order) <= self.reorder:
			return None
		decode = heapq.heappop(self.order)
		if self.last_decode is not None and decode <= self.last_decode:
			self.reorder = min(self.reorder + 1, MOST_REORDERED)
			return None
		self.last_decode = decode
		return decode

	def is_jump(self, seconds: float) -> bool:
		"""Whether the camera's clock was set, when a picture's stamp lies so much after the one before it.
		B-frames are sent after a picture that follows them, but not by much."""
		return seconds > JUMP_S or seconds < -max((MOST_REORDERED + 1) * self.frame, CAMERA_STEP_S)

	def take(self, shot: Shot) -> None:
		if shot.decode is not None:
			self.clock.observe(shot.decode / self.rate, shot.arrival)
		if self.settled:
			return self.record(shot)
		if self.first_arrival is None:
			self.first_arrival = shot.arrival
		self.waiting.append(shot)
		if shot.arrival - self.first_arrival >= SETTLE_S and self.clock.lowest != float("inf"):
			self.settle()

	def settle(self) -> None:
		"""Enough has arrived to know when it was taken: record what waited."""
		self.clock.settle()
		self.settled = True
		waiting, self.waiting = self.waiting, []
		self.info = self.describe(waiting)
		untimed = list(itertools.takewhile(lambda shot: shot.decode is None, waiting))
		for ahead, shot in enumerate(reversed(untimed), 1):
			# each was sent a picture before the next
			shot.decode = round(waiting[len(untimed)].decode - ahead * self.frame * self.rate)
		for shot in waiting:
			self.record(shot)

	def describe(self, waiting: list[Shot]) -> StreamInfo:
		stamps = sorted(shot.stamp for shot in waiting)
		steps = [after - before for before, after in itertools.pairwise(stamps) if after > before]
		if steps:
			self.frame = sorted(steps)[len(steps) // 2] / self.rate
		fps = round(1 / self.frame, 3) if steps else 0.0
		return StreamInfo(
			self.codec,
			0,
			0,
			fps,
			"aac" if self.sound else None,
			self.sound.format.rate if self.sound else None,
		)

	def as_sent(self) -> StreamInfo:
		"""With the sound as the camera codes it, which a file may hold as AAC."""
		sound = self.session.sound
		if not sound:
			return self.info
		return replace(self.info, audio_codec=sound.media.codec, audio_rate=sound.media.clock_rate)

	# Files

	def record(self, shot: Shot) -> None:
		decode = shot.decode if shot.decode is not None else (self.newest_decode or shot.stamp) + 1
		self.newest_decode = decode
		shot.sample.ahead = max(round((shot.stamp - decode) * TIMESCALE / self.rate), 0)
		shot.wall = self.clock.wall(decode / self.rate, shot.arrival)
		# the camera's own clock may be set without any moment missing; ours may not
		stepped = self.clock.stepped and abs(shot.wall - self.last_wall) > STEP_S
		self.last_wall = shot.wall
		if shot.sample.key:
			if not shot.described:
				return self.close_file(None)  # not known how it is coded
			same = shot.described == self.described
			if self.file is None or shot.wall >= self.rotate_at or stepped or not same:
				self.described = shot.described
				self.next_file(shot.wall, stepped)
			self.take_still(shot)
		elif stepped and self.file:
			self.close_file(None)  # the rest up to the next key frame belongs to nothing
		if not self.file:
			return
		self.hold(shot)
		self.give_ready(shot.wall - self.lag_s)

	def hold(self, shot: Shot) -> None:
		"""The newest picture waits until the next one says how long it is shown."""
		shot.ticks = max(
			round((shot.wall * 1000 - self.file.start_utc_ms) * TICKS_A_MS), self.last_ticks + 1, 0
		)
		self.last_ticks = shot.ticks
		self.gather(shot.ticks, shot.sample.key)
		self.held = shot

	def gather(self, until: int, key: bool) -> None:
		"""Adds the held picture, which is shown until `until`, to its fragment; ends that where it is due."""
		held, self.held = self.held, None
		if held:
			held.sample.duration = max(until - held.ticks, 1)
			self.frame_ticks = held.sample.duration
			self.gathered.samples.append(held.sample)
			if key or until - self.gathered.start >= self.recorder.fragment_ms * TICKS_A_MS:
				self.cut(until)
		if not self.gathered:
			self.gathered = Gathered(self.file, until)

	def cut(self, until: int) -> None:
		gathered, self.gathered = self.gathered, None
		gathered.end = until
		self.ready.append(gathered)

	def give_ready(self, wall: float) -> None:
		"""Writes the fragments whose sound has come by now."""
		while self.ready and self.ready[0].end_utc_s <= wall:
			self.give(self.ready.pop(0))

	def give(self, gathered: Gathered) -> None:
		file = gathered.file
		if gathered.samples:
			sound, start = self.sound_of(gathered)
			data = mp4_write.fragment(next(self.numbers), gathered.samples, gathered.start, sound, start)
			file.append(data, gathered.start, gathered.end - gathered.start, gathered.samples[0].key)
			self.recorder.fragments += 1
		if gathered.last_of_file:
			file.finish()

	def sound_of(self, gathered: Gathered) -> tuple[list[Sample], int]:
		"""The sound up to the end of a fragment, and where it begins in ticks of its track."""
		if not self.sound:
			return [], 0
		rate, begin = self.sound.format.rate, gathered.file.start_utc_ms / 1000
		chosen: list[Sample] = []
		start = None
		while self.heard and self.heard[0][0] < gathered.end_utc_s:
			wall, sample = self.heard.popleft()
			place = round((wall - begin) * rate)
			if place < 0:
				continue  # belongs to the time before
			if start is None:
				follows = self.sound_ends.get(gathered.file)
				start = place if follows is None or place - follows > SOUND_GAP_S * rate else follows
			chosen.append(sample)
		if start is not None:
			self.sound_ends[gathered.file] = start + sum(sample.duration for sample in chosen)
		return chosen, start or 0

	def next_file(self, wall: float, stepped: bool) -> None:
		recorder = self.recorder
		start = max(round(wall * 1000), recorder.last_end_utc_ms or 0)
		if self.file:
			# contiguous, but for a step of a clock in between: then the old file ends a frame after its last
			self.close_file(None if stepped else start)
			start = max(start, recorder.last_end_utc_ms or 0)
		recorder.writer.require(recorder.min_free_bytes)
		picture = self.described.picture
		self.info = replace(self.info, width=picture.width, height=picture.height)
		self.file = OpenFile(recorder.writer, recorder.camera, start, self.info, recorder.file_told)
		self.last_ticks = -1
		self.numbers = itertools.count(1)
		self.rotate_at = next_rotation(wall, recorder.file_seconds, recorder.camera)
		self.file.begin(mp4_write.header(picture, self.sound.format if self.sound else None))
		recorder.file_opened(self.file, self.as_sent())

	def close_file(self, next_start_utc_ms: int | None) -> None:
		"""Ends the file at the next one's start, or a picture after its last one. Its last fragments are
		written when their sound has come; at the end of the connection at once."""
		file, self.file = self.file, None
		if not file:
			return
		end = self.end_ticks(file, next_start_utc_ms)
		self.gather(end, True)
		self.gathered = None
		self.ready.append(Gathered(file, end, end, [], True))
		if end > 0:
			self.recorder.last_end_utc_ms = file.start_utc_ms + -(-end // TICKS_A_MS)
		if next_start_utc_ms is None:
			self.give_ready(float("inf"))
			self.sound_ends.clear()

	def end_ticks(self, file: OpenFile, next_start_utc_ms: int | None) -> int:
		if next_start_utc_ms is not None:
			return (next_start_utc_ms - file.start_utc_ms) * TICKS_A_MS
		if self.last_ticks < 0:
			return 0
		end = self.last_ticks + min(max(self.frame_ticks, 1), round(LONGEST_FRAME_S * TIMESCALE))
		return -(-end // TICKS_A_MS) * TICKS_A_MS

	def take_still(self, shot: Shot) -> None:
		if shot.arrival < self.next_still:
			return
		recorder = self.recorder
		self.next_still = shot.arrival + recorder.still_seconds
		units = [*self.sets, *shot.sample.data[1::2]]
		recorder.writer.do(lambda: self.write_still(units))

	def write_still(self, units: list[bytes]) -> None:
		"""In the volume's thread."""
		recorder, path = self.recorder, layout.still_path(self.recorder.camera)
		try:
			picture = self.stills.picture(units)
			if picture is None:
				return
			still.write_jpeg(picture, recorder.volume / path)
		except OSError:
			return  # a full disk shows at the footage itself
		recorder.tell(events.StillTaken(recorder.camera, path, round(time.time() * 1000)))


def sprop_sets(media) -> list[bytes]:
	"""The parameter sets that a description holds."""
	given = media.parameters
	names = ("sprop-vps", "sprop-sps", "sprop-pps") if media.codec == "hevc" else ("sprop-parameter-sets",)
	found = []
	for text in ",".join(given.get(name, "") for name in names).split(","):
		try:
			unit = base64.b64decode(text + "=" * (-len(text) % 4))
		except ValueError:
			continue
		if unit and mp4_write.unit_kind(media.codec, unit) in picture_format.SETS[media.codec]:
			found.append(unit)
	return found


def next_rotation(wall: float, file_seconds: int, camera: str) -> float:
	"""The next moment, UTC in seconds, at which this camera begins a new file: its own share of the
	period."""
	shift = zlib.crc32(camera.encode()) % (file_seconds * 1000) / 1000
	return ((wall - shift) // file_seconds + 1) * file_seconds + shift
