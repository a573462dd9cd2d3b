"""Jobs of this site in RQ that are wanted once: their ids end with a label and something random, so that one
that ran does not stand in the way of the next."""

import frappe
from frappe.utils.background_jobs import get_queue, get_redis_conn
from rq.registry import StartedJobRegistry


def waiting(queue: str, label: str) -> int:
	"""How many jobs with `label` wait in `queue`. May raise RedisError."""
	return labelled(get_queue(queue).get_job_ids(), label)


def started(queue: str, label: str) -> int:
	"""How many of them workers have begun. After a power cut RQ may say so for minutes. May raise
	RedisError."""
	return labelled(StartedJobRegistry(queue=get_queue(queue)).get_job_ids(), label)


def labelled(jobs: list[str], label: str) -> int:
	site = frappe.local.site
	return sum(job.startswith(site) and job.rpartition("-")[0].endswith(label) for job in jobs)


def first_to_ask(label: str, seconds: int) -> bool:
	"""Whether nobody has asked for this within `seconds`; of several at the same moment, one is the first.
	May raise RedisError."""
	return bool(get_redis_conn().set(f"{frappe.local.site}-{label}-asked", 1, nx=True, ex=seconds))


def enqueue_once(method: str, queue: str, label: str, timeout: int, **arguments) -> bool:
	"""Queues a job unless one with `label` waits already; whether it did. Two callers at the same moment may
	queue two."""
	if waiting(queue, label):
		return False
	job_id = f"{label}-{frappe.generate_hash(length=10)}"
	frappe.enqueue(method, queue=queue, timeout=timeout, job_id=job_id, **arguments)
	return True
