"""Debian packages that the demo cameras need. Imports nothing, so that it can be read before they are
there."""

APT_PACKAGES = (
	"python3-gi",
	"python3-gi-cairo",  # draws the picture
	"gir1.2-gst-rtsp-server-1.0",
	"gstreamer1.0-plugins-base",
	"gstreamer1.0-plugins-good",
	"gstreamer1.0-plugins-bad",  # H.265
	"gstreamer1.0-plugins-ugly",  # H.264
	"gstreamer1.0-libav",  # AAC
)
