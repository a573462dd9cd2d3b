"""Events of recorders -> Recording Hour, Recording Gap, Camera state, in one unit of work."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import frappe

from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.recording import gap_ledger, hour_index
from giam_sat_mot_cua.recording.hour_index import IndexedFile
from giam_sat_mot_cua.workers import camera_state, journal
from giam_sat_mot_cua.workers.database import DatabaseAway, unit_of_work

# must survive until they are in the database
LASTING = (events.FileClosed, events.GapOpened, events.GapClosed)


def deliver(found: list, volume: str, volume_path: Path, node: str) -> None:
	"""Stores events. Raises DatabaseAway when nothing was stored and all must be delivered again.

	An event that the database refuses for another reason is set aside, so that it cannot hold up the others.
	"""
	if not found:
		return
	try:
		with unit_of_work():
			store(found, volume, node)
	except DatabaseAway:
		raise
	except Exception:
		for event in found:
			deliver_alone(event, volume, volume_path, node)


def deliver_alone(event, volume: str, volume_path: Path, node: str) -> None:
	try:
		with unit_of_work():
			store([event], volume, node)
	except DatabaseAway:
		raise
	except Exception:
		if isinstance(event, LASTING):
			journal.reject(volume_path, event)
		trace = frappe.get_traceback()
		with unit_of_work():
			frappe.log_error(title="Recording event refused", message=trace)


def store(found: Iterable, volume: str, node: str) -> None:
	"""Writes events to the records; the caller's unit of work commits."""
	found = list(found)
	units = camera_units({event.camera for event in found})
	known = [event for event in found if event.camera in units]  # a deleted camera has no rows to write to
	closed: dict[str, list[events.FileClosed]] = {}
	for event in known:
		if isinstance(event, events.FileClosed):
			closed.setdefault(event.camera, []).append(event)
	for camera, files in closed.items():
		hour_index.merge(camera, units[camera], [indexed(event, volume) for event in files])
	for event in known:
		if isinstance(event, events.GapOpened):
			gap_ledger.open_gap(event.camera, units[event.camera], event.start_utc_ms, event.cause)
		elif isinstance(event, events.GapClosed):
			gap_ledger.close_gap(
				event.camera, units[event.camera], event.start_utc_ms, event.end_utc_ms, event.cause
			)
	for camera, files in closed.items():
		gap_ledger.give_way(
			camera, [(file.start_utc_ms, file.start_utc_ms + file.duration_ms) for file in files]
		)
	newest = {event.camera: event for event in known if isinstance(event, events.StateChanged)}
	for camera, event in newest.items():
		camera_state.show(camera, event.state, event.fault, event.at_utc_ms, event.info, node)


def indexed(event: events.FileClosed, volume: str) -> IndexedFile:
	return IndexedFile(
		event.start_utc_ms,
		event.duration_ms,
		event.size_bytes,
		event.sha256,
		volume,
		asdict(event.info) if event.info else {},
	)


def camera_units(cameras: set[str]) -> dict[str, str]:
	rows = frappe.get_all("Camera", {"name": ("in", list(cameras))}, ["name", "unit"], order_by="name")
	return {row.name: row.unit for row in rows}
