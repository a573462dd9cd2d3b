"""HLS media playlists (RFC 8216) over footage files: a segment is a GOP, given as a byte range of its file.
HLS media playlists (RFC 8216) over footage files: a segment is a GOP, given as a byte range of its file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from giam_sat_mot_cua.media.fmp4 import Fragment
from giam_sat_mot_cua.media.segment_index import FileIndex, ticks_to_ms

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class PlaylistFile:
	"""A file of the playlist: start of its first sample (UTC, ms), its index, the URL of its bytes."""

	start_utc_ms: int
	index: FileIndex
	url: str


@dataclass(frozen=True)
class Segment:
	"""One GOP: bytes [offset, offset + size) of the file, `start_ms` after the file's start."""

	offset: int
	size: int
	start_ms: int
	duration_ms: int


def gops(index: FileIndex) -> Iterator[Segment]:
	"""The whole GOPs of a file. In a file still growing, the last one is left out: it is not whole yet."""
	group: list[Fragment] = []
	for fragment in index.fragments:
		if fragment.key and group:
			yield segment(group)
			group = []
		if fragment.key or group:
			group.append(fragment)
	if group and index.complete:
		yield segment(group)


def segment(group: list[Fragment]) -> Segment:
	first, last = group[0], group[-1]
	start = ticks_to_ms(first.start)
	return Segment(first.offset, last.offset + last.size - first.offset, start, ticks_to_ms(last.end) - start)


def media_playlist(
	files: Iterable[PlaylistFile],
	*,
	live: bool,
	from_utc_ms: int | None = None,
	to_utc_ms: int | None = None,
) -> str:
	"""The playlist of what `files` (in order of time) hold of [from_utc_ms, to_utc_ms).

	A live playlist is an EVENT: it begins at the same `from_utc_ms` at every request and only grows, so that
	no sequence number ever changes. Without `live` it ends.
	"""
	lines, longest = [], 1
	for file in files:
		wanted = [s for s in gops(file.index) if within(file, s, from_utc_ms, to_utc_ms)]
		if not wanted:
			continue
		if lines:
			lines.append("#EXT-X-DISCONTINUITY")
		lines.append(f'#EXT-X-MAP:URI="{file.url}",BYTERANGE="{file.index.init_size}@0"')
		lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date_time(file.start_utc_ms + wanted[0].start_ms)}")
		for found in wanted:
			longest = max(longest, -(-found.duration_ms // 1000))
			lines += [
				f"#EXTINF:{found.duration_ms / 1000:.3f},",
				f"#EXT-X-BYTERANGE:{found.size}@{found.offset}",
				file.url,
			]
	kind = "EVENT" if live else "VOD"
	head = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{longest}", f"#EXT-X-PLAYLIST-TYPE:{kind}"]
	head += ["#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-INDEPENDENT-SEGMENTS"]
	return "\n".join([*head, *lines, *([] if live else ["#EXT-X-ENDLIST"])]) + "\n"


def within(file: PlaylistFile, found: Segment, from_utc_ms: int | None, to_utc_ms: int | None) -> bool:
	start = file.start_utc_ms + found.start_ms
	return (from_utc_ms is None or start + found.duration_ms > from_utc_ms) and (
		to_utc_ms is None or start < to_utc_ms
	)


def date_time(utc_ms: int) -> str:
	time = EPOCH + timedelta(milliseconds=utc_ms)
	return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
