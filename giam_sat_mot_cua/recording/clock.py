"""Times of footage: milliseconds since the Unix epoch, UTC, in code; Datetime fields in UTC and in site time.

A Datetime whose name ends in `_utc` holds UTC; its twin without the ending holds the site's time zone, in
which the Desk shows and filters. See docs/time.md.
"""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import frappe

HOUR_MS = 3_600_000
EPOCH = datetime(1970, 1, 1)


def utc_time(utc_ms: int) -> datetime:
	"""Naive datetime in UTC, as `_utc` fields hold it."""
	return EPOCH + timedelta(milliseconds=utc_ms)


def utc_ms(utc: datetime) -> int:
	"""Milliseconds of a naive datetime in UTC."""
	return round((utc - EPOCH).total_seconds() * 1000)


def site_time(utc_ms: int, zone: ZoneInfo | None = None) -> datetime:
	"""Naive datetime in the site's time zone, as the Desk shows it."""
	aware = (EPOCH + timedelta(milliseconds=utc_ms)).replace(tzinfo=timezone.utc)
	return aware.astimezone(zone or site_zone()).replace(tzinfo=None)


def site_time_to_utc_ms(local: datetime, zone: ZoneInfo | None = None) -> int:
	aware = local.replace(tzinfo=zone or site_zone())
	return round(aware.timestamp() * 1000)


def site_zone() -> ZoneInfo:
	return ZoneInfo(frappe.db.get_single_value("System Settings", "time_zone") or "Asia/Ho_Chi_Minh")


def now_ms() -> int:
	return round(datetime.now(timezone.utc).timestamp() * 1000)


def hour_of(utc_ms: int) -> int:
	"""Start of the UTC hour that holds `utc_ms`."""
	return utc_ms - utc_ms % HOUR_MS
