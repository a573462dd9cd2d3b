"""The recorder: an RQ job that never ends by itself. Leases in, camera recorders running, events out.

Every second it takes cameras that nobody holds, lets go of those that are no longer wanted, and hands events
to the journal and the database. A thread of its own renews the leases meanwhile, so that a database or a
camera that hangs cannot cost them.

It leaves when its worker is told to stop (SIGTERM to either, or a warm shutdown in Redis), and when its
worker has died: then it goes on until its cameras are with others. Redis or MariaDB may go away meanwhile:
recording goes on, and everything is delivered when they are back.
"""

import os
import queue
import signal
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import frappe
from redis.exceptions import RedisError
from rq import get_current_job

import giam_sat_mot_cua
from giam_sat_mot_cua.media import events
from giam_sat_mot_cua.media.recorder import CameraRecorder
from giam_sat_mot_cua.recording import clock
from giam_sat_mot_cua.workers import (
	balance,
	camera_clock,
	claims,
	departure,
	fleet,
	indexer,
	journal,
	leases,
	overview,
	reconcile,
	stuck_jobs,
	volume_state,
	volumes,
	wanted,
)
from giam_sat_mot_cua.workers.database import DatabaseAway, unit_of_work, use_site_language
from giam_sat_mot_cua.workers.leases import Lease, LeaseTable
from giam_sat_mot_cua.workers.recorder_log import RecorderLog
from giam_sat_mot_cua.workers.wanted import RecordingSettings, WantedCamera

TURN_S = 1.0
SHORT_TURN_S = 0.2  # while cameras change hands
READ_WANTED_S = 5.0
NODE_REPORT_S = 30.0
BALANCE_S = 10.0
NEW_CAMERAS_A_TURN = 10  # connecting is the expensive part: a full recorder starts within a few turns
CLAIM_AFTER_S = 2.5  # without Redis
CLAIM_S = 2.0  # how often then
GUARD_S = 0.2
END_S = 2.0  # files are closed so long before somebody else may begin
STOP_S = 20.0  # a camera that hangs is left within its read and connection timeouts
REDIS_TIMEOUT_S = 3.0


def run() -> None:
	"""The job that RQ runs."""
	Recorder().run()


class Recorder:
	"""One process, many cameras."""

	def __init__(self):
		self.site, self.sites_path = frappe.local.site, frappe.local.sites_path
		self.node = leases.node_name()
		self.owner = leases.own_name()
		self.redis = overview.connect(REDIS_TIMEOUT_S)
		self.worker_pid = os.getppid()
		job = get_current_job()
		self.worker_name = job.worker_name if job else None
		self.fleet = fleet.Fleet(self.redis, self.site)
		self.table: LeaseTable | None = None
		self.settings: RecordingSettings | None = None
		self.wanted_list = wanted.WantedList(self.node)
		self.wanted: dict[str, WantedCamera] = {}
		self.running: dict[str, CameraRecorder] = {}
		self.runs_with: dict[str, WantedCamera] = {}
		self.ending: dict[str, Ending] = {}
		self.recorded_until: dict[str, int] = {}  # UTC ms, of cameras that we have recorded
		self.held: dict[str, Lease] = {}
		# a lease that is given back must not be renewed at the same moment
		self.leases_lock = threading.Lock()
		self.right = claims.Right()
		self.claimed: set[str] = set()  # cameras that others claim
		self.ended = threading.Event()
		self.events: queue.SimpleQueue = queue.SimpleQueue()
		self.unsaved: dict[str, list] = {}  # volume name -> events that wait for the database
		self.volumes: dict[str, Path] = {}
		self.told_to_stop = False
		self.departure: departure.Departure | None = None
		self.next_read = self.next_node_report = self.next_balance = 0.0
		self.log = RecorderLog()
		self.clocks = camera_clock.Notebook()
		self.ok_at: dict[str, float] = {}  # service -> when it last answered, seconds since the epoch
		self.memory_mb = 0.0
		self.left_behind = 0  # events in journals of dead recorders of this node
		self.delivered_at = time.monotonic()  # nothing waited for the database then

	def run(self) -> None:
		signal.signal(signal.SIGTERM, self.note_signal)
		use_site_language()
		frappe.db.close()  # units of work open their own
		limit_cache()
		for work in (self.keep_leases, self.keep_claims, self.guard):
			threading.Thread(target=work, name=work.__name__, daemon=True).start()
		try:
			while not self.must_stop():
				self.turn()
				time.sleep(SHORT_TURN_S if self.ending or self.departure else TURN_S)
		finally:
			self.stop()

	def note_signal(self, _number, _frame) -> None:
		self.told_to_stop = True

	def turn(self) -> None:
		"""One step's failure never ends the recordings, nor keeps the other steps from their work."""
		for step in (
			self.read_wanted,
			self.report_node,
			self.drop_unwanted,
			self.hand_over,
			self.finish_ending,
			self.share_work,
			self.take_free_cameras,
			self.keep_one_queued,
			self.deliver,
		):
			try:
				step()
				self.found(step.__name__)
			except RedisError as error:
				self.missing("Redis", error)
			except Exception as error:
				self.missing(step.__name__, error)

	# When to stop

	def must_stop(self) -> bool:
		try:
			if not self.departure and (self.orphan or self.told_to_stop or self.worker_is_leaving()):
				self.departure = departure.Departure(self.fleet, self.owner)
			if not self.departure:
				return False
			mine = len(self.running) + len(self.ending)
			return self.departure.over(mine, self.table, patient=self.orphan and not self.told_to_stop)
		except RedisError:
			return self.told_to_stop  # nobody could take over without Redis

	@property
	def orphan(self) -> bool:
		return os.getppid() != self.worker_pid

	def worker_is_leaving(self) -> bool:
		"""RQ notes a warm shutdown in Redis and then waits for this job; it does not tell the job itself."""
		key = f"rq:worker:{self.worker_name}"
		return bool(self.worker_name and self.redis.hget(key, "shutdown_requested_date"))

	def hand_over(self) -> None:
		if self.departure:
			for name in self.departure.next_ones(self.running, self.table):
				self.end_camera(name)

	# Which cameras

	def read_wanted(self) -> None:
		if time.monotonic() < self.next_read:
			return
		try:
			with unit_of_work():
				self.settings, self.wanted = self.wanted_list.read()
				self.claimed = claims.of_others(self.owner)
				self.right.alone = not claims.other_nodes(self.node)
			self.found("MariaDB")
		except DatabaseAway as error:
			self.missing("MariaDB", error)
			self.next_read = time.monotonic() + TURN_S
			return
		self.next_read = time.monotonic() + READ_WANTED_S
		ttl_ms = self.settings.lease_seconds * 1000
		if not self.table or self.table.ttl_ms != ttl_ms:
			self.table = LeaseTable(self.redis, self.site, self.owner, ttl_ms)

	def drop_unwanted(self) -> None:
		"""Asks cameras to end that are switched off, have changed, or were taken over by somebody else."""
		for name in list(self.running):
			if self.wanted.get(name) != self.runs_with[name]:
				self.end_camera(name, self.why_ended(name), begins_again=name in self.wanted)
			elif name not in self.held:
				self.end_camera(name)

	def why_ended(self, name: str) -> str | None:
		"""The cause of the gap that begins when a camera ends that is not wanted as it is recorded. None when
		only its volume or the settings are others: then it is that of any hand-over."""
		if name not in self.wanted:
			return "switched_off"
		return "configuration" if self.wanted[name].stream != self.runs_with[name].stream else None

	def end_camera(self, name: str, cause: str | None = None, begins_again: bool = False) -> None:
		recorder, camera = self.running.pop(name), self.runs_with.pop(name)
		recorder.request_stop()
		deadline = time.monotonic() + STOP_S
		self.ending[name] = Ending(recorder, camera.volume.name, cause, deadline, begins_again)

	def finish_ending(self) -> None:
		"""Gives back the cameras whose files are closed; those that only changed begin again, with the lease
		that they have: Redis may be away."""
		for name, ending in list(self.ending.items()):
			closed = ending.recorder.stop(0)
			if not closed and time.monotonic() < ending.deadline:
				continue
			del self.ending[name]
			if ending.recorder.last_end_utc_ms:
				self.recorded_until[name] = ending.recorder.last_end_utc_ms
			if ending.cause:
				since = ending.recorder.last_end_utc_ms or clock.now_ms()
				self.events.put((ending.volume, events.GapOpened(name, since, ending.cause)))
			again = closed and ending.begins_again and name in self.held and name in self.wanted
			if again and not self.departure and self.try_start(name):
				continue
			try:
				if name in self.held:
					self.fleet.forget([name])  # before somebody else speaks of it
			finally:
				self.give_back(name)

	def give_back(self, name: str) -> None:
		with self.leases_lock:
			lease = self.held.pop(name, None)
			if lease:
				self.table.release(lease)

	def keep_leases(self) -> None:
		"""The thread that renews. A lease that somebody else has taken ends its camera at once."""
		while not self.ended.wait(TURN_S):
			try:
				self.renew()
				self.report()
			except RedisError:
				continue  # keep_claims speaks for us meanwhile, and guard ends what must end
			except Exception as error:  # this thread must outlive everything
				self.missing("keep_leases", error)

	def keep_claims(self) -> None:
		"""The thread that says in MariaDB, while Redis does not answer, that our cameras are recorded."""
		frappe.init(self.site, sites_path=self.sites_path)
		while not self.ended.wait(CLAIM_S):
			if not self.held or time.monotonic() - self.right.renewed_at < CLAIM_AFTER_S:
				continue
			began = time.monotonic()
			try:
				if self.claim():
					self.right.claimed_at = began
			except Exception as error:  # this thread must outlive everything
				self.missing("keep_claims", error)

	def claim(self) -> bool:
		try:
			with unit_of_work():
				lease_s = self.settings.lease_seconds
				return claims.write(self.node, self.owner, list(self.held), lease_s)
		except DatabaseAway:
			return claims.services_refuse()

	def guard(self) -> None:
		"""The thread that ends our cameras before another machine may take them."""
		while not self.ended.wait(GUARD_S):
			if self.held and time.monotonic() > self.right.until(self.settings.lease_seconds) - END_S:
				self.give_up()

	def give_up(self) -> None:
		self.held.clear()  # without the lock: renewing holds it as long as Redis hangs
		for recorder in list(self.running.values()):
			recorder.request_stop()
		self.log.cut_off()

	def renew(self) -> None:
		with self.leases_lock:
			began = time.monotonic()
			lost = self.table.renew(list(self.held.values())) if self.table and self.held else []
			self.right.renewed_at = began
			for lease in lost:
				self.held.pop(lease.camera, None)
				recorder = self.running.get(lease.camera)
				if recorder:
					recorder.request_stop()

	def others(self) -> list[dict]:
		"""What the other living recorders report."""
		return [facts for owner, facts in self.fleet.alive().items() if owner != self.owner]

	def share_work(self) -> None:
		"""Gives up cameras that a recorder with fewer of them will take, a few at a time."""
		if time.monotonic() < self.next_balance or not self.settings or self.departure:
			return
		self.next_balance = time.monotonic() + BALANCE_S
		count = balance.surplus(len(self.running), len(self.wanted), self.others())
		for name in list(self.running)[-count:] if count else ():
			self.end_camera(name)

	def take_free_cameras(self) -> None:
		if not self.settings or self.departure:
			return
		most = balance.most(len(self.wanted), self.settings.cameras_per_recorder, self.others())
		room = min(most - len(self.running), NEW_CAMERAS_A_TURN)
		names = [name for name in self.wanted if name not in self.running and name not in self.ending]
		if room <= 0 or not names or not self.table.settled():
			return
		for name in self.table.free(names):
			if room <= 0:
				return
			if name not in self.wanted or name in self.claimed:
				continue  # switched off while we were starting others; or recorded by somebody without Redis
			if not self.acquire(name):
				continue
			if self.try_start(name):
				room -= 1
			else:
				self.give_back(name)

	def acquire(self, name: str) -> bool:
		with self.leases_lock:
			lease = self.table.acquire(name)
			if lease:
				self.held[name] = lease
			return bool(lease)

	def try_start(self, name: str) -> bool:
		"""One camera that cannot be started must not keep the others waiting."""
		try:
			return self.start(name, self.wanted[name])
		except Exception as error:
			self.missing(f"camera {name}", error)
			return False

	def start(self, name: str, camera: WantedCamera) -> bool:
		"""Starts recording a camera whose lease was just taken, after mending what its last recorder left."""
		volume, settings = camera.volume, camera.settings
		self.volumes[volume.name] = volume.path
		try:
			with unit_of_work():
				# another recorder may have let go of it because it is wanted no more
				self.settings, self.wanted = self.wanted_list.read()
				self.claimed = claims.of_others(self.owner)
				if self.wanted.get(name) != camera or name in self.claimed:
					return False
				answers = self.wanted_list.watch.answers(volume.name)
				found = reconcile.recover_camera(name, volume if answers else None)
		except DatabaseAway as error:
			self.missing("MariaDB", error)
			return False  # without it the end of the last recording is not known; the lease ends by itself
		recorder = CameraRecorder(
			camera.stream,
			volume.path,
			lambda event: self.events.put((volume.name, event)),
			file_seconds=settings.file_seconds,
			fragment_ms=settings.fragment_ms,
			still_seconds=settings.still_seconds,
			stall_seconds=settings.stall_seconds,
			audio=camera.records_audio,
			# what we recorded last may lie on another volume, and its row be on its way
			recorded_until_utc_ms=newest(found.recorded_until_utc_ms, self.recorded_until.get(name)),
			min_free_bytes=volume.min_free_bytes,
			marker=volumes.MARKER,
		)
		for event in found.events:
			self.events.put((volume.name, event))
		self.running[name], self.runs_with[name] = recorder, camera
		recorder.start()
		return True

	# What happened

	def deliver(self) -> None:
		"""Events -> journal -> database. Nothing leaves memory or journal before the database has it."""
		fresh: dict[str, list] = {}
		while not self.events.empty():
			volume, event = self.events.get()
			self.log.follow(event)
			fresh.setdefault(volume, []).append(event)
		for volume in {*fresh, *self.unsaved}:
			self.deliver_volume(volume, fresh.get(volume, []))
		if not any(self.unsaved.values()):
			self.delivered_at = time.monotonic()

	def deliver_volume(self, volume: str, fresh: list) -> None:
		path = self.volumes.get(volume)
		if path is None:
			return
		own = journal.Journal(path, self.owner)
		try:
			if not self.wanted_list.watch.answers(volume):
				raise TimeoutError
			own.append([event for event in fresh if isinstance(event, indexer.LASTING)])
			self.found(f"volume {volume}")
		except OSError as error:  # full or gone: the database may still be there, and memory holds the events
			self.missing(f"volume {volume}", error)
		waiting = self.unsaved.setdefault(volume, [])
		waiting.extend(fresh)
		if not waiting:
			return
		try:
			indexer.deliver(waiting, volume, path, self.node)
			self.found("MariaDB")
		except DatabaseAway as error:
			self.missing("MariaDB", error)
			return
		self.unsaved[volume] = []
		try:
			if self.wanted_list.watch.answers(volume):
				own.empty()
		except OSError:
			pass  # delivered once more by whoever finds it: that changes nothing

	def report(self) -> None:
		"""Tells Redis that this recorder lives, and how its cameras are."""
		running = dict(self.running)
		facts = {
			"node": self.node,
			"cameras": len(running),
			"capacity": self.settings.cameras_per_recorder if self.settings else 0,
			"leaving": self.orphan or self.told_to_stop or bool(self.departure),
			"version": giam_sat_mot_cua.__version__,
			"load": round(os.getloadavg()[0], 2),
			"waiting": sum(map(len, list(self.unsaved.values()))) + self.events.qsize(),
			"left_behind": self.left_behind,
			"memory_mb": self.memory_mb,
			"index_delay_s": round(time.monotonic() - self.delivered_at, 1),
			"database_ok": self.ok_at.get("MariaDB"),
		}
		self.fleet.report(self.owner, facts, {name: asdict(r.health()) for name, r in running.items()})

	def keep_one_queued(self) -> None:
		"""Sees to it that another recorder waits behind this one."""
		fleet.keep_one_queued()
		self.found("Redis")

	def report_node(self) -> None:
		"""The Recorder Node row and the volumes of this machine, every half minute."""
		if time.monotonic() < self.next_node_report:
			return
		self.next_node_report = time.monotonic() + NODE_REPORT_S
		try:
			self.memory_mb = round(own_memory_mb(), 1)
			known = self.known_volumes()
			self.left_behind = sum(map(journal.lines_left_behind, known.values()))
			with unit_of_work():
				volume_state.inspect(self.node, self.wanted_list.watch)
				self.clocks.write(
					{name: running.health().clock_offset_s for name, running in self.running.items()}
				)
			values = node_values(self.node, self.fleet)
			with unit_of_work():
				write_node(self.node, values)
				stuck_jobs.free()
			self.adopt_journals(known)
			self.found("node report")
		except (RedisError, DatabaseAway):
			pass  # said by the turn itself
		except Exception as error:  # a report that fails must never end a recording
			self.missing("node report", error)

	def adopt_journals(self, known: dict[str, Path]) -> None:
		"""Delivers what dead recorders of this node left in their journals."""
		for volume, path in known.items():
			for left in journal.left_behind(path):
				indexer.deliver(journal.read_events(left), volume, path, self.node)
				left.unlink(missing_ok=True)

	def known_volumes(self) -> dict[str, Path]:
		"""Volumes of this node that answer, also those that no camera is recorded to now."""
		with unit_of_work():
			rows = volumes.of_node(self.node)
		return {row.name: Path(row.path) for row in rows if self.wanted_list.watch.answers(row.name)}

	def missing(self, service: str, error: Exception) -> None:
		"""Logged once when it goes away, and once when it is back."""
		self.log.service_away(service, error)

	def found(self, service: str) -> None:
		self.ok_at[service] = time.time()
		self.log.service_back(service)

	def stop(self) -> None:
		"""Closes all files, delivers, gives the cameras back. Leases are renewed until then."""
		for name in list(self.running):
			self.end_camera(name)
		while self.ending:
			try:
				self.finish_ending()
			except RedisError:
				pass  # leases end by themselves
			time.sleep(0.05)
		self.ended.set()
		self.deliver()
		try:
			self.fleet.leave(self.owner)
		except RedisError:
			pass  # it is forgotten after a while
		try:
			frappe.connect(set_admin_as_user=False)  # RQ's wrapper commits and closes a connection at the end
			frappe.db.connect()
		except Exception:
			pass


def newest(*times_ms: int | None) -> int | None:
	return max((time_ms for time_ms in times_ms if time_ms), default=None)


@dataclass
class Ending:
	"""A camera that was asked to end and has not yet."""

	recorder: CameraRecorder
	volume: str
	cause: str | None  # of the gap that begins
	deadline: float
	begins_again: bool


def node_values(node: str, recorders: fleet.Fleet) -> dict:
	"""Fields of the Recorder Node row of this machine, from what its recorders told Redis. May raise
	RedisError."""
	now = overview.nodes(recorders.alive().values()).get(node, overview.NodeNow())
	return {
		"state": "Up",
		"last_report": clock.site_time(clock.now_ms()),
		"version": giam_sat_mot_cua.__version__,
		"recorder_count": now.recorders,
		"standby_count": now.standby,
		"camera_count": now.cameras,
		"waiting_events": now.waiting,
		"load_average": round(os.getloadavg()[0], 2),
		"memory_mb": round(now.memory_mb, 1),
		"newest_packet_age": round(overview.oldest_packet_s(recorders.camera_health(), node) or 0, 1),
	}


def write_node(node: str, values: dict) -> None:
	"""Nothing here asks Redis while the row is locked: claims are written to it when Redis hangs."""
	if not frappe.db.exists("Recorder Node", node):
		doc = frappe.get_doc({"doctype": "Recorder Node", "node_name": node, **values})
		# a machine announces itself, and so may another recorder of it at this moment; there is no user
		doc.insert(ignore_permissions=True, ignore_if_duplicate=True)
		return
	table = frappe.qb.DocType("Recorder Node")
	query = frappe.qb.update(table).where(table.name == node)
	for field, value in values.items():
		query = query.set(field, value)
	query.run()
	frappe.db.commit()  # the row is free again
	frappe.clear_document_cache("Recorder Node", node)


def limit_cache() -> None:
	"""Frappe's cache lies in Redis and waits for ever by default; a recorder must not hang with it."""
	pool = frappe.cache().connection_pool
	pool.connection_kwargs |= {"socket_timeout": REDIS_TIMEOUT_S, "socket_connect_timeout": REDIS_TIMEOUT_S}
	pool.disconnect()


def own_memory_mb() -> float:
	for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
		if line.startswith("Pss:"):
			return int(line.split()[1]) / 1000
	return 0.0
