"""Opening a camera's stream, and what it holds.

FFmpeg's errors are ambiguous and their texts may hold the address with its password, so a failure is looked
into by `rtsp_check` and told in words of our own.
"""

import av
import av.error
import av.logging

from giam_sat_mot_cua.media import rtsp_check
from giam_sat_mot_cua.media.camera_stream import CameraStream, StreamError, StreamFault, with_login
from giam_sat_mot_cua.media.events import StreamInfo

av.logging.set_level(None)  # FFmpeg's log can deadlock threads, and prints addresses

VIDEO_CODECS = ("h264", "hevc")


def open_source(stream: CameraStream, timeout_s: float = 8.0, read_timeout_s: float = 5.0):
	"""Opens the stream with PyAV; the caller closes it, in the same thread. Raises StreamError.

	A read that brings nothing for `read_timeout_s` ends with av.error.ExitError.
	"""
	address = with_login(stream)
	try:
		source = av.open(
			address,
			options={"rtsp_transport": stream.transport, "fpsprobesize": "0"},
			timeout=(timeout_s, read_timeout_s),
		)
	except (av.error.FFmpegError, OSError, ValueError):
		error = rtsp_check.diagnose(stream, timeout_s=4.0)
		raise error from None  # FFmpeg's own text may hold the login
	try:
		require_video(source)
	except StreamError:
		source.close()
		raise
	return source


def require_video(source) -> None:
	if not source.streams.video:
		raise StreamError(StreamFault.NO_VIDEO, "the stream holds no video")
	codec = source.streams.video[0].codec_context.name
	if codec not in VIDEO_CODECS:
		raise StreamError(StreamFault.UNSUPPORTED_CODEC, f"video is {codec}, not H.264 or H.265")


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


def probe(stream: CameraStream) -> StreamInfo:
	"""Opens the stream, says what it holds, closes it. Raises StreamError."""
	source = open_source(stream)
	try:
		return describe(source)
	finally:
		source.close()
