"""Planned maintenance (Maintenance Order): which cameras it covers, and when. Read by the alarms, which it
silences, and by the ledger of gaps, where it is a cause.

An order counts from the moment it was recorded, never backwards: what was missing before has its own cause.
"""

from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe.utils import get_datetime, now_datetime

from giam_sat_mot_cua.access import scope
from giam_sat_mot_cua.recording import clock

CHAIN = 50  # orders that follow each other without a pause


@dataclass(frozen=True)
class Cover:
	"""An order that covers a camera, and until when it does (UTC, ms)."""

	order: str
	until_utc_ms: int


def orders_at(moment: datetime) -> list[frappe._dict]:
	"""Orders in force at `moment` (site time): recorded by then, begun, neither over nor withdrawn."""
	rows = frappe.get_all(
		"Maintenance Order",
		{"from_time": ("<=", moment), "to_time": (">", moment), "creation": ("<=", moment)},
		["name", "unit", "with_subordinates", "to_time", "withdrawn_on"],
		order_by="to_time desc",
	)
	return [row for row in rows if end_of(row) > moment]


def end_of(order) -> datetime:
	"""When an order stops to count: at its end, or when it was withdrawn (site time)."""
	end = get_datetime(order.to_time)
	return min(end, get_datetime(order.withdrawn_on)) if order.withdrawn_on else end


def listed(order: str) -> list[str]:
	"""The single cameras that an order names; none: those of its unit."""
	return frappe.get_all(
		"Maintenance Camera",
		{"parent": order, "parenttype": "Maintenance Order"},
		pluck="camera",
		order_by="idx",
	)


def units_of(order) -> list[str]:
	return scope.subtree(order.unit) if order.with_subordinates else [order.unit]


def cameras_of(order, single: list[str] | None = None) -> list[str]:
	"""Names of the cameras that `order` covers; `single`: those it names, when they are at hand."""
	named = listed(order.name) if single is None else single
	if named:
		return named
	return frappe.get_all("Camera", {"unit": ("in", units_of(order))}, pluck="name", order_by="name")


def cameras_now() -> set[str]:
	"""Cameras that planned maintenance covers at this moment."""
	return {camera for order in orders_at(now_datetime()) for camera in cameras_of(order)}


def cover(camera: str, unit: str, utc_ms: int) -> Cover | None:
	"""What covers `camera` of `unit` at that moment, through orders that follow each other without a pause;
	None when nothing does."""
	zone = clock.site_zone()
	first, moment = None, clock.site_time(utc_ms, zone)
	for _number in range(CHAIN):
		order = next((row for row in orders_at(moment) if covers(row, camera, unit)), None)
		if not order:
			break
		first, moment = first or order.name, end_of(order)
	return Cover(first, clock.site_time_to_utc_ms(moment, zone)) if first else None


def covers(order, camera: str, unit: str) -> bool:
	named = listed(order.name)
	return camera in named if named else unit in units_of(order)
