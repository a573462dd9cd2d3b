"""Scheduled jobs of the app that RQ takes for running although nobody runs them: their worker died, or Redis
was away when they ended. Frappe queues none of their kind again meanwhile, for a quarter of an hour and more,
and with them alarms would stop unseen.
"""

from datetime import datetime, timezone

import frappe
from frappe.utils.background_jobs import create_job_id, get_redis_conn
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus

SILENT_S = 90.0  # a worker says every half minute that it is at its job


def free() -> list[str]:
	"""Makes RQ forget them; names of their methods. May raise RedisError. Needs a unit of work."""
	ours = {"method": ("like", "giam_sat_mot_cua.%")}
	return [name for name in frappe.get_all("Scheduled Job Type", ours, pluck="name") if free_one(name)]


def free_one(name: str) -> bool:
	job_id = create_job_id(frappe.get_doc("Scheduled Job Type", name).rq_job_id)
	try:
		job = Job.fetch(job_id, connection=get_redis_conn())
		if job.get_status() != JobStatus.STARTED or silent_s(job) < SILENT_S:
			return False
		job.delete()
	except NoSuchJobError:
		return False
	return True


def silent_s(job: Job) -> float:
	"""For how long nobody has said that he is at the job."""
	at = job.last_heartbeat or job.started_at or job.enqueued_at
	if at is None:
		return float("inf")
	aware = at if at.tzinfo else at.replace(tzinfo=timezone.utc)  # RQ's times are in UTC
	return (datetime.now(timezone.utc) - aware).total_seconds()
