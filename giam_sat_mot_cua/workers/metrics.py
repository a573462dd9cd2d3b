"""What a scraper is told of recording: per camera, node and volume. Reads Redis, small tables and counts kept
elsewhere; never a table that grows with footage. Names of cameras and units, no address, no login.
"""

import time
from collections.abc import Iterable

import frappe
from frappe.query_builder.functions import Count
from frappe.utils import get_datetime
from redis.exceptions import RedisError

import giam_sat_mot_cua
from giam_sat_mot_cua.cameras import maintenance
from giam_sat_mot_cua.recording import archive_counts, clock, gap_counts, gap_ledger
from giam_sat_mot_cua.recording.backups import overdue, runs
from giam_sat_mot_cua.recording.volume_kinds import IS_LOCAL, S3_ARCHIVE
from giam_sat_mot_cua.workers import camera_clock, fleet, overview, volumes
from giam_sat_mot_cua.workers.exposition import COUNTER, GAUGE, Family
from giam_sat_mot_cua.workers.overview import CameraNow
from giam_sat_mot_cua.workers.wanted import read_settings

GB = 1e9
MB = 1e6
CAMERA_COUNTERS = (
	("bytes_written", "gsmc_camera_bytes_written_total", "Bytes written since its recorder took the camera."),
	("fragments", "gsmc_camera_fragments_total", "Fragments written since its recorder took the camera."),
	("files", "gsmc_camera_files_total", "Files closed since its recorder took the camera."),
	(
		"connections",
		"gsmc_camera_connections_total",
		"Connections opened since its recorder took the camera; more than one are reconnects.",
	),
	(
		"packets_lost",
		"gsmc_camera_packets_lost_total",
		"Packets of pictures lost on the way since its recorder took the camera.",
	),
)


def collect() -> list[Family]:
	"""All families, also those without a measurement now."""
	began = time.perf_counter()
	redis = overview.connect()
	try:
		recorders = fleet.Fleet(redis, frappe.local.site).alive()
		cameras = overview.cameras(redis)
		gaps, moved = gap_counts.read(redis), archive_counts.read(redis)
		queued, answers = fleet.queued_recorders(), 1
	except RedisError:  # what the database knows is told all the same
		recorders, cameras, gaps, moved, queued, answers = {}, overview.cameras(None), {}, {}, 0, 0
	families = [
		*of_cameras(cameras),
		*of_gaps(gaps, {camera.name: camera for camera in cameras}),
		*of_recorders(recorders.values(), queued),
		*of_nodes(recorders.values(), cameras),
		*of_volumes(),
		*of_archives(moved),
		*of_backups(),
		*of_system(bool(answers)),
	]
	duration = Family("gsmc_scrape_duration_seconds", GAUGE, "How long this answer took to put together.")
	duration.add(round(time.perf_counter() - began, 4))
	return [*families, duration]


def of_cameras(cameras: list[CameraNow]) -> list[Family]:
	info = Family("gsmc_camera_info", GAUGE, "1; the name of the camera.")
	wanted = Family("gsmc_camera_wanted", GAUGE, "1 when the camera should be recorded.")
	recording = Family("gsmc_camera_recording", GAUGE, "1 when its pictures arrive and are written.")
	state = Family("gsmc_camera_state", GAUGE, "1; what its recorder does, unattended without one.")
	fault = Family("gsmc_camera_fault", GAUGE, "1; what is wrong, when something is.")
	age = Family("gsmc_camera_packet_age_seconds", GAUGE, "Age of the newest packet, while connected.")
	lease = Family("gsmc_camera_lease", GAUGE, "1; the node whose recorder holds the camera.")
	silenced = Family("gsmc_camera_maintenance", GAUGE, "1 while a planned maintenance covers it.")
	offset = Family(
		"gsmc_camera_clock_offset_seconds", GAUGE, "The camera's clock minus the server's, read within a day."
	)
	stall_seconds, under_maintenance = read_settings().stall_seconds, maintenance.cameras_now()
	for camera in cameras:
		labels = {"camera": camera.name, "unit": camera.row.unit}
		info.add(1, **labels, name=camera.row.camera_name)
		wanted.add(int(camera.wanted), **labels)
		recording.add(int(camera.records(stall_seconds)), **labels)
		silenced.add(int(camera.name in under_maintenance), **labels)
		state.add(1, **labels, state=camera.state)
		if camera.fault:
			fault.add(1, **labels, fault=camera.fault)
		if camera.packet_age_s is not None:
			age.add(round(camera.packet_age_s, 2), **labels)
		if camera.node:
			lease.add(1, **labels, node=camera.node)
		ahead_s = camera_clock.known(camera.row)
		if ahead_s is not None:
			offset.add(ahead_s, **labels)
	return [info, wanted, recording, state, fault, age, lease, silenced, offset, *counters(cameras)]


def counters(cameras: list[CameraNow]) -> list[Family]:
	"""Counted by the process that records a camera, so with its node: at a hand-over they begin anew."""
	families = [Family(name, COUNTER, text) for _field, name, text in CAMERA_COUNTERS]
	for camera in cameras:
		if not camera.reported:
			continue
		labels = {"camera": camera.name, "unit": camera.row.unit, "node": camera.reporter}
		for family, (field, _name, _text) in zip(families, CAMERA_COUNTERS, strict=True):
			family.add(camera.health.get(field, 0), **labels)
	return families


def of_gaps(gaps: dict[tuple[str, str], int], cameras: dict[str, CameraNow]) -> list[Family]:
	each = Family("gsmc_camera_gaps_total", COUNTER, "Gaps written into the ledger, by cause.")
	total = Family("gsmc_gaps_total", COUNTER, "Gaps of all cameras written into the ledger, by cause.")
	sums = dict.fromkeys(gap_ledger.CAUSES.values(), 0)
	for (camera, cause), number in sorted(gaps.items()):
		sums[cause] = sums.get(cause, 0) + number
		if camera in cameras:
			each.add(number, camera=camera, unit=cameras[camera].row.unit, cause=cause)
	for cause, number in sums.items():
		total.add(number, cause=cause)
	return [each, total]


def of_recorders(recorders: Iterable[dict], queued: int) -> list[Family]:
	alive = Family("gsmc_recorders_alive", GAUGE, "Recorders that reported within the last seconds.")
	standby = Family("gsmc_recorders_standby", GAUGE, "Recorders without a camera, ready to take some.")
	free = Family("gsmc_recorders_free_cameras", GAUGE, "Cameras that live recorders have room for.")
	waiting = Family("gsmc_recorders_queued", GAUGE, "Recorder jobs that wait for a worker.")
	known = list(recorders)
	alive.add(len(known))
	standby.add(sum(not facts["cameras"] for facts in known))
	free.add(sum(facts["capacity"] - facts["cameras"] for facts in known if not facts["leaving"]))
	waiting.add(queued)
	return [alive, standby, free, waiting]


def of_nodes(recorders: Iterable[dict], cameras: list[CameraNow]) -> list[Family]:
	health = {camera.name: camera.health for camera in cameras if camera.health}
	up = Family("gsmc_node_up", GAUGE, "1 while a recorder of the node reports.")
	last = Family("gsmc_node_last_report_timestamp_seconds", GAUGE, "When the node last reported, to Redis.")
	count = Family("gsmc_node_recorders", GAUGE, "Recorders of the node.")
	standby = Family("gsmc_node_recorders_standby", GAUGE, "Recorders of the node without a camera.")
	held = Family("gsmc_node_cameras", GAUGE, "Cameras that the node records.")
	oldest = Family("gsmc_node_packet_age_seconds", GAUGE, "Oldest newest packet among its cameras.")
	journal = Family("gsmc_node_journal_events", GAUGE, "Events that wait for the database.")
	delay = Family("gsmc_node_index_delay_seconds", GAUGE, "How long the oldest of them has waited.")
	database = Family(
		"gsmc_node_database_ok_timestamp_seconds", GAUGE, "When the database last answered its recorders."
	)
	load = Family("gsmc_node_load1", GAUGE, "Load average of one minute.")
	memory = Family("gsmc_node_memory_bytes", GAUGE, "Memory of its recorders.")
	found = overview.nodes(recorders)
	rows = frappe.get_all(
		"Recorder Node", {"retired": 0}, ["name", "last_report"], order_by="name"
	)  # a few machines
	zone = clock.site_zone()
	for row in rows:
		node = found.get(row.name)
		up.add(int(row.name in found), node=row.name)
		if row.last_report:
			stored = clock.site_time_to_utc_ms(get_datetime(row.last_report), zone) / 1000
			last.add(round(max(stored, node.reported_at if node else 0), 3), node=row.name)
	for name, node in found.items():
		count.add(node.recorders, node=name)
		standby.add(node.standby, node=name)
		held.add(node.cameras, node=name)
		journal.add(node.waiting, node=name)
		delay.add(node.index_delay_s, node=name)
		database.add(round(node.database_ok or 0, 3), node=name)
		load.add(node.load, node=name)
		memory.add(round(node.memory_mb * MB), node=name)
		age = overview.oldest_packet_s(health, name)
		if age is not None:
			oldest.add(round(age, 2), node=name)
	return [up, last, count, standby, held, oldest, journal, delay, database, load, memory]


def of_volumes() -> list[Family]:
	size = Family("gsmc_volume_size_bytes", GAUGE, "Size of the volume.")
	free = Family("gsmc_volume_free_bytes", GAUGE, "Free space of the volume.")
	state = Family("gsmc_volume_state", GAUGE, "1; what the last check said.")
	checked = Family("gsmc_volume_checked_timestamp_seconds", GAUGE, "When it was last checked.")
	zone = clock.site_zone()
	for row in frappe.get_all(
		"Storage Volume",
		{"enabled": 1, "kind": IS_LOCAL},
		["name", "node", "state", "total_gb", "free_gb", "checked_at"],
		order_by="name",
	):
		labels = {"volume": row.name, "node": row.node or None}
		state.add(1, **labels, state=row.state or "Not Checked")
		if not row.checked_at:
			continue
		size.add(round(row.total_gb * GB), **labels)
		free.add(round(row.free_gb * GB), **labels)
		checked.add(clock.site_time_to_utc_ms(row.checked_at, zone) / 1000, **labels)
	return [size, free, state, checked]


def of_archives(moved: dict[tuple[str, str], int]) -> list[Family]:
	up = Family("gsmc_archive_up", GAUGE, "1 when the archive answered the last check.")
	checked = Family("gsmc_archive_checked_timestamp_seconds", GAUGE, "When it was last checked.")
	files = Family("gsmc_archive_files_moved_total", COUNTER, "Files moved to the archive.")
	size = Family("gsmc_archive_bytes_moved_total", COUNTER, "Bytes moved to the archive.")
	zone = clock.site_zone()
	for row in frappe.get_all(
		"Storage Volume", {"kind": S3_ARCHIVE}, ["name", "enabled", "state", "checked_at"], order_by="name"
	):
		if row.enabled:
			up.add(int(row.state == volumes.READY), volume=row.name)
		if row.enabled and row.checked_at:
			checked.add(clock.site_time_to_utc_ms(row.checked_at, zone) / 1000, volume=row.name)
		files.add(moved.get(("files", row.name), 0), volume=row.name)
		size.add(moved.get(("bytes", row.name), 0), volume=row.name)
	return [up, checked, files, size]


def of_backups() -> list[Family]:
	made = Family("gsmc_backup_timestamp_seconds", GAUGE, "When the newest whole backup was made.")
	size = Family("gsmc_backup_size_bytes", GAUGE, "Its size.")
	drilled = Family("gsmc_restore_drill_timestamp_seconds", GAUGE, "When a restore drill passed last.")
	zone, newest = clock.site_zone(), runs.newest_whole()
	if newest:
		made.add(clock.site_time_to_utc_ms(newest.ended_on, zone) / 1000)
		size.add(round(newest.size_mb * MB))
	passed = overdue.last_drill()
	if passed:
		drilled.add(clock.site_time_to_utc_ms(passed, zone) / 1000)
	return [made, size, drilled]


def of_system(redis_answers: bool) -> list[Family]:
	redis = Family("gsmc_redis_up", GAUGE, "1 when the recorders' Redis answers.")
	rows = Family("gsmc_index_rows", GAUGE, "Rows of Recording Hour, as the database estimates.")
	events = Family("gsmc_health_events_open", GAUGE, "Open health events.")
	build = Family("gsmc_build_info", GAUGE, "1; the version of the app.")
	redis.add(int(redis_answers))
	rows.add(index_rows())
	table = frappe.qb.DocType("Health Event")
	for kind, severity, number in (
		frappe.qb.from_(table)
		.select(table.kind, table.severity, Count(table.name))
		.where(table.open_key.isnotnull())
		.groupby(table.kind, table.severity)
		.run()
	):
		events.add(number, kind=kind, severity=severity)
	build.add(1, version=giam_sat_mot_cua.__version__)
	return [redis, rows, events, build]


def index_rows() -> int:
	"""MariaDB's own estimate: counting millions of rows at every scrape would be a scan."""
	found = frappe.db.sql(
		"select table_rows from information_schema.tables "
		"where table_schema = database() and table_name = 'tabRecording Hour'"
	)
	return int(found[0][0] or 0) if found else 0
