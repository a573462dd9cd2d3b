"""How a recorder node stands now, for its form."""

import time

import frappe
from frappe import _
from redis.exceptions import RedisError

from giam_sat_mot_cua.recording.volume_kinds import IS_LOCAL
from giam_sat_mot_cua.workers import camera_state, fleet, overview
from giam_sat_mot_cua.workers.overview import CameraNow, NodeNow


@frappe.whitelist(methods=["GET"])
def status(node: str | None = None) -> dict:
	"""What the recorders of `node` told Redis within the last seconds.

	{"up": whether one of them reports, "reported_s": seconds since, or None, "recorders": [{"cameras",
	"capacity", "leaving"}], "queued": recorder jobs that wait for a worker, "load", "memory_mb", "version",
	"waiting": events on their way to the database, "index_delay_s", "oldest_packet_s" or None, "database_s":
	seconds since it answered, or None, "cameras": [{"name", "title", "state", "fault", "packet_age_s"}] that
	the user sees, "more_cameras": how many others, "volumes": [{"name", "state", "free_gb", "total_gb"}]}

	{"away": True} when Redis does not answer. PermissionError when the user may not read the node.
	"""
	if not node:
		frappe.throw(_("Name the recorder node."), title=_("Recorder Node"))
	frappe.get_doc("Recorder Node", node).check_permission("read")
	try:
		redis = overview.connect()
		mine = [
			facts for facts in fleet.Fleet(redis, frappe.local.site).alive().values() if facts["node"] == node
		]
		held = [camera for camera in overview.cameras(redis) if node in (camera.node, camera.reporter)]
		queued = fleet.queued_recorders()
	except RedisError:
		return {"away": True}
	return {
		**of_recorders(mine, overview.nodes(mine).get(node, NodeNow())),
		**of_cameras(held),
		"queued": queued,
		"oldest_packet_s": max((c.packet_age_s for c in held if c.packet_age_s is not None), default=None),
		"volumes": volumes(node),
	}


def of_recorders(mine: list[dict], now: NodeNow) -> dict:
	at = time.time()
	return {
		"up": bool(mine),
		"reported_s": round(at - now.reported_at, 1) if mine else None,
		"recorders": [
			{"cameras": facts["cameras"], "capacity": facts["capacity"], "leaving": facts["leaving"]}
			for facts in sorted(mine, key=lambda facts: -facts["cameras"])
		],
		"load": now.load,
		"memory_mb": round(now.memory_mb, 1),
		"version": ", ".join(now.versions),
		"waiting": now.waiting,
		"index_delay_s": now.index_delay_s,
		"database_s": round(at - now.database_ok, 1) if now.database_ok else None,
	}


def of_cameras(held: list[CameraNow]) -> dict:
	names = [camera.name for camera in held]
	seen = set()
	if names and frappe.has_permission("Camera", "read"):
		seen = set(frappe.get_list("Camera", {"name": ("in", names)}, pluck="name", limit_page_length=0))
	rows = [
		{
			"name": camera.name,
			"title": camera.row.camera_name,
			"state": camera_state.STATES.get(camera.state, ""),
			"fault": camera_state.FAULTS.get(camera.fault or "", ""),
			"packet_age_s": None if camera.packet_age_s is None else round(camera.packet_age_s, 1),
		}
		for camera in held
		if camera.name in seen
	]
	rows.sort(key=lambda row: (row["state"] == "Recording", row["name"]))  # what needs a look comes first
	return {"cameras": rows, "more_cameras": len(held) - len(rows)}


def volumes(node: str) -> list[dict]:
	"""Volumes that this node writes to, as they were last checked."""
	if not frappe.has_permission("Storage Volume", "read"):
		return []
	return frappe.get_list(
		"Storage Volume",
		{"enabled": 1, "node": ("in", ["", None, node]), "kind": IS_LOCAL},
		["name", "state", "free_gb", "total_gb"],
		order_by="priority, name",
		limit_page_length=0,
	)
