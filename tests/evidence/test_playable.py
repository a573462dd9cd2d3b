"""Joined files: every picture and every sound of the range, once, at its time; playable, and seekable."""

import io
import random
import struct
from dataclasses import replace
from itertools import pairwise

import av
import pytest

from giam_sat_mot_cua.media.evidence import onvif
from giam_sat_mot_cua.media.evidence.playable import Gap, join
from giam_sat_mot_cua.media.evidence.recorded import SourceFile
from giam_sat_mot_cua.media.fmp4 import BrokenFile, boxes
from giam_sat_mot_cua.media.segment_index import read_index
from tests.evidence.recorded import (
	Forward,
	Outputs,
	decoding_errors,
	number_in,
	packets,
	pictures,
	resident_kb,
)
from tests.footage_bytes import whole_file
from tests.media.recording import ffprobe

KINDS = ["numbered", "long", "gap", "bframes", "hevc", "alaw", "aac"]
EVER = 1 << 42


def joined(sources, begin: int = 0, end: int = EVER):
	outputs = Outputs()
	return join(sources, begin, end, outputs.open), outputs


@pytest.mark.parametrize("kind", KINDS)
def test_all_pictures_are_there_once_and_at_their_time(footage, tmp_path, kind):
	parts, outputs = joined(footage[kind].sources)
	taken, found = footage[kind].taken(), pictures(outputs.file())
	assert len(parts) == 1 and parts[0].frames == len(taken)
	assert [p.digest for p in found] == [p.digest for _utc, p in taken]
	first = taken[0][0]
	assert max(abs(p.pts - (utc - first)) for p, (utc, _p) in zip(found, taken, strict=True)) <= 1
	assert parts[0].first_utc_ms == pytest.approx(first / 90, abs=1)
	assert parts[0].last_utc_ms == pytest.approx(max(utc for utc, _p in taken) / 90, abs=1)
	full = tmp_path / "joined.mp4"
	full.write_bytes(outputs.data[0])
	assert not decoding_errors(full)
	shown = ffprobe(full)
	assert float(shown["format"]["start_time"]) == 0
	lasts = (parts[0].end_utc_ms - parts[0].first_utc_ms) / 1000
	assert float(shown["streams"][0]["duration"]) == pytest.approx(
		lasts, abs=0.25 if kind == "bframes" else 0.002
	)
	assert parts[0].size_bytes == full.stat().st_size and not parts[0].unfinished


@pytest.mark.parametrize("kind", ["alaw", "aac"])
def test_sound_stays_in_step(footage, kind):
	_parts, outputs = joined(footage[kind].sources)
	files = [(s.start_utc_ms, packets(s.open())) for s in footage[kind].sources]
	rate = 8000 if kind == "alaw" else 16000
	heard = [p for p in packets(outputs.file()) if p.kind == "audio"]
	wanted = [(start, p) for start, found in files for p in found if p.kind == "audio"]
	assert [p.digest for p in heard] == [p.digest for _start, p in wanted]
	first = files[0][0] + files[0][1][0].pts / 90
	off = [
		p.pts / rate - (start + one.pts * 1000 / rate - first) / 1000
		for p, (start, one) in zip(heard, wanted, strict=True)
	]
	# only what overlaps at the end of a file begins later, and shows so in the first sounds of the next one
	assert sum(abs(moment) > 1.5 / rate for moment in off) <= 2 * len(files)
	assert max(map(abs, off)) < 0.15
	assert all(later.pts > earlier.pts for earlier, later in pairwise(heard))


@pytest.mark.parametrize("kind", ["numbered", "long"])
def test_a_range_begins_with_the_key_frame_before_and_ends_with_its_last_fragment(footage, kind):
	taken = footage[kind].taken()
	for begin, end in (
		(taken[14][0] // 90, taken[47][0] // 90),
		(taken[33][0] // 90 + 1, taken[34][0] // 90 + 1),
	):
		parts, outputs = joined(footage[kind].sources, begin, end)
		found = pictures(outputs.file())
		numbers = [p.number for _utc, p in taken]
		assert [p.number for p in found] == numbers[numbers.index(found[0].number) :][: len(found)]
		keys = [utc for utc, p in taken if p.key and utc <= begin * 90]
		assert parts[0].first_utc_ms == round(keys[-1] / 90)
		fragments = ends_of_fragments(footage[kind])
		assert parts[0].end_utc_ms == min(ms for ms in fragments if ms >= end)


def ends_of_fragments(of) -> list[int]:
	indexes = [(s.start_utc_ms, read_index(path)) for s, path in zip(of.sources, of.paths, strict=True)]
	return [round(start + f.end / 90) for start, index in indexes for f in index.fragments]


def test_a_range_with_b_frames_holds_what_is_shown_in_it(footage):
	taken = footage["bframes"].taken()
	for begin in range(taken[0][0] // 90, taken[60][0] // 90, 333):
		_parts, outputs = joined(footage["bframes"].sources, begin, begin + 1000)
		found = [p.digest for p in pictures(outputs.file())]
		wanted = [p.digest for utc, p in taken if begin * 90 <= utc < (begin + 1000) * 90]
		assert set(wanted) <= set(found)
		with av.open(outputs.file()) as opened:
			decoded = [frame.pts for frame in opened.decode(video=0)]
		assert decoded[0] == 0 and len(decoded) == len(found)


def test_gaps_stay_and_are_told(footage):
	sources = footage["gap"].sources
	parts, outputs = joined(sources)
	ends = [
		s.start_utc_ms + read_index(p).duration_ms for s, p in zip(sources, footage["gap"].paths, strict=True)
	]
	missing = [
		Gap(end, s.start_utc_ms)
		for end, s in zip(ends, sources[1:], strict=False)
		if s.start_utc_ms - end > 500
	]
	assert missing and list(parts[0].gaps) == missing
	steps = [later.pts - earlier.pts for earlier, later in pairwise(pictures(outputs.file()))]
	assert max(steps) >= (missing[0].end_utc_ms - missing[0].begin_utc_ms) * 90
	within = (missing[0].begin_utc_ms + 100, missing[0].end_utc_ms - 100)
	assert joined(sources, *within)[0] == []
	after, _outputs = joined(sources, within[0], missing[0].end_utc_ms + 500)
	assert after[0].first_utc_ms == missing[0].end_utc_ms


def test_another_size_begins_another_part(footage):
	parts, outputs = joined(footage["resized"].sources)
	assert [(p.number, p.video.width) for p in parts] == [(1, 320), (2, 640)]
	taken = footage["resized"].taken()
	assert [p.digest for n in (1, 2) for p in pictures(outputs.file(n))] == [p.digest for _utc, p in taken]
	assert parts[1].first_utc_ms == parts[0].end_utc_ms


def test_any_moment_can_be_sought(footage):
	_parts, outputs = joined(footage["numbered"].sources)
	numbers = {p.pts: p.number for p in pictures(outputs.file())}
	with av.open(outputs.file()) as opened:
		video = opened.streams.video[0]
		for moment in random.Random(3).sample(range(max(numbers)), 25):
			opened.seek(moment, stream=video)
			packet = next(opened.demux(video))
			assert packet.is_keyframe and packet.pts <= moment < packet.pts + 90_000 + 900
			assert number_in(bytes(packet)) == numbers[packet.pts]


def test_a_file_of_a_killed_recorder_gives_all_its_whole_fragments(footage):
	sources, paths = footage["alaw"].sources, footage["alaw"].paths
	whole, data = read_index(paths[2]), paths[2].read_bytes()
	others = sum(len(pictures(path)) for path in (paths[0], paths[1], paths[3]))
	ends = [f.offset + f.size for f in whole.fragments[:4]]
	for cut, tail in [(cut, b"") for cut in range(whole.init_size, ends[-1], 997)] + [
		(e, bytes(500)) for e in ends
	]:
		torn = replace(sources[2], open=lambda cut=cut, tail=tail: io.BytesIO(data[:cut] + tail))
		parts, outputs = joined([*sources[:2], torn, sources[3]])
		kept = [f for f in whole.fragments if f.offset + f.size <= cut]
		there = sum(1 for p in pictures(paths[2]) if kept and p.pts < kept[-1].end)
		assert parts[0].frames == others + there == len(pictures(outputs.file()))
		assert parts[0].unfinished == ((sources[2].name,) if kept else ())


def test_a_damaged_file_is_named(footage):
	sources, data = footage["numbered"].sources, footage["numbered"].paths[1].read_bytes()
	offset = read_index(footage["numbered"].paths[1]).fragments[2].offset
	for place, value in (
		(offset + 4, b"M"),
		(4, b"x"),
		(offset, b"\xff"),
		(offset + 8 + 4, b"t"),
		(offset + 24 + 12, b"T"),
	):
		bad = data[:place] + value + data[place + 1 :]
		broken = replace(sources[1], open=lambda bad=bad: io.BytesIO(bad))
		with pytest.raises(BrokenFile, match=sources[1].name):
			joined([sources[0], broken, sources[2]])


def test_streams_that_only_go_forward_are_enough(footage):
	whole = joined(footage["aac"].sources, footage["aac"].sources[1].start_utc_ms + 700)[1]
	stored = [
		replace(s, open=lambda path=path: Forward(path.read_bytes()))
		for s, path in zip(footage["aac"].sources, footage["aac"].paths, strict=True)
	]
	assert joined(stored, stored[1].start_utc_ms + 700)[1].data == whole.data


def test_what_two_recorders_recorded_at_once_is_there_twice(footage):
	sources = footage["numbered"].sources[:2]
	again = replace(sources[1], name="twice", start_utc_ms=sources[1].start_utc_ms + 1000)
	parts, outputs = joined([*sources, again])
	assert [part.number for part in parts] == [1, 2]
	assert [p.digest for p in pictures(outputs.file(2))] == [p.digest for p in pictures(sources[1].open())]


def test_nothing_is_lost_where_a_file_ends_before_its_sound_has_begun(footage):
	"""The join waits for sound to begin, and meets the other recorder's file meanwhile."""
	sources, paths = footage["alaw"].sources, footage["alaw"].paths
	first = read_index(paths[0]).fragments[0]
	short = replace(sources[0], open=lambda: io.BytesIO(paths[0].read_bytes()[: first.offset + first.size]))
	other = replace(sources[0], name="other", start_utc_ms=sources[0].start_utc_ms + 200)
	parts, outputs = joined([short, other])
	assert [p.frames for p in parts] == [len(pictures(outputs.file(1))), len(pictures(paths[0]))]
	assert parts[0].unfinished == (sources[0].name,) and parts[0].sound


def test_fragments_of_another_muxer_join_as_well():
	files = [SourceFile(f"{n}", 1_000_000 + n * 1100, lambda: io.BytesIO(whole_file())) for n in range(3)]
	parts, outputs = joined(files)
	assert (parts[0].frames, parts[0].end_utc_ms) == (33, 1_003_300)
	assert [p.pts for p in pictures(outputs.file())] == [n * 9000 for n in range(33)]


def test_the_start_time_is_where_other_players_look_for_it(footage):
	parts, outputs = joined(footage["numbered"].sources)
	kinds = {kind: (body, end) for kind, body, end in boxes(outputs.data[0])}
	inner = {k: b for k, b, _e in boxes(outputs.data[0], kinds[b"meta"][0] + 4, kinds[b"meta"][1])}
	count, track, time = struct.unpack_from(">IIQ", outputs.data[0], inner[b"cstb"])
	since = onvif.SECONDS_FROM_1601_TO_1970 * 1000
	assert (count, track) == (1, 1) and round(time / 10_000) - since == parts[0].first_utc_ms
	assert list(kinds)[-1] == b"mfra"


def test_a_day_takes_no_more_memory_than_a_minute(footage):
	base, data = footage["alaw"].sources[0].start_utc_ms, footage["alaw"].paths[1].read_bytes()
	length = read_index(footage["alaw"].paths[1]).duration_ms
	count = 86_400_000 // length
	files = (SourceFile(f"{n}", base + n * length, lambda: io.BytesIO(data)) for n in range(count))
	sizes: list[int] = []

	class Discard:
		"""Counts, and looks at the memory of this process now and then."""

		written = 0

		def __enter__(self):
			return self

		def __exit__(self, *_error):
			pass

		def write(self, chunk: bytes) -> None:
			self.written += len(chunk)
			if self.written // 50_000_000 > len(sizes):
				sizes.append(resident_kb())

	out = Discard()
	parts = join(files, 0, EVER, lambda number: out)
	assert parts[0].frames == count * len(pictures(footage["alaw"].paths[1]))
	assert parts[0].end_utc_ms - parts[0].first_utc_ms == pytest.approx(86_400_000, abs=length + 1)
	assert max(sizes) - sizes[0] < 12_000  # of which the index of the key frames takes 19 bytes each
	assert parts[0].size_bytes == out.written
