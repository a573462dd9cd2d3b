"""What lies beside an object is believed only when it is what was written there."""

import json

import pytest

from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.workers.archive_files import FACTS, facts_of, read_facts

STREAM = {
	"video_codec": "h264",
	"width": 1920,
	"height": 1080,
	"fps": 12.5,
	"audio_codec": None,
	"audio_rate": None,
}
TOLD = {"duration_ms": 60_000, "sha256": "ab" * 32, "stream": STREAM}


@pytest.mark.parametrize("stream", [STREAM, {}])
def test_what_was_written_is_read(stream):
	file = IndexedFile(1_790_000_000_000, 60_000, 1000, "ab" * 32, "kho", stream)
	assert read_facts(facts_of(file)[FACTS]) == {**TOLD, "stream": stream}


@pytest.mark.parametrize(
	"text",
	[
		None,
		"",
		"[]",
		"null",
		"{",
		"[" * 100_000,
		*(
			json.dumps({**TOLD, **wrong})
			for wrong in (
				{"duration_ms": "abc"},
				{"duration_ms": True},
				{"duration_ms": 1.5},
				{"duration_ms": -1},
				{"duration_ms": 10**12},
				{"duration_ms": None},
				{"sha256": "x"},
				{"sha256": None},
				{"sha256": "AB" * 32},
				{"stream": [1]},
				{"stream": "h264"},
				{"stream": {"video_codec": "h264"}},
				{"stream": {**STREAM, "other": 1}},
				{"stream": {**STREAM, "video_codec": "<b>"}},
				{"stream": {**STREAM, "width": "wide"}},
				{"stream": {**STREAM, "fps": float("nan")}},
			)
		),
	],
)
def test_anything_else_is_not(text):
	assert read_facts(text) is None
