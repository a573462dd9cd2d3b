"""Fragmented MP4 (ISO/IEC 14496-12) out of samples: the header of a file, and its fragments.

Track 1 is the picture (TIMESCALE ticks a second), track 2 the sound (its sampling rate). See docs/media.md.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from giam_sat_mot_cua.media.fmp4 import TIMESCALE, VIDEO_TRACK, box

SOUND_TRACK = 2
KEY, NOT_KEY = 0x02000000, 0x01010000  # sample_depends_on, sample_is_non_sync_sample
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True)
class Picture:
	"""How the pictures of a stream are coded. Parameter sets as NAL units without start codes."""

	codec: str  # h264 or hevc
	width: int
	height: int
	sets: tuple[bytes, ...]
	chroma: int = 1  # chroma_format_idc
	bits: int = 8


@dataclass(frozen=True)
class SoundFormat:
	"""AAC: its AudioSpecificConfig, sampling rate in Hz, channels."""

	config: bytes
	rate: int
	channels: int


@dataclass(slots=True)
class Sample:
	"""`size` bytes of `data` (parts, to be joined), `duration` in ticks of its track; `ahead`: presentation
	minus decoding time."""

	data: list[bytes]
	size: int
	duration: int
	key: bool = True
	ahead: int = 0


def full(kind: bytes, version: int, flags: int, body: bytes) -> bytes:
	return box(kind, struct.pack(">I", version << 24 | flags) + body)


def header(picture: Picture, sound: SoundFormat | None) -> bytes:
	"""`ftyp` and `moov` of a file without samples of its own."""
	tracks = video_track(picture) + (sound_track(sound) if sound else b"")
	extends = trex(VIDEO_TRACK) + (trex(SOUND_TRACK) if sound else b"")
	mvhd = struct.pack(">IIIIIHH8x", 0, 0, 1000, 0, 0x10000, 0x100, 0) + MATRIX + bytes(24)
	moov = full(b"mvhd", 0, 0, mvhd + struct.pack(">I", 3)) + tracks + box(b"mvex", extends)
	return box(b"ftyp", b"iso5" + struct.pack(">I", 512) + b"iso5iso6mp41") + box(b"moov", moov)


def trex(track: int) -> bytes:
	return full(b"trex", 0, 0, struct.pack(">IIIII", track, 1, 0, 0, 0))


def video_track(picture: Picture) -> bytes:
	entry = box(b"hvc1" if picture.codec == "hevc" else b"avc1", visual_entry(picture))
	media = full(b"vmhd", 0, 1, bytes(8))
	size = (picture.width, picture.height)
	return track(VIDEO_TRACK, TIMESCALE, b"vide", b"VideoHandler", media, entry, size)


def sound_track(sound: SoundFormat) -> bytes:
	entry = struct.pack(">6xH8xHHHHI", 1, sound.channels, 16, 0, 0, (sound.rate & 0xFFFF) << 16)
	entry = box(b"mp4a", entry + esds(sound.config))
	media = full(b"smhd", 0, 0, bytes(4))
	return track(SOUND_TRACK, sound.rate, b"soun", b"SoundHandler", media, entry, (0, 0))


def track(
	number: int, scale: int, kind: bytes, name: bytes, media: bytes, entry: bytes, size: tuple[int, int]
) -> bytes:
	volume = 0x100 if kind == b"soun" else 0
	tkhd = struct.pack(">IIIII8xHHHH", 0, 0, number, 0, 0, 0, 0, volume, 0) + MATRIX
	tkhd += struct.pack(">II", size[0] << 16, size[1] << 16)
	tables = full(b"stsd", 0, 0, struct.pack(">I", 1) + entry)
	tables += full(b"stts", 0, 0, bytes(4)) + full(b"stsc", 0, 0, bytes(4))
	tables += full(b"stsz", 0, 0, bytes(8)) + full(b"stco", 0, 0, bytes(4))
	data = box(b"dinf", full(b"dref", 0, 0, struct.pack(">I", 1) + full(b"url ", 0, 1, b"")))
	mdia = full(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, scale, 0, 0x55C4, 0))  # language: undetermined
	mdia += full(b"hdlr", 0, 0, bytes(4) + kind + bytes(12) + name + b"\0")
	mdia += box(b"minf", media + data + box(b"stbl", tables))
	return box(b"trak", full(b"tkhd", 0, 3, tkhd) + box(b"mdia", mdia))


def visual_entry(picture: Picture) -> bytes:
	entry = struct.pack(">6xH16xHHIIIH", 1, picture.width, picture.height, 0x480000, 0x480000, 0, 1)
	entry += bytes(32) + struct.pack(">HH", 0x18, 0xFFFF)
	return entry + (box(b"hvcC", hvcc(picture)) if picture.codec == "hevc" else box(b"avcC", avcc(picture)))


def avcc(picture: Picture) -> bytes:
	"""AVCDecoderConfigurationRecord (ISO/IEC 14496-15)."""
	sps = [unit for unit in picture.sets if unit[0] & 31 == 7]
	pps = [unit for unit in picture.sets if unit[0] & 31 == 8]
	made = bytes((1, *sps[0][1:4], 0xFF, 0xE0 | len(sps))) + lengths(sps) + bytes((len(pps),)) + lengths(pps)
	if sps[0][1] in (100, 110, 122, 144):
		made += bytes((0xFC | picture.chroma, 0xF8 | picture.bits - 8, 0xF8 | picture.bits - 8, 0))
	return made


def hvcc(picture: Picture) -> bytes:
	"""HEVCDecoderConfigurationRecord (ISO/IEC 14496-15)."""
	sps = next(unit for unit in picture.sets if unit_kind(picture.codec, unit) == 33)
	plain = without_emulation(sps[:40])
	layers = (plain[2] >> 1 & 7) + 1
	made = (
		bytes((1,))
		+ plain[3:15]
		+ struct.pack(
			">HBBBB", 0xF000, 0xFC, 0xFC | picture.chroma, 0xF8 | picture.bits - 8, 0xF8 | picture.bits - 8
		)
	)
	made += struct.pack(">HB", 0, layers << 3 | (plain[2] & 1) << 2 | 3)
	arrays = [(kind, [u for u in picture.sets if unit_kind("hevc", u) == kind]) for kind in (32, 33, 34)]
	arrays = [(kind, units) for kind, units in arrays if units]
	made += bytes((len(arrays),))
	for kind, units in arrays:
		made += struct.pack(">BH", 0x80 | kind, len(units)) + lengths(units)
	return made


def lengths(units: Sequence[bytes]) -> bytes:
	return b"".join(struct.pack(">H", len(unit)) + unit for unit in units)


def unit_kind(codec: str, unit: bytes) -> int:
	return unit[0] >> 1 & 63 if codec == "hevc" else unit[0] & 31


def without_emulation(data: bytes) -> bytes:
	return data.replace(b"\0\0\3", b"\0\0")


def esds(config: bytes) -> bytes:
	"""Elementary stream descriptor (ISO/IEC 14496-1) of AAC."""
	decoder = descriptor(4, struct.pack(">BBBHII", 0x40, 0x15, 0, 0, 0, 0) + descriptor(5, config))
	return full(b"esds", 0, 0, descriptor(3, struct.pack(">HB", 2, 0) + decoder + descriptor(6, b"\x02")))


def descriptor(tag: int, body: bytes) -> bytes:
	return bytes((tag, 0x80, 0x80, 0x80, len(body))) + body


def fragment(
	number: int, video: list[Sample], video_start: int, sound: list[Sample] = (), sound_start: int = 0
) -> bytes:
	"""`moof` and `mdat` of samples; starts in ticks of their tracks. `video` is not empty."""
	with_sound = bool(sound)
	size = 8 + 16 + traf_size(video) + (traf_size(sound) if with_sound else 0)
	video_bytes = sum(sample.size for sample in video)
	moof = full(b"mfhd", 0, 0, struct.pack(">I", number))
	moof += traf(VIDEO_TRACK, video, video_start, size + 8)
	if with_sound:
		moof += traf(SOUND_TRACK, sound, sound_start, size + 8 + video_bytes)
	total = video_bytes + sum(sample.size for sample in sound)
	parts = [struct.pack(">I4s", len(moof) + 8, b"moof"), moof, struct.pack(">I4s", total + 8, b"mdat")]
	for sample in (*video, *sound):
		parts.extend(sample.data)
	return b"".join(parts)


def traf_size(samples: Sequence[Sample]) -> int:
	return 8 + 16 + 20 + 20 + 16 * len(samples)


def traf(track_number: int, samples: Sequence[Sample], start: int, data_offset: int) -> bytes:
	head = full(b"tfhd", 0, 0x20000, struct.pack(">I", track_number))  # offsets count from the moof
	time = full(b"tfdt", 1, 0, struct.pack(">Q", start))
	rows = b"".join(
		struct.pack(">IIIi", sample.duration, sample.size, KEY if sample.key else NOT_KEY, sample.ahead)
		for sample in samples
	)
	run = full(b"trun", 1, 0xF01, struct.pack(">Ii", len(samples), data_offset) + rows)
	return box(b"traf", head + time + run)
