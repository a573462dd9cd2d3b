"""RTSP cameras of gst-rtsp-server, on loopback. Each viewer of a camera gets an encoder of its own while he
watches: viewers of one shared pipeline disturb each other's timestamps when one of them comes or goes."""

import json
import time
from dataclasses import dataclass

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

from devbench.cameras.picture import Picture  # noqa: E402

ACCESS = "media.factory.access"
CONSTRUCT = "media.factory.construct"
ROLE = "media.factory.role"
AUDIO = {
	"none": "",
	"pcma": "audio/x-raw,rate=8000,channels=1 ! alawenc ! valve name=audio_valve ! rtppcmapay name={pay}",
	"pcmu": "audio/x-raw,rate=8000,channels=1 ! mulawenc ! valve name=audio_valve ! rtppcmupay name={pay}",
	"aac": (
		"audio/x-raw,rate=16000,channels=1 ! avenc_aac bitrate=32000 ! aacparse ! valve name=audio_valve "
		"! rtpmp4gpay name={pay} pt=97"
	),
}
SOUND = "audiotestsrc is-live=true wave=pink-noise volume=0.05 samplesperbuffer=320 ! audioconvert ! "


@dataclass
class CameraConfig:
	"""One camera, as the configuration file writes it."""

	path: str
	codec: str = "h264"
	width: int = 640
	height: int = 360
	fps: int = 12
	gop_seconds: float = 2
	bitrate_kbit: int = 500
	b_frames: int = 0
	audio: str = "none"
	people: int = 3
	title: str = ""
	auth: str = "none"
	video: bool = True


class CameraFactory(GstRtspServer.RTSPMediaFactory):
	"""Makes a pipeline of one camera for each of its viewers."""

	def __init__(self, config: CameraConfig, zone: str):
		super().__init__()
		self.config, self.picture = config, Picture(config.title, config.people, zone)
		self.size = (config.width, config.height)
		self.frozen = False
		self.watched: list[Gst.Element] = []
		self.set_shared(False)
		self.set_latency(100)
		self.connect("media-configure", self.on_media)

	def do_create_element(self, _url):
		elements = Gst.parse_launch(f"( {self.description()} )")
		overlay = elements.get_by_name("overlay")
		if overlay:
			overlay.connect("draw", self.draw)
		return elements

	def on_media(self, _factory, media) -> None:
		elements = media.get_element()
		self.watched.append(elements)
		self.freeze(elements)
		media.connect("unprepared", lambda _media: self.forget(elements))

	def forget(self, elements: Gst.Element) -> None:
		self.watched = [other for other in self.watched if other is not elements]

	def description(self) -> str:
		config, parts = self.config, []
		if config.video:
			parts.append(self.video_description())
		if config.audio != "none":
			pay = "pay1" if config.video else "pay0"
			parts.append(SOUND + AUDIO[config.audio].format(pay=pay))
		return "  ".join(parts)

	def video_description(self) -> str:
		config = self.config
		width, height = self.size
		gop = max(round(config.fps * config.gop_seconds), 1)
		common = f"speed-preset=ultrafast tune=zerolatency key-int-max={gop} bitrate={config.bitrate_kbit}"
		if config.codec == "h265":
			encoder = (
				f"x265enc {common} ! h265parse config-interval=-1 ! valve name=valve "
				"! rtph265pay name=pay0 pt=96"
			)
		else:
			profile = "constrained-baseline"
			if config.b_frames:
				common = common.replace("tune=zerolatency", f"bframes={config.b_frames} b-adapt=false")
				profile = "main"
			encoder = (
				f"x264enc {common} byte-stream=true threads=1 ! video/x-h264,profile={profile} "
				"! h264parse config-interval=-1 ! valve name=valve ! rtph264pay name=pay0 pt=96"
			)
		return (
			f"videotestsrc is-live=true pattern=black ! capsfilter name=size caps=video/x-raw,format=BGRx,"
			f"width={width},height={height},framerate={config.fps}/1 ! cairooverlay name=overlay "
			"! videoconvert n-threads=1 ! video/x-raw,format=I420 "
			f"! queue max-size-buffers=3 leaky=downstream ! {encoder}"
		)

	def draw(self, _overlay, context, _timestamp, _duration) -> None:
		width, height = self.size
		self.picture.draw(context, width, height, time.time())

	def apply_freeze(self) -> None:
		for elements in self.watched:
			self.freeze(elements)

	def freeze(self, elements: Gst.Element) -> None:
		for name in ("valve", "audio_valve"):
			valve = elements.get_by_name(name)
			if valve:
				valve.set_property("drop", self.frozen)

	def resize(self, width: int, height: int) -> None:
		"""Changes the picture's size in the running stream."""
		self.size = (width, height)
		text = f"video/x-raw,format=BGRx,width={width},height={height},framerate={self.config.fps}/1"
		for elements in self.watched:
			caps = elements.get_by_name("size")
			if caps:
				caps.set_property("caps", Gst.Caps.from_string(text))


class CameraServer:
	"""All cameras on one port. Call from the thread that runs the main loop."""

	def __init__(self, configs: list[CameraConfig], login: dict, zone: str):
		Gst.init(None)
		self.server = GstRtspServer.RTSPServer()
		self.server.set_address("127.0.0.1")
		self.mounts = self.server.get_mount_points()
		self.factories = {config.path: CameraFactory(config, zone) for config in configs}
		self.server.set_auth(make_auth(configs, login))
		for path, factory in self.factories.items():
			allow_owner(factory)
			self.mounts.add_factory(path, factory)

	def listen(self, port: int) -> int:
		"""Starts listening; returns the port. Raises OSError when it is taken."""
		self.server.set_service(str(port))
		if not self.server.attach(None):
			raise OSError(f"port {port} is taken")
		return self.server.get_bound_port()

	def control(self, order: dict) -> str:
		"""Does what a test asks for; returns what is wrong with the order, or an empty text."""
		action, path = order.get("action"), order.get("path")
		if action == "drop":
			self.server.client_filter(lambda _server, _client: GstRtspServer.RTSPFilterResult.REMOVE)
			return ""
		factory = self.factories.get(path)
		if not factory:
			return f"no camera {path}"
		if action in ("freeze", "resume"):
			factory.frozen = action == "freeze"
			factory.apply_freeze()
		elif action == "refuse":
			self.mounts.remove_factory(path)
		elif action == "allow":
			self.mounts.add_factory(path, factory)
		elif action == "resolution":
			factory.resize(int(order["width"]), int(order["height"]))
		else:
			return f"no action {action}"
		return ""


class CameraAuth(GstRtspServer.RTSPAuth):
	"""Asks for a login at the cameras that want one, and at no other of the same server."""

	def __init__(self, protected: set[str]):
		super().__init__()
		self.protected = protected

	def do_check(self, context, check):
		path = context.uri.abspath if context.uri else ""
		if any(path == camera or path.startswith(camera + "/") for camera in self.protected):
			return GstRtspServer.RTSPAuth.do_check(self, context, check)
		return True


def make_auth(configs: list[CameraConfig], login: dict) -> CameraAuth:
	"""One server offers either Digest or Basic: the binding takes one method, not both."""
	auth = CameraAuth({config.path for config in configs if config.auth != "none"})
	kinds = {config.auth for config in configs} - {"none"}
	if kinds == {"digest"}:
		auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
		auth.add_digest(login["username"], login["password"], token("owner"))
	elif kinds == {"basic"}:
		auth.set_supported_methods(GstRtsp.RTSPAuthMethod.BASIC)
		basic = GstRtspServer.RTSPAuth.make_basic(login["username"], login["password"])
		auth.add_basic(basic, token("owner"))
	elif kinds:
		raise ValueError("cameras of one server ask for digest or for basic logins, not both")
	return auth


def token(role: str) -> GstRtspServer.RTSPToken:
	made = GstRtspServer.RTSPToken()
	made.set_string(ROLE, role)
	return made


def allow_owner(factory: GstRtspServer.RTSPMediaFactory) -> None:
	permissions = GstRtspServer.RTSPPermissions()
	permissions.add_role("owner")
	for permission in (ACCESS, CONSTRUCT):
		permissions.add_permission_for_role("owner", permission, True)
	factory.set_permissions(permissions)


def read_configs(text: str) -> list[CameraConfig]:
	return [CameraConfig(**values) for values in json.loads(text)]


def main_loop() -> GLib.MainLoop:
	return GLib.MainLoop()
