"""Jobs of this site in RQ that are wanted once: their ids end with a label and something random, so that one
that ran does not stand in the way of the next."""

import frappe
from frappe.utils.background_jobs import get_queue


def waiting(queue: str, label: str) -> int:
	"""How many jobs with `label` wait in `queue`. May raise RedisError."""
	site, jobs = frappe.local.site, get_queue(queue).get_job_ids()
	return sum(job.startswith(site) and job.rpartition("-")[0].endswith(label) for job in jobs)


def enqueue_once(method: str, queue: str, label: str, timeout: int, **arguments) -> bool:
	"""Queues a job unless one with `label` waits already; whether it did. Two callers at the same moment may
	queue two."""
	if waiting(queue, label):
		return False
	job_id = f"{label}-{frappe.generate_hash(length=10)}"
	frappe.enqueue(method, queue=queue, timeout=timeout, job_id=job_id, **arguments)
	return True
