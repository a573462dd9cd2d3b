"""Debian packages that the demo cameras need. Imports nothing, so that it can be read before they are
installed."""

APT_PACKAGES = (
	"python3-gi",
	"python3-gi-cairo",
	"gir1.2-gst-rtsp-server-1.0",
	"gstreamer1.0-plugins-base",
	"gstreamer1.0-plugins-good",
	"gstreamer1.0-plugins-bad",
	"gstreamer1.0-plugins-ugly",
	"gstreamer1.0-libav",
)
