"""Retention Run: what was removed, or would be, and why. This file is its only writer.

The files of a batch are written down before the first of them is removed, and taken off again in the same
transaction that marks them in the index. So a run that was killed in between leaves a list of what it was
about to remove: what of it is gone was removed by retention, and the next run marks it.
"""

import json
from dataclasses import dataclass, field

import frappe
from frappe.utils import add_to_date, now_datetime

from giam_sat_mot_cua.recording.hour_index import Gone
from giam_sat_mot_cua.recording.retention import GB, Tally

DOCTYPE = "Retention Run"
WAITING, RUNNING, FINISHED = "Waiting", "Running", "Finished"
INTERRUPTED, FAILED = "Interrupted", "Failed"
LONGEST_HOURS = 12  # a dry run that has not ended by then has died
AWAITED_MINUTES = 10  # space that has not come by then has been taken by somebody else


@dataclass
class Run:
	"""A run at work. Its record is made with the first batch, so that a run that finds nothing leaves none;
	`name` is that of a record that is there already."""

	volume: str | None
	node: str
	dry_run: bool = False
	name: str | None = None
	tally: Tally = field(default_factory=Tally)
	awaited_bytes: int = 0  # free bytes that will show that the space of what was removed has come

	def record(self) -> str:
		"""The name of the record, which is made when it is not there yet."""
		if not self.name:
			self.name = create(self.volume, self.dry_run, RUNNING, self.node)
		return self.name

	def begin_batch(self, volume: str, gone: Gone, starts: dict[str, list[int]]) -> None:
		"""Writes down, for good, which files are going to be removed: {camera: starts in UTC ms}."""
		pending = {"volume": volume, "gone": gone, "starts": starts}
		frappe.db.set_value(DOCTYPE, self.record(), "pending", json.dumps(pending, separators=(",", ":")))
		frappe.db.commit()  # before the first file goes: what a crash leaves must be explained

	def end_batch(self) -> None:
		"""In the transaction that marks the files: the batch is over."""
		frappe.db.set_value(DOCTYPE, self.name, {"pending": None, **self.tally.summary()})

	def finish(self, status: str = FINISHED, message: str = "") -> None:
		if not self.name and not self.dry_run:
			return
		values = {"status": status, "message": message, "ended_on": now_datetime(), "node": self.node}
		values["awaited_gb"] = self.awaited_bytes / GB
		frappe.db.set_value(DOCTYPE, self.record(), {**values, **self.tally.summary()})


def create(volume: str | None, dry_run: bool, status: str, node: str | None = None) -> str:
	doc = frappe.get_doc(
		{
			"doctype": DOCTYPE,
			"volume": volume,
			"dry_run": int(dry_run),
			"status": status,
			"node": node,
			"started_by": frappe.session.user,
			"began_on": now_datetime(),
		}
	)
	doc.flags.by_system = True
	return doc.insert(ignore_permissions=True).name  # no role writes this record; this file is its writer


def interrupted(volume: str) -> list[tuple[Run, Gone | None, dict[str, list[int]]]]:
	"""Runs of `volume` that never ended: (run with what it has counted, what its last batch was, files of
	that batch). The caller holds the volume's turn, so none of them is at work."""
	rows = frappe.get_all(
		DOCTYPE,
		{"volume": volume, "status": RUNNING, "dry_run": 0},
		["name", "node", "details", "pending"],
		order_by="creation",
	)
	found = []
	for row in rows:
		pending = json.loads(row.pending or "{}")
		gone = Gone(*pending["gone"]) if pending else None
		run = Run(volume, row.node, name=row.name, tally=Tally.from_json(row.details))
		found.append((run, gone, pending.get("starts", {})))
	return found


def unended_dry_run(volume: str | None) -> frappe._dict | None:
	"""The newest dry run over the same that waits or works, or died doing so: name, creation. Until this
	transaction ends nobody else is answered, so that of several who ask one starts one."""
	frappe.db.get_value("DocType", DOCTYPE, "name", for_update=True)
	table = frappe.qb.DocType(DOCTYPE)
	same = table.volume == volume if volume else (table.volume.isnull() | (table.volume == ""))
	rows = (
		frappe.qb.from_(table)
		.select(table.name, table.creation)
		.where(same & (table.dry_run == 1) & table.status.isin((WAITING, RUNNING)))
		.orderby(table.creation, order=frappe.qb.desc)
		.limit(1)
		.for_update()  # reads what others have committed since this transaction began
		.run(as_dict=True)
	)
	return rows[0] if rows else None


def give_up_dead_dry_runs() -> None:
	"""Dry runs whose process has died."""
	table = frappe.qb.DocType(DOCTYPE)
	dead = (table.dry_run == 1) & table.status.isin((WAITING, RUNNING))
	long_ago = add_to_date(now_datetime(), hours=-LONGEST_HOURS)
	frappe.qb.update(table).set(table.status, FAILED).where(dead & (table.creation < long_ago)).run()


def space_awaited(volume: str) -> int:
	"""Free bytes that the volume must have before more than due footage is removed; 0 when nothing is
	awaited."""
	since = add_to_date(now_datetime(), minutes=-AWAITED_MINUTES)
	filters = {"volume": volume, "dry_run": 0, "awaited_gb": (">", 0), "ended_on": (">", since)}
	rows = frappe.get_all(DOCTYPE, filters, pluck="awaited_gb", order_by="ended_on desc", limit=1)
	return int(rows[0] * GB) if rows else 0


def removed_early_since(volume: str, hours: int) -> bool:
	"""Whether footage younger than its retention was removed from `volume` within the last `hours`."""
	since = add_to_date(now_datetime(), hours=-hours)
	filters = {"volume": volume, "dry_run": 0, "early_count": (">", 0), "modified": (">", since)}
	return bool(frappe.db.exists(DOCTYPE, filters))
