"""Retention on a disk of a few megabytes that is really full: run by test_retention.py in a user and mount
namespace of its own, where a tmpfs can be mounted without being root, and under a host name of its own, so
that to the site it is another machine. Prints what came of it as JSON, in the last line.

`python -m tests.e2e.small_disk CASE FOLDER`; the environment names the site, as for pytest.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import frappe

from giam_sat_mot_cua.recording import clock, hour_index
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import leases, retention, volume_state, volumes
from tests import footage_files
from tests.footage_files import DAY_MS, MINUTE_MS, in_index, lay, on_disk

SOURCE = Path(__file__).resolve().parents[2]
SIZE_MB = 24
FILE_BYTES = 100_000


class Case:
	"""A full disk with footage of two cameras: kept for 10 days, recorded for 20."""

	def __init__(self, folder: Path):
		self.folder = folder
		subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", folder], check=True)
		node = leases.node_name()
		if not frappe.db.exists("Recorder Node", node):
			frappe.get_doc({"doctype": "Recorder Node", "node_name": node}).insert()
		self.volume = footage_files.make_volume(folder, node=node, enabled=1)
		unit = factories.unit().name
		self.cameras = [factories.camera(unit, retention_days=10).name for _n in range(2)]
		self.now = clock.now_ms()
		frappe.db.commit()  # retention is another process

	def starts(self, days_ago: float, count: int) -> list[int]:
		begin = self.now - round(days_ago * DAY_MS)
		return [begin + number * MINUTE_MS for number in range(count)]

	def lay(self, days_ago: float, count: int) -> None:
		for camera in self.cameras:
			lay(self.volume, camera, self.starts(days_ago, count), FILE_BYTES)
		frappe.db.commit()  # retention is another process

	def hold(self, days_ago: float, count: int) -> None:
		starts = self.starts(days_ago, count)
		row = {"camera": self.cameras[0], "from_time": clock.site_time(starts[0])}
		row["to_time"] = clock.site_time(starts[-1])
		frappe.get_doc(doctype="Legal Hold", title="test-giữ", basis="Công văn", cameras=[row]).insert()
		frappe.db.commit()  # retention is another process

	def fill(self) -> int:
		"""Another process takes the rest of the disk, to the last byte."""
		subprocess.run(
			["dd", "if=/dev/zero", f"of={self.folder}/foreign", "bs=4k"], stderr=subprocess.DEVNULL
		)
		return self.free()

	def free(self) -> int:
		return volumes.free_bytes(self.folder)

	def purge(self) -> None:
		"""The RQ job itself, in another process."""
		self.elsewhere("purge", self.volume.name)

	def inspect(self) -> None:
		"""What recorders and the tick do every half minute."""
		self.elsewhere("inspect", leases.node_name())

	def elsewhere(self, *words: str) -> None:
		frappe.db.commit()  # the other process sees what is stored
		subprocess.run([sys.executable, "-m", "tests.e2e.small_disk", *words], check=True, cwd=SOURCE)
		frappe.db.rollback()  # a new look

	def told(self, kind: str) -> dict:
		fields = ["status", "severity", "detail", "creation"]
		filters = {"kind": kind, "storage_volume": self.volume.name}
		found = frappe.db.get_value("Health Event", filters, fields, as_dict=True, order_by="creation desc")
		return found and {**found, "creation": clock.site_time_to_utc_ms(found.creation)}

	def facts(self, **more) -> dict:
		index = in_index(self.volume, self.cameras)
		runs = frappe.get_all(
			"Retention Run",
			{"volume": self.volume.name},
			["status", "file_count", "early_count", "refused_count", "message"],
			order_by="creation",
		)
		return {
			"volume": self.volume.name,
			"cameras": self.cameras,
			"now": self.now,
			"total": volumes.total_bytes(self.folder),
			"free": self.free(),
			"wanted": volumes.total_bytes(self.folder) * volumes.min_free_percent() / 100,
			"disk": sorted(on_disk(self.volume)),
			"there": sorted(key for key, gone in index.items() if not gone),
			"gone": sorted([*key, *gone] for key, gone in index.items() if gone),
			"runs": runs,
			"early": self.told("Footage Removed Early"),
			"full": self.told("Volume Full"),
			"sums": hours(self.cameras),
			**more,
		}


def hours(cameras: list[str]) -> list:
	"""What the rows count, and whether their packed files can be read."""
	rows = frappe.get_all(
		"Recording Hour",
		{"camera": ("in", cameras)},
		["recorded_ms", "file_count", "hour_start_utc", "files"],
	)
	for row in rows:
		assert len(hour_index.unpack(row.files, clock.utc_ms(row.hour_start_utc))) == row.file_count
	return [sum(row.recorded_ms for row in rows), sum(row.file_count for row in rows)]


def fills_to_the_last_byte(case: Case) -> dict:
	"""Footage past its retention, held footage, and younger one; a stranger takes all that is free."""
	case.lay(15, 10)
	case.lay(9, 40)
	case.lay(5, 40)
	case.hold(15, 4)
	before = hours(case.cameras)
	full = case.fill()
	case.inspect()
	told = case.told("Volume Full")
	case.purge()
	case.inspect()
	return case.facts(full=full, before=before, told=told)


def must_remove_early(case: Case) -> dict:
	"""Nothing is past its retention, and the oldest is held."""
	case.lay(9, 40)
	case.lay(5, 40)
	case.hold(9, 10)
	case.fill()
	case.purge()
	return case.facts()


def frees_late(case: Case) -> dict:
	"""Somebody holds the oldest footage open: its space comes only when he closes it."""
	case.lay(9, 60)
	case.lay(5, 40)
	case.fill()
	handles = [os.open(path, os.O_RDONLY) for path in sorted(case.folder.glob("*/*/*/*/*.mp4"))]
	case.purge()
	first = len(on_disk(case.volume))
	case.purge()
	second = len(on_disk(case.volume))
	for handle in handles:
		os.close(handle)
	free = case.free()
	case.purge()
	return case.facts(first=first, second=second, after_closing=free, laid=200)


def holds_everything(case: Case) -> dict:
	"""A full disk of which nothing may go."""
	case.lay(9, 100)
	for camera in case.cameras:
		row = {"camera": camera, "from_time": clock.site_time(case.now - 30 * DAY_MS)}
		row["to_time"] = clock.site_time(case.now + DAY_MS)
		frappe.get_doc(doctype="Legal Hold", title="test-giữ", basis="Công văn", cameras=[row]).insert()
	case.fill()
	case.purge()
	return case.facts(laid=200)


CASES = {
	case.__name__: case for case in (fills_to_the_last_byte, must_remove_early, frees_late, holds_everything)
}


def main(name: str, argument: str) -> None:
	os.chdir(os.environ["GSMC_SITES_PATH"])  # Frappe's paths are relative to it
	frappe.init(site=os.environ["GSMC_TEST_SITE"], sites_path=".")
	frappe.connect()
	try:
		if name == "purge":
			retention.purge(argument)
		elif name == "inspect":
			volume_state.inspect(argument)
			frappe.db.commit()
		else:
			work(name, Path(argument))
	finally:
		frappe.destroy()


def work(name: str, folder: Path) -> None:
	case = Case(folder)
	try:
		print(json.dumps(CASES[name](case), default=str))
	finally:
		footage_files.forget([case.volume.name], case.cameras)
		frappe.db.delete("Recorder Node", {"name": leases.node_name()})
		frappe.db.commit()


if __name__ == "__main__":
	main(*sys.argv[1:])
