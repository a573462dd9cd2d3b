"""Retention at work: the RQ jobs, one at a time for each volume, and who starts them.

A job runs on the queue `long`, or `volumes-NODE` when the site has such a queue: that of a machine whose
volumes no other one sees.
"""

from collections.abc import Iterator
from datetime import timedelta

import frappe
from frappe import _
from frappe.utils import flt, now_datetime
from frappe.utils.background_jobs import get_redis_conn, is_job_enqueued
from redis.exceptions import RedisError

from giam_sat_mot_cua.recording import archives, clock, health_events, retention, retention_runs
from giam_sat_mot_cua.recording.object_store import StoreError
from giam_sat_mot_cua.recording.retention_runs import FAILED, RUNNING, WAITING, Run
from giam_sat_mot_cua.workers import footage_audit, leases, moving, queues, volume_state, volumes
from giam_sat_mot_cua.workers.archive_purge import ArchivePurge
from giam_sat_mot_cua.workers.database import use_site_language
from giam_sat_mot_cua.workers.footage_audit import Audit, Found
from giam_sat_mot_cua.workers.leases import LeaseTable
from giam_sat_mot_cua.workers.purge import EARLY, Purge, VolumeAway
from giam_sat_mot_cua.workers.turns import PATIENCE_S, VolumeBusy, turn
from giam_sat_mot_cua.workers.volume_watch import VolumeWatch

QUEUE = "long"
JOB = "giam_sat_mot_cua.workers.retention."
PREFIX = "gsmc-retention-"
TIMEOUT_S = 3600
QUEUED_AFTER_S = 60  # a dry run is queued when the request that made it has ended
BATCH_PATIENCE_S = 60  # a move lets others in between its batches
AUDIT_HOURS = 26  # what an hourly audit looks back: files that a fault left open come into the index by it
EARLY_ENDS_AFTER_HOURS = 24  # without an early removal
REFUSALS = {
	volumes.NOT_MOUNTED: retention.NOT_MOUNTED,
	volumes.READ_ONLY: retention.READ_ONLY,
	volumes.FAILING: retention.FAILING,
}


# Starting


def enqueue(volume, method: str, **arguments) -> None:
	"""Queues a job for a row of Storage Volume, unless the same waits already. Which one works, and whether
	another does, the volume's turn decides."""
	queue, label = queue_of(volume.node), f"{PREFIX}{method}-{volume.name}"
	queues.enqueue_once(JOB + method, queue, label, TIMEOUT_S, volume=volume.name, **arguments)


def queue_of(node: str | None) -> str:
	own = f"volumes-{node}"
	return own if node and own in (frappe.conf.get("workers") or {}) else QUEUE


def start_dry_run(volume: str | None) -> tuple[str, bool]:
	"""Queues a dry run over one volume or all, unless one is under way: the name of its Retention Run, and
	whether it was queued."""
	other = retention_runs.unended_dry_run(volume)
	if other and is_under_way(other):
		return other.name, False
	name = retention_runs.create(volume, True, WAITING)
	node = frappe.db.get_value("Storage Volume", volume, "node") if volume else None
	frappe.enqueue(
		JOB + "dry_run",
		queue=queue_of(node),
		timeout=TIMEOUT_S,
		enqueue_after_commit=True,
		job_id=dry_run_job(name),
		name=name,
	)
	return name, True


def is_under_way(run) -> bool:
	"""Whether a dry run that has not ended still will. One that was just made may not be in the queue yet."""
	made_lately = now_datetime() - run.creation < timedelta(seconds=QUEUED_AFTER_S)
	return made_lately or is_job_enqueued(dry_run_job(run.name))


def dry_run_job(name: str) -> str:
	return f"{PREFIX}dry-run-{name}"


# The jobs


def purge(volume: str) -> None:
	"""Removes what is to go from a volume. Does nothing when another job has the volume's turn for long."""
	use_site_language()
	row = row_of(volume)
	if not row:
		return
	with turn(volume, BATCH_PATIENCE_S) as mine:
		finished = not mine or purge_in_turn(row, Run(volume, leases.node_name()))
	if not finished:
		enqueue(row, "purge")


def audit(volume: str, hours: int = 0) -> None:
	"""Compares rows and files of a volume, of the last `hours`, or all."""
	use_site_language()
	row = row_of(volume)
	if row:
		audit_volume(row, hours)


def move(volume: str) -> None:
	"""Moves older footage of a volume to the archive."""
	use_site_language()
	row = row_of(volume)
	archive = next(iter(volumes.archives()), None)
	if not row or not archive:
		return
	if not move_to(archive, row):
		enqueue(row, "move")


def dry_run(name: str) -> None:
	"""Fills a Retention Run with what would go now."""
	use_site_language()
	volume = frappe.db.get_value(retention_runs.DOCTYPE, name, "volume")
	run = Run(volume, leases.node_name(), dry_run=True, name=name)
	frappe.db.set_value(retention_runs.DOCTYPE, name, "status", RUNNING)
	frappe.db.commit()  # whoever waits sees that it has begun
	try:
		for row in volumes.rows():
			if volume in (None, "", row.name):
				look_over_only(row, run)
		run.finish()
	except Exception:
		frappe.db.rollback()
		frappe.log_error(title="Dry run of retention failed")
		run.finish(FAILED, _("The dry run failed because of an internal error. See the Error Log."))


# On a command line


def run_now(volume: str | None, dry_run: bool) -> Iterator[Run]:
	"""One run for each volume, or for `volume`, in this process; commits."""
	use_site_language()
	for row in volumes.rows():
		if volume not in (None, row.name):
			continue
		run = Run(row.name, leases.node_name(), dry_run=dry_run)
		if dry_run:
			look_over_only(row, run)
			run.finish()
			frappe.db.commit()  # a command is its own unit of work
		else:
			with turn(row.name) as mine:
				finished = not mine or purge_in_turn(row, run)
			if not mine:
				run.tally.left_alone(row.name, retention.AT_WORK)
			elif not finished:
				run.tally.left_alone(row.name, retention.OUT_OF_TIME)
		yield run


def in_words(run: Run) -> list[str]:
	"""Lines of text about a run."""
	verb = "would remove" if run.dry_run else "removed"
	files = sum(line.files for line in run.tally.removals)
	found = [f"volume {run.volume}: {verb} {files} files ({run.name or 'no record'})"]
	for line in run.tally.lines.values():
		what = verb if line.removed else "keeps" if line.files else "leaves"
		size = f"{line.files} files, {line.size_bytes / 1e6:.1f} MB" if line.files else "all"
		found.append(f"  {line.camera or line.volume}: {what} {size}: {line.reason}")
	return found


# What they do


def purge_in_turn(row, run: Run) -> bool:
	"""One run over a volume whose turn the caller has; commits. False when it is not finished for want of
	time. What is wrong with the volume is no error: it has its own events."""
	try:
		work = look_over(row, run)
	except (VolumeAway, StoreError):
		frappe.db.rollback()  # a batch that had not begun, or not ended; the next run looks at it again
		return True
	run.finish(message=work.message if work else "")
	if work:
		tell(work)
	frappe.db.commit()  # the run is over
	return not (work and work.unfinished)


def move_to(archive, row) -> bool:
	"""One run over a volume; commits. False when it is not finished for want of time. What is wrong with
	either volume is no error: both have their own events."""
	if not moving.hours() or reason_to_leave(row):
		return True
	error = archives.check(archive)
	if error is None:
		try:
			return moving.Moving(row, archive, retention.read_policy(None)).work()
		except VolumeBusy:
			return True  # another job has the volume for long; the next hour goes on
		except StoreError as met:
			frappe.db.rollback()  # a batch whose rows are as before; the next run moves it again
			error = met
	volume_state.show_archive(archive, error)
	frappe.db.commit()  # the archive's state is told at once
	return True


def look_over(row, run: Run) -> Purge | None:
	"""One volume of a run; None when it is left alone."""
	refusal = reason_to_leave(row)
	if refusal:
		run.tally.left_alone(row.name, refusal)
		return None
	kind = ArchivePurge if volumes.is_archive(row) else Purge
	work = kind(row, retention.read_policy(recorded_cameras()), run)
	work.work()
	if run.dry_run and not any(line.volume == row.name for line in run.tally.lines.values()):
		run.tally.left_alone(row.name, retention.NOTHING_DUE)
	return work


def look_over_only(row, run: Run) -> None:
	"""One volume of a dry run, which goes on with the others whatever is wrong with this one."""
	try:
		look_over(row, run)
	except (VolumeAway, OSError):
		run.tally.left_alone(row.name, retention.FAILING)
	except Exception:
		trace = frappe.get_traceback()  # without variables: frames of a store hold keys
		frappe.log_error(title=f"Dry run of retention over {row.name} failed", message=trace)
		run.tally.left_alone(row.name, retention.FAILING)


def reason_to_leave(row) -> str | None:
	if not volumes.is_own(row):
		return retention.OTHER_MACHINE
	if not row.enabled and not row.checked_at:
		return retention.NOT_MOUNTED  # never used
	if volumes.is_archive(row):
		return retention.FAILING if archives.check(row) else None
	watch = VolumeWatch()
	try:
		watch.follow([row], volumes.min_free_percent())
		return REFUSALS.get(watch.seen(row.name).state)
	finally:
		watch.stop()


def recorded_cameras() -> frozenset[str] | None:
	"""Cameras that a recorder holds now; None when Redis does not say."""
	names = frappe.get_all("Camera", pluck="name", order_by="name")
	try:
		table = LeaseTable(get_redis_conn(), frappe.local.site, leases.own_name(), 0)
		return frozenset(table.holders(names))
	except RedisError:
		return None


def tell(work: Purge) -> None:
	"""Events after a run: footage that had to go early, and a volume that stays too full."""
	volume = work.volume
	if not retention_runs.removed_early_since(volume, EARLY_ENDS_AFTER_HOURS):
		health_events.close(EARLY, storage_volume=volume)
	if work.row.enabled and not work.unfinished and work.is_too_full():
		kind = volume_state.EVENTS[volumes.FULL][0]
		health_events.report(kind, full_text(work), health_events.CRITICAL, storage_volume=volume)


def full_text(work: Purge) -> str:
	kept = [line for line in work.run.tally.lines.values() if not line.removed and line.files]
	text = _("{0} GB are free; {1} GB are to be free, and nothing more can be removed.").format(
		flt(work.free_bytes() / retention.GB, 2), flt(work.wanted_bytes() / retention.GB, 2)
	)
	reasons: dict[str, int] = {}
	for line in kept:
		reasons[line.reason] = reasons.get(line.reason, 0) + line.size_bytes
	told = ", ".join(f"{_(reason)}: {flt(size / retention.GB, 2)} GB" for reason, size in reasons.items())
	return " ".join(part for part in (text, told, work.message) if part)


def audit_volume(row, hours: int = 0) -> Found:
	"""Camera by camera, so that a purge gets its turn in between; commits."""
	total = Found()
	if reason_to_leave(row):
		return total
	since = clock.now_ms() - hours * clock.HOUR_MS if hours else None
	work = Audit(row, list(filter(volumes.is_own, volumes.rows())), since)
	for camera in work.cameras():
		with turn(row.name, PATIENCE_S) as mine:
			if not mine:
				break  # the next one begins anew
			try:
				total += work.compare(camera)
			except (VolumeAway, OSError):
				frappe.db.rollback()
				break  # the volume's own events say what is wrong
	footage_audit.tell(row.name)
	frappe.db.commit()  # the audit is over
	return total


def row_of(volume: str):
	return next(iter(volumes.rows({"name": volume})), None)
