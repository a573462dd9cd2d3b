"""HLS media playlists (RFC 8216) over footage files: a segment is a GOP, a byte range of its file."""

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


def gops(index: FileIndex, growing: bool) -> Iterator[Segment]:
	"""The whole GOPs of a file. In a file still `growing`, the last one is left out: it is not whole yet."""
	group: list[Fragment] = []
	for fragment in index.fragments:
		if fragment.key and group:
			yield segment(group)
			group = []
		if fragment.key or group:
			group.append(fragment)
	if group and not growing:
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
	window_ms: int | None = None,
) -> str:
	"""The playlist of what `files` (in order of time) hold of [from_utc_ms, to_utc_ms).

	Without `live` it ends. A live playlist must be asked for with the same `from_utc_ms`, and all files since
	then, at every request: segments are numbered from there, so that no number ever changes or goes back.
	It only grows (type EVENT); or, with `window_ms`, it shows only what begins in the last `window_ms` before
	the end of the newest segment, and EXT-X-MEDIA-SEQUENCE and EXT-X-DISCONTINUITY-SEQUENCE count what was
	left out.
	"""
	files = list(files)
	wanted: list[tuple[PlaylistFile, list[Segment]]] = []
	for number, file in enumerate(files):
		# a file that another one follows does not grow any more, even if it was left without its index
		growing = not file.index.complete and number == len(files) - 1
		found = [s for s in gops(file.index, growing) if within(file, s, from_utc_ms, to_utc_ms)]
		if found:
			wanted.append((file, found))
	longest = max((-(-s.duration_ms // 1000) for _file, found in wanted for s in found), default=1)
	head = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{max(longest, 1)}"]
	skipped = skipped_files = 0
	if live and window_ms is not None:
		wanted, skipped, skipped_files = newest(wanted, window_ms)
	else:
		head.append(f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if live else 'VOD'}")
	head += [f"#EXT-X-MEDIA-SEQUENCE:{skipped}", f"#EXT-X-DISCONTINUITY-SEQUENCE:{skipped_files}"]
	head.append("#EXT-X-INDEPENDENT-SEGMENTS")
	for number, (file, found) in enumerate(wanted):
		head += ["#EXT-X-DISCONTINUITY"] if number else []
		head += file_lines(file, found)
	return "\n".join([*head, *([] if live else ["#EXT-X-ENDLIST"])]) + "\n"


def newest(
	wanted: list[tuple[PlaylistFile, list[Segment]]], window_ms: int
) -> tuple[list[tuple[PlaylistFile, list[Segment]]], int, int]:
	"""(what begins in the last `window_ms`, at least the newest; segments left out; files left out)."""
	if not wanted:
		return [], 0, 0
	file, found = wanted[-1]
	last = found[-1]
	since = file.start_utc_ms + last.start_ms + min(last.duration_ms - window_ms, 0)
	kept = [(f, [s for s in segments if f.start_utc_ms + s.start_ms >= since]) for f, segments in wanted]
	kept = [(f, segments) for f, segments in kept if segments]
	total, shown = (sum(len(segments) for _file, segments in listed) for listed in (wanted, kept))
	return kept, total - shown, len(wanted) - len(kept)


def file_lines(file: PlaylistFile, found: list[Segment]) -> list[str]:
	lines = [
		f'#EXT-X-MAP:URI="{file.url}",BYTERANGE="{file.index.init_size}@0"',
		f"#EXT-X-PROGRAM-DATE-TIME:{date_time(file.start_utc_ms + found[0].start_ms)}",
	]
	for part in found:
		lines += [
			f"#EXTINF:{part.duration_ms / 1000:.3f},",
			f"#EXT-X-BYTERANGE:{part.size}@{part.offset}",
			file.url,
		]
	return lines


def within(file: PlaylistFile, found: Segment, from_utc_ms: int | None, to_utc_ms: int | None) -> bool:
	start = file.start_utc_ms + found.start_ms
	return (from_utc_ms is None or start + found.duration_ms > from_utc_ms) and (
		to_utc_ms is None or start < to_utc_ms
	)


def date_time(utc_ms: int) -> str:
	time = EPOCH + timedelta(milliseconds=utc_ms)
	return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
