import pytest

from giam_sat_mot_cua.media import events

INFO = events.StreamInfo("h264", 640, 360, 12.0, "aac", 8000)


@pytest.mark.parametrize(
	"event",
	[
		events.StateChanged("a", 1, "waiting", "unreachable", "no answer in time", None),
		events.FileOpened("a", "a/x.mp4", 5),
		events.FileClosed("a", "a/x.mp4", 5, 60_000, 123, "00" * 32, INFO),
		events.GapOpened("a", 5, events.NETWORK),
		events.GapClosed("a", 5, 9, events.DISK),
		events.StillTaken("a", "a/latest.jpg", 7),
	],
)
def test_an_event_survives_its_line(event):
	line = events.to_json(event)
	assert "\n" not in line
	assert events.from_json(line) == event


@pytest.mark.parametrize(
	"line", ["", "{", "[]", "{}", '{"event": "Nothing"}', '{"event": "GapOpened", "x": 1}']
)
def test_a_torn_line_is_refused(line):
	with pytest.raises(ValueError):
		events.from_json(line)
