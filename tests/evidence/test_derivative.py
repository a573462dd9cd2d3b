"""Derivatives: exactly the pictures and the sound of a range at their times, marked; watermark; faces
blurred."""

import io
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import numpy
import pytest
from av.video.reformatter import ColorRange
from PIL import Image, ImageDraw

from giam_sat_mot_cua.media import mp4_write
from giam_sat_mot_cua.media.evidence import faces, mark
from giam_sat_mot_cua.media.evidence.derivative import Stopped, derive
from giam_sat_mot_cua.media.evidence.faces import FaceBlur
from giam_sat_mot_cua.media.evidence.overlay import composed, wrapped
from giam_sat_mot_cua.media.evidence.picture import Picture
from giam_sat_mot_cua.media.evidence.playable import join
from giam_sat_mot_cua.media.evidence.recorded import SourceFile
from giam_sat_mot_cua.media.evidence.watermark import Watermark
from giam_sat_mot_cua.media.fmp4 import BrokenFile
from giam_sat_mot_cua.media.segment_index import read_index
from tests.cameras.feeder import nal_units
from tests.evidence.recorded import Outputs, decoding_errors, pictures, resident_kb
from tests.media.recording import ffprobe

EVER = 1 << 42
LINES = ["Đơn đề nghị số 07/ĐN-TX", "Người nhận: Đặng Thị Hường"]


def derived(sources, begin: int = 0, end: int = EVER, **options):
	outputs = Outputs()
	return derive(sources, begin, end, outputs.open, **options), outputs


def decoded(source) -> list[tuple[int, numpy.ndarray]]:
	"""(time in ticks, Y) of all pictures."""
	with av.open(source) as opened:
		frames = list(opened.decode(video=0))
	return [(round(f.time * 90_000), f.reformat(format="yuv420p").to_ndarray()[: f.height]) for f in frames]


def of_range(footage, begin: int, end: int) -> tuple[list[tuple[int, numpy.ndarray]], int]:
	"""The recording's own pictures that begin in the range, and the first one's UTC in ms."""
	outputs = Outputs()
	part = join(footage.sources, 0, EVER, outputs.open)[0]
	zero = footage.taken()[0][0]
	all_of_them = decoded(outputs.file())
	return [(zero + at, y) for at, y in all_of_them if begin * 90 <= zero + at < end * 90], part.first_utc_ms


@pytest.mark.parametrize("kind", ["numbered", "long", "gap", "bframes", "hevc"])
def test_a_cut_holds_exactly_the_pictures_of_the_range(footage, tmp_path, kind):
	begin = footage[kind].sources[0].start_utc_ms + 1234
	end = footage[kind].sources[-2].start_utc_ms + 567
	parts, outputs = derived(footage[kind].sources, begin, end)
	wanted, _first = of_range(footage[kind], begin, end)
	found = decoded(outputs.file())
	assert len(parts) == 1 and parts[0].frames == len(found) == len(wanted) and not parts[0].undecoded
	assert [at for at, _y in found] == [utc - wanted[0][0] for utc, _y in wanted]
	assert parts[0].first_utc_ms == round(wanted[0][0] / 90)
	assert parts[0].last_utc_ms == round(wanted[-1][0] / 90)
	for number in (0, 1, len(found) // 2, len(found) - 2, len(found) - 1):
		near = range(max(number - 2, 0), min(number + 3, len(wanted)))
		if kind != "hevc" and kind != "bframes":  # what these cameras see hardly moves
			assert min(near, key=lambda n: difference(found[number][1], wanted[n][1])) == number
		assert difference(found[number][1], wanted[number][1]) < 6
	full = tmp_path / "cut.mp4"
	full.write_bytes(outputs.data[0])
	assert not decoding_errors(full)
	lasts = (end * 90 - wanted[0][0]) / 90_000
	assert float(ffprobe(full)["format"]["duration"]) == pytest.approx(lasts, abs=0.11)


def difference(one: numpy.ndarray, other: numpy.ndarray) -> float:
	"""Mean of the lower half, where nothing is written."""
	half = one.shape[0] // 2
	return float(numpy.abs(one[half:].astype(int) - other[half:]).mean())


@pytest.mark.parametrize("kind", ["alaw", "aac"])
def test_sound_is_cut_to_the_sample_and_stays_in_step(footage, kind):
	outputs = Outputs()
	begin = footage[kind].sources[0].start_utc_ms + 2000
	whole = join(footage[kind].sources, 0, EVER, outputs.open)[0]
	parts, cut = derived(footage[kind].sources, begin, begin + 5000)
	rate, before = heard(outputs.file())
	_rate, after = heard(cut.file())
	assert parts[0].sound and len(after) == pytest.approx(5 * rate, abs=0.1 * rate + 2048)
	for after_ms in (500, 2000, 4000):  # beginnings are known to the millisecond
		assert lag(before, after, rate, whole, parts[0], begin + after_ms) <= rate // 500


def heard(source) -> tuple[int, numpy.ndarray]:
	"""(rate, samples from time 0 on)."""
	with av.open(source) as opened:
		frames = list(opened.decode(audio=0))
	rate = frames[0].sample_rate
	last = frames[-1]
	samples = numpy.zeros(round(last.time * rate) + last.samples, numpy.float32)
	for frame in frames:
		at = round(frame.time * rate)
		samples[at : at + frame.samples] = frame.to_ndarray()[0]
	return rate, samples


def test_sound_is_in_step_after_a_gap(footage):
	sources = footage["alaw"].sources
	sources = [*sources[:2], *sources[3:]]
	outputs = Outputs()
	whole = join(sources, 0, EVER, outputs.open)[0]
	begin = sources[1].start_utc_ms + 300
	parts, cut = derived(sources, begin, sources[2].start_utc_ms + 2500)
	assert whole.gaps
	(rate, before), (_rate, after) = heard(outputs.file()), heard(cut.file())
	assert lag(before, after, rate, whole, parts[0], begin + 1000) <= rate // 500
	assert lag(before, after, rate, whole, parts[0], sources[2].start_utc_ms + 500) <= rate // 500
	silent = round((whole.gaps[0].begin_utc_ms + 1000 - parts[0].first_utc_ms) * rate / 1000)
	assert not after[silent : silent + rate].any()


def lag(before, after, rate: int, whole, part, utc_ms: int) -> int:
	"""By how many samples what is heard at a moment is off, in a derivative against the recording."""
	here, there = (round((utc_ms - one.first_utc_ms) * rate / 1000) for one in (part, whole))
	window = after[here : here + rate // 2]
	around = before[there - 400 : there + rate // 2 + 400]
	return abs(int(numpy.correlate(around, window, "valid").argmax()) - 400)


def test_a_damaged_file_is_named(footage):
	source, data = footage["numbered"].sources[1], bytearray(footage["numbered"].paths[1].read_bytes())
	data[read_index(footage["numbered"].paths[1]).fragments[2].offset + 4] = 0
	broken = replace(source, open=lambda: io.BytesIO(data))
	with pytest.raises(BrokenFile, match=source.name):
		derived([footage["numbered"].sources[0], broken])


def test_memory_stays_flat(footage):
	path, start = footage["numbered"].paths[1], footage["numbered"].sources[1].start_utc_ms
	length = read_index(path).duration_ms
	files = (SourceFile(str(n), start + n * length, lambda: path.open("rb")) for n in range(30))
	sizes: list[int] = []
	marks = [Watermark(LINES, "Asia/Ho_Chi_Minh")]
	derived(
		files, start, start + 30 * length, filters=marks, progress=lambda _share: sizes.append(resident_kb())
	)
	assert len(sizes) == 30 * len(pictures(path))
	assert max(sizes) - sizes[len(sizes) // 4] < 12_000


def test_every_size_has_its_own_file(footage):
	sources = footage["resized"].sources
	parts, outputs = derived(sources)
	assert [(p.number, p.width, p.height) for p in parts] == [(1, 320, 180), (2, 640, 360)]
	assert sum(p.frames for p in parts) == len(footage["resized"].taken())
	later, outputs = derived(sources, sources[-1].start_utc_ms)
	assert [p.number for p in later] == [1] and len(outputs.data) == 1


def test_a_derivative_says_so_in_its_pictures_and_in_the_file(footage):
	begin = footage["numbered"].sources[0].start_utc_ms + 500
	_parts, outputs = derived(footage["numbered"].sources, begin, begin + 1000, comment="Cắt đúng thời gian")
	with av.open(outputs.file()) as opened:
		assert opened.metadata["comment"] == f"{mark.TEXT}. Cắt đúng thời gian"
	_at, picture = decoded(outputs.file())[3]
	box = mark.DerivedMark.draw(320, 180)
	corner = numpy.zeros(picture.size, bool)
	corner[box.luma_at] = True
	corner = corner.reshape(picture.shape)
	(wanted, _first) = of_range(footage["numbered"], begin, begin + 1000)
	assert picture[corner].min() < 60 and picture[corner].max() > 180  # white on dark
	assert numpy.abs(picture[~corner].astype(int) - wanted[3][1][~corner]).mean() < 6


def test_it_stops_between_pictures_and_tells_how_far_it_is(footage):
	begin, shares = footage["numbered"].sources[0].start_utc_ms + 500, []
	derived(footage["numbered"].sources, begin, begin + 3000, progress=shares.append)
	assert shares == sorted(shares) and shares[0] < 0.05 and 0.9 < shares[-1] <= 1
	shares.clear()
	with pytest.raises(Stopped):
		derived(
			footage["numbered"].sources,
			begin,
			begin + 3000,
			progress=shares.append,
			stopped=lambda: len(shares) == 5,
		)
	assert len(shares) == 5


def test_a_watermark_changes_no_time_and_shows_it_to_the_second(footage):
	begin = footage["numbered"].sources[0].start_utc_ms + 500
	plain = derived(footage["numbered"].sources, begin, begin + 4000)[1]
	parts, outputs = derived(
		footage["numbered"].sources, begin, begin + 4000, filters=[Watermark(LINES, "Asia/Ho_Chi_Minh")]
	)
	before, after = decoded(plain.file()), decoded(outputs.file())
	assert [at for at, _y in before] == [at for at, _y in after]
	changed = numpy.abs(before[5][1].astype(int) - after[5][1])
	assert changed[-24:, :200].mean() > 20  # the clear lines
	assert 0.5 < changed[60:120].mean() < 15  # the faint ones
	strips = [y[-20:, :160].astype(int) for _at, y in after]
	seconds = [(parts[0].first_utc_ms * 90 + at) // 90_000 for at, _y in after]
	for (earlier, later), (one, other) in zip(pairwise(strips), pairwise(seconds), strict=True):
		assert (numpy.abs(earlier - later).max() > 60) == (one != other)


def test_vietnamese_is_drawn_as_it_is_written():
	assert composed("Ngu\u031bo\u031b\u0300i nha\u0323\u0302n\n") == "Ngươ\u0300i nhận".replace(
		"ơ\u0300", "ờ"
	)
	lines = wrapped(" ".join(LINES), 12, 120)
	assert " ".join(lines) == " ".join(LINES) and len(lines) > 2
	time = Watermark(LINES, "Asia/Ho_Chi_Minh").time_text(1_795_524_705)
	assert time == "24/11/2026 19:51:45 (UTC+07:00)"


def face(width: int, height: int, left: int, top: int, size: int) -> numpy.ndarray:
	"""A drawn face that the cascade takes for one, as planes of YUV 4:2:0."""
	image = Image.new("L", (width, height), 170)
	draw = ImageDraw.Draw(image)

	def oval(x: float, y: float, w: float, h: float, shade: int) -> None:
		box = [left + (x - w / 2) * size, top + (y - h / 2) * size]
		draw.ellipse([*box, box[0] + w * size, box[1] + h * size], fill=shade)

	oval(0.5, 0.5, 0.8, 1.1, 60)  # hair
	oval(0.5, 0.55, 0.68, 0.92, 200)
	for x in (0.34, 0.66):
		oval(x, 0.36, 0.2, 0.05, 70)  # brow
		oval(x, 0.45, 0.17, 0.09, 120)
		oval(x, 0.45, 0.08, 0.08, 30)
	oval(0.5, 0.64, 0.14, 0.06, 150)
	oval(0.5, 0.58, 0.06, 0.2, 215)
	oval(0.5, 0.8, 0.3, 0.08, 90)
	planes = numpy.full((height * 3 // 2, width), 128, numpy.uint8)
	planes[:height] = numpy.asarray(image)
	return planes


def test_a_face_is_blurred_before_and_after_it_is_found_and_nothing_else():
	blurring, shown = FaceBlur(), []
	empty = numpy.full((540, 640), 128, numpy.uint8)
	empty[:360] = 170
	for number in range(40):  # at 10 pictures a second the face is there from 1.5 to 2.0 s
		planes = face(640, 360, 200, 100, 120) if 15 <= number < 20 else empty.copy()
		shown += blurring.take(Picture(planes, number * 9000, 9000))
	shown += blurring.rest()
	assert [picture.utc_ticks for picture in shown] == [number * 9000 for number in range(40)]
	assert blurring.faces >= 3
	sharp, middle = face(640, 360, 200, 100, 120)[:360], (slice(140, 200), slice(230, 290))
	for picture in shown[15:20]:
		assert edges(picture.luma[middle]) < 0.3 * edges(sharp[middle])
		outside = numpy.ones((360, 640), bool)
		outside[20:320, 100:420] = False
		assert (picture.luma[outside] == sharp[outside]).all()
	for picture in (*shown[:9], *shown[26:]):
		assert (picture.planes == empty).all()


def edges(region: numpy.ndarray) -> float:
	return float(numpy.abs(numpy.diff(region.astype(int), axis=1)).mean())


def test_faces_and_watermark_go_together(footage):
	blurring = FaceBlur()
	begin = footage["numbered"].sources[0].start_utc_ms
	parts, outputs = derived(
		footage["numbered"].sources,
		begin,
		begin + 3000,
		filters=[blurring, Watermark(LINES, "Asia/Ho_Chi_Minh")],
	)
	times = [utc for utc, _p in footage["numbered"].taken() if begin * 90 <= utc < (begin + 3000) * 90]
	assert [p.pts for p in pictures(outputs.file())] == [utc - times[0] for utc in times]
	assert parts[0].frames == len(times) and not blurring.waiting


def test_places_of_faces_lie_inside_the_picture():
	picture = Picture(numpy.zeros((540, 640), numpy.uint8), 0, 1)
	assert faces.wider((0, 0, 50, 50), 1, picture) == (0, 0, 68, 68)
	assert faces.wider((600, 320, 40, 40), 1, picture) == (586, 306, 640, 360)
	faces.blur(picture, (636, 356, 640, 360))


def test_what_cannot_be_decoded_is_left_out(footage):
	path, source = footage["numbered"].paths[0], footage["numbered"].sources[0]
	data, fragment = bytearray(path.read_bytes()), read_index(path).fragments[0]
	end = fragment.offset + fragment.size
	data[end - 4000 : end] = b"\xff" * 4000
	parts, outputs = derived([replace(source, open=lambda: io.BytesIO(data))])
	assert parts[0].undecoded and parts[0].frames + parts[0].undecoded == len(pictures(path))
	assert len(decoded(outputs.file())) == parts[0].frames


def test_light_of_cameras_with_full_range_stays_as_it_was():
	"""Many cameras code black as 0 and white as 255, where video has 16 and 235."""
	encoder = av.CodecContext.create("libx264", "w")
	encoder.width, encoder.height, encoder.pix_fmt = 320, 240, "yuvj420p"
	encoder.time_base, encoder.color_range = Fraction(1, 10), ColorRange.JPEG
	encoder.options = {"bf": "0", "tune": "zerolatency"}
	planes = numpy.full((360, 320), 128, numpy.uint8)
	planes[120:240] = 255
	frame = av.VideoFrame.from_ndarray(planes, format="yuvj420p")
	frame.color_range = ColorRange.JPEG
	units = [unit for p in [*encoder.encode(frame), *encoder.encode(None)] for unit in nal_units(bytes(p))]
	sets = tuple(unit for unit in units if unit[0] & 31 in (7, 8))
	parts = [part for unit in units for part in (len(unit).to_bytes(4, "big"), unit)]
	sample = mp4_write.Sample(parts, sum(map(len, parts)), 9000)
	header = mp4_write.header(mp4_write.Picture("h264", 320, 240, sets), None)
	data = header + mp4_write.fragment(1, [sample], 0)
	_parts, outputs = derived([SourceFile("full", 0, lambda: io.BytesIO(data))])
	assert decoded(outputs.file())[0][1][130:].mean() == pytest.approx(235, abs=2)
