"""The state that a Camera shows: the only writer of these fields, and their wording.

`modified` is left alone: these are facts about the stream, not somebody's change to the record.
"""

import frappe
from frappe import _

from giam_sat_mot_cua.cameras.doctype.camera.camera import missing_address
from giam_sat_mot_cua.recording import clock

STATES = {
	"connecting": "Connecting",
	"recording": "Recording",
	"waiting": "Waiting",
	"stopped": "Not Recording",
}
FAULTS = {
	"bad_address": "Wrong Address",
	"unknown_host": "Unknown Host Name",
	"unreachable": "Unreachable",
	"authentication": "Wrong Login",
	"not_found": "Stream Not Found",
	"no_video": "No Video",
	"unsupported_codec": "Unsupported Format",
	"stalled": "No Data Arriving",
	"ended": "Stream Ended",
	"storage": "Storage Fault",
	"internal": "Internal Fault",
}
CODECS = {"h264": "H.264", "hevc": "H.265", "aac": "AAC", "pcm_alaw": "G.711 A", "pcm_mulaw": "G.711 µ"}


def advice(fault: str) -> str:
	"""What is wrong and what to do, in the language of the site."""
	return {
		"Wrong Address": _("The stream address is not a valid RTSP address. Correct it under Connection."),
		"Unknown Host Name": _(
			"The network does not know the camera's host name. Correct it under Connection, or write the "
			"camera's IP address."
		),
		"Unreachable": _(
			"The camera does not answer. Check its power, its network cable and the address; recording "
			"starts by itself when it answers."
		),
		"Wrong Login": _("The camera refuses the user name or password. Correct them under Connection."),
		"Stream Not Found": _("The camera answers but has no stream at this address. Check the path."),
		"No Video": _("The stream holds no video. Check the path, or the encoder settings of the camera."),
		"Unsupported Format": _("The camera's video format cannot be recorded. Set it to H.264 or H.265."),
		"No Data Arriving": _(
			"The camera is connected but sends no picture. The system reconnects by itself; restart it "
			"if this lasts."
		),
		"Stream Ended": _("The camera ended the stream. The system reconnects by itself."),
		"Storage Fault": _("The footage cannot be written. Check the storage volume: space, mount, rights."),
		"Internal Fault": _("The recorder met an unexpected error. It tries again by itself; see the log."),
	}.get(fault, "")


def show(
	camera: str, state: str, fault: str | None, at_utc_ms: int, info=None, node: str | None = None
) -> None:
	"""Writes the state of a camera: `state` and `fault` as `media` calls them, `info` is a StreamInfo. What a
	machine that was cut off tells late changes nothing."""
	since = frappe.db.get_value("Camera", camera, "state_since")
	if since and at_utc_ms < clock.site_time_to_utc_ms(since) <= clock.now_ms():
		return
	option = FAULTS.get(fault or "", "")
	values = {
		"state": STATES[state],
		"fault": option,
		"state_message": advice(option),
		"state_since": clock.site_time(at_utc_ms),
	}
	if state == "stopped":
		values["state_message"] = missing_address(frappe.get_doc("Camera", camera))
	if node:
		values["recorder_node"] = node
	if info:
		values["picture"], values["sound"] = picture_text(info), sound_text(info)
	frappe.db.set_value("Camera", camera, values, update_modified=False)
	frappe.clear_document_cache("Camera", camera)


def picture_text(info) -> str:
	codec = CODECS.get(info.video_codec, info.video_codec)
	text = f"{codec} {info.width}×{info.height}"
	return f"{text}, {round(info.fps)} " + _("frames per second") if info.fps else text


def sound_text(info) -> str:
	if not info.audio_codec:
		return _("none")
	codec = CODECS.get(info.audio_codec, info.audio_codec)
	return f"{codec}, {info.audio_rate / 1000:g} kHz" if info.audio_rate else codec


def show_unrecorded(camera: str) -> None:
	"""For the tick: a camera that should be recorded and that no recorder holds."""
	frappe.db.set_value(
		"Camera",
		camera,
		{
			"state": "Waiting",
			"fault": "",
			"state_message": _("No recorder is free for this camera. Start more recording workers."),
			"state_since": clock.site_time(clock.now_ms()),
			"recorder_node": None,
		},
		update_modified=False,
	)
	frappe.clear_document_cache("Camera", camera)
