"""Listens to a stream for some seconds, and says what of it would not be right for recording or for
browsers."""

import threading
import time
from dataclasses import dataclass, field

from giam_sat_mot_cua.media import picture_format
from giam_sat_mot_cua.media.camera_stream import CameraStream, StreamError, StreamFault
from giam_sat_mot_cua.media.connection import KEY_KINDS, sprop_sets
from giam_sat_mot_cua.media.events import StreamInfo
from giam_sat_mot_cua.media.ingest import Ingest
from giam_sat_mot_cua.media.mp4_write import unit_kind
from giam_sat_mot_cua.media.rtsp.reader import SessionReader
from giam_sat_mot_cua.media.rtsp.rtp import Track, Unit
from giam_sat_mot_cua.media.rtsp.session import Session, open_session

LONG_KEY_INTERVAL_S = 4.0
CLOCK_OFF_S = 5.0
HIGH_KBIT = 8000
LOW_FPS = 8

# code: (English, Vietnamese)
ADVICE = {
	"h265": (
		"H.265 is recorded, but many browsers do not show it. Set the camera to H.264, or give viewers a "
		"browser that can.",
		"H.265 ghi hình được nhưng nhiều trình duyệt không phát được. Hãy đặt camera sang H.264, hoặc dùng "
		"trình duyệt hỗ trợ H.265.",
	),
	"long_key_interval": (
		"Key frames are {key_interval_s:g} s apart. Live pictures begin late and jumps are coarse: set "
		"1 or 2 s.",
		"Khung hình chính cách nhau {key_interval_s:g} giây. Hình trực tiếp bắt đầu chậm, tua không chính "
		"xác: hãy đặt 1 hoặc 2 giây.",
	),
	"no_key_frame": (
		"No key frame came in {seconds:g} s. Recording begins at one: set an interval of 1 or 2 s.",
		"Không có khung hình chính nào trong {seconds:g} giây. Ghi hình chỉ bắt đầu từ khung hình chính: "
		"hãy đặt khoảng cách 1 hoặc 2 giây.",
	),
	"b_frames": (
		"The camera sends B-frames. They are recorded; switching them off makes live pictures faster.",
		"Camera gửi khung B. Vẫn ghi hình được; tắt khung B thì hình trực tiếp nhanh hơn.",
	),
	"sound_converted": (
		"Sound is {sound}; it is recorded as AAC.",
		"Âm thanh là {sound}; được ghi lại dưới dạng AAC.",
	),
	"sound_unknown": (
		"The camera's sound ({sound}) cannot be recorded. Set it to AAC or G.711.",
		"Không ghi được âm thanh của camera ({sound}). Hãy đặt sang AAC hoặc G.711.",
	),
	"clock_off": (
		"The camera's clock is off by {clock_offset_s:+.1f} s. The time burnt into its picture is wrong: "
		"set NTP.",
		"Đồng hồ camera lệch {clock_offset_s:+.1f} giây. Giờ in trên hình bị sai: hãy cài đặt NTP.",
	),
	"lost_packets": (
		"{lost} packets were lost on the way. Check the network, or use TCP.",
		"Mất {lost} gói tin trên đường truyền. Hãy kiểm tra mạng, hoặc dùng TCP.",
	),
	"high_bitrate": (
		"{kbit} kbit/s fills {gb_a_day:.0f} GB a day. Is so much needed?",
		"{kbit} kbit/s chiếm {gb_a_day:.0f} GB mỗi ngày. Có cần nhiều như vậy không?",
	),
	"low_fps": (
		"Only {fps:g} pictures a second.",
		"Chỉ có {fps:g} hình mỗi giây.",
	),
	"damaged": (
		"The picture cannot be decoded. Restart the camera, or set another format.",
		"Không giải mã được hình. Hãy khởi động lại camera, hoặc đặt định dạng khác.",
	),
}


@dataclass(frozen=True)
class Finding:
	"""What would not be right, in both languages."""

	code: str
	en: str
	vi: str


@dataclass(frozen=True)
class Probed:
	"""A stream as it was heard for `seconds`. key_interval_s is None with fewer than two key frames,
	clock_offset_s (camera minus server) when the camera does not tell its clock."""

	info: StreamInfo
	seconds: float
	kbit: int
	key_interval_s: float | None
	reordered: int
	lost: int
	clock_offset_s: float | None
	findings: list[Finding] = field(default_factory=list)


class Listener:
	"""Counts what a session sends. Everything runs in the reading thread but `result`."""

	def __init__(self, session: Session, ingest: Ingest):
		self.session, self.ingest = session, ingest
		media = session.video.media
		self.codec, self.rate = media.codec, media.clock_rate
		self.track = Track(media, self.picture)
		tracks = [self.track]
		if session.sound:
			tracks.append(Track(session.sound.media, lambda unit: None))
		self.reader = SessionReader(session, tracks, ingest, self)
		self.sets = tuple(sprop_sets(media))
		self.format: picture_format.Described | None = None
		self.key_stamps: list[int] = []
		self.stamps: list[int] = []
		self.octets = 0
		self.arrivals: list[float] = []
		self.offsets: list[float] = []
		self.ended = threading.Event()

	def picture(self, unit: Unit) -> None:
		kinds = {unit_kind(self.codec, part) for part in unit.parts}
		self.arrivals.append(time.monotonic())
		self.stamps.append(unit.stamp)
		self.octets += sum(map(len, unit.parts))
		fresh = picture_format.sets_in(self.codec, unit.parts)
		self.sets = tuple(dict.fromkeys((*self.sets, *fresh)))
		if kinds.intersection(KEY_KINDS[self.codec]):
			self.key_stamps.append(unit.stamp)
			if not self.format and picture_format.complete(self.codec, self.sets):
				self.format = picture_format.describe(self.codec, self.sets, unit.parts)

	def tick(self, now: float) -> None:
		self.reader.tick(now)

	def connection_failed(self, _error: Exception) -> None:
		self.ended.set()

	def clock_told(self, track: Track, report) -> None:
		if track is self.track and track.last_raw is not None:
			behind = (track.stamp - track.stamp_near(report.raw)) / self.rate
			self.offsets.append(report.utc_s + behind - time.time())

	def result(self) -> Probed:
		if not self.stamps:
			raise StreamError(StreamFault.STALLED, "the camera describes its stream but sends no data")
		passed = max(self.arrivals[-1] - self.arrivals[0], 0.001)
		shown = sorted(self.stamps)
		span = (shown[-1] - shown[0]) / self.rate
		keys = self.key_stamps
		every = (keys[-1] - keys[0]) / self.rate / (len(keys) - 1) if len(keys) > 1 else None
		picture = self.format.picture if self.format else None
		sound = self.session.sound.media if self.session.sound else None
		info = StreamInfo(
			self.codec,
			picture.width if picture else 0,
			picture.height if picture else 0,
			round((len(shown) - 1) / span, 2) if span else 0.0,
			sound.codec if sound else None,
			sound.clock_rate if sound else None,
		)
		found = Probed(
			info,
			round(passed, 1),
			round(self.octets * 8 / passed / 1000),
			round(every, 2) if every else None,
			self.format.reorder if self.format else 0,
			self.track.lost,
			round(max(self.offsets), 2) if self.offsets else None,
		)
		return Probed(**{**found.__dict__, "findings": list(self.judge(found))})

	def judge(self, found: Probed):
		sounds = [media for media in self.session.described if media.kind == "audio"]
		sound = found.info.audio_codec or (sounds[0].encoding if sounds else "")
		wrong = {
			"h265": found.info.video_codec == "hevc",
			"no_key_frame": not self.key_stamps,
			"damaged": bool(self.key_stamps) and not self.format,
			"long_key_interval": (found.key_interval_s or 0) > LONG_KEY_INTERVAL_S,
			"b_frames": found.reordered > 0,
			"sound_converted": found.info.audio_codec not in (None, "aac"),
			"sound_unknown": bool(sounds) and not found.info.audio_codec,
			"clock_off": abs(found.clock_offset_s or 0) > CLOCK_OFF_S,
			"lost_packets": found.lost > 0,
			"high_bitrate": found.kbit > HIGH_KBIT,
			"low_fps": 0 < found.info.fps < LOW_FPS,
		}
		facts = {**found.__dict__, "fps": found.info.fps, "sound": sound, "gb_a_day": found.kbit * 0.0108}
		for code, is_wrong in wrong.items():
			if is_wrong:
				yield Finding(code, *(text.format(**facts) for text in ADVICE[code]))


def probe(stream: CameraStream, seconds: float = 6.0) -> Probed:
	"""Listens to `stream` for `seconds`. Raises StreamError."""
	session = open_session(stream)
	ingest = Ingest.of_process()
	listener = Listener(session, ingest)

	def begin() -> None:
		ingest.members.add(listener)
		listener.reader.begin()

	def end() -> None:
		ingest.members.discard(listener)
		listener.reader.end()
		stopped.set()

	stopped = threading.Event()
	ingest.call(begin)
	try:
		listener.ended.wait(seconds)
	finally:
		ingest.call(end)
		stopped.wait(5)
		session.close()
	return listener.result()
