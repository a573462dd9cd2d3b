"""What a file of footage holds, read by FFmpeg."""

import av
import av.logging

from giam_sat_mot_cua.media.events import StreamInfo

av.logging.set_level(None)  # FFmpeg's log can deadlock threads


def describe(source) -> StreamInfo:
	"""What an opened container holds."""
	video = source.streams.video[0]
	rate = video.average_rate or video.guessed_rate or video.base_rate
	audio = source.streams.audio[0] if source.streams.audio else None
	return StreamInfo(
		video_codec=video.codec_context.name,
		width=video.codec_context.width,
		height=video.codec_context.height,
		fps=round(float(rate), 3) if rate and rate < 1000 else 0.0,
		audio_codec=audio.codec_context.name if audio else None,
		audio_rate=audio.codec_context.sample_rate if audio else None,
	)
