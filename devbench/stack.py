"""A running instance as a test sees it: its address and logins, its programs, and how to break them."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from devbench import processes, programs
from devbench.instance_up import answers
from devbench.places import Instance, State
from devbench.tools import environment


class Stack:
	"""One running instance. `from_env` reads what `make test` says."""

	def __init__(self, instance: Instance):
		self.instance = instance
		self.info = json.loads(instance.info_file.read_text())
		self.url: str = self.info["url"]
		self.site: str = self.info["site"]
		self.logins: dict[str, dict] = self.info["logins"]
		self.cameras: list[str] = self.info["cameras"]
		self.rtsp_port: int = self.info["rtsp_port"]

	@classmethod
	def from_env(cls) -> "Stack":
		state = State(Path(os.environ["GSMC_STATE"]), Path(os.environ["GSMC_SOURCE"]))
		return cls(state.instance(os.environ["GSMC_INSTANCE"]))

	@property
	def logs(self) -> Path:
		return self.instance.logs

	@property
	def footage(self) -> Path:
		return self.instance.sites / self.site / "footage"

	def states(self) -> dict[str, str]:
		return programs.states(self.instance)

	def pid(self, program: str) -> int:
		return int(programs.supervisorctl(self.instance, "pid", program).stdout.strip())

	def children(self, program: str) -> list[int]:
		"""Process ids whose parent is the program's process: an RQ worker's work horse, say."""
		parent = str(self.pid(program))
		found = []
		for pid in processes.marked(self.instance.mark):
			try:
				fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
			except OSError:
				continue
			if fields[1] == parent:
				found.append(pid)
		return found

	def kill(self, program: str) -> int:
		"""kill -9 of a program's process; returns its old pid."""
		pid = self.pid(program)
		os.kill(pid, signal.SIGKILL)
		return pid

	def stop(self, *names: str) -> None:
		programs.supervisorctl(self.instance, "stop", *names)

	def start(self, *names: str) -> None:
		programs.supervisorctl(self.instance, "start", *names)

	def wait_back(self, program: str, old_pid: int, patience_s: float = 15) -> float:
		"""Waits until the program runs again with another pid; returns how long that took."""
		began = time.monotonic()
		while time.monotonic() - began < patience_s:
			if self.states().get(program) == "RUNNING" and self.pid(program) != old_pid:
				return time.monotonic() - began
			time.sleep(0.2)
		raise AssertionError(f"{program} is not back after {patience_s} s: {self.states()}")

	def web_answers(self) -> bool:
		return answers(self.url + "/api/method/ping")

	def bench(self, *words: str) -> subprocess.CompletedProcess:
		"""`bench --site SITE ...` of this instance."""
		with self.start_bench(*words) as process:
			try:
				out, err = process.communicate(timeout=300)
			except subprocess.TimeoutExpired:
				process.kill()
				raise
		return subprocess.CompletedProcess(process.args, process.returncode, out, err)

	def start_bench(self, *words: str) -> subprocess.Popen:
		"""Starts `bench --site SITE ...` of this instance."""
		program = [
			self.instance.state.python,
			"-m",
			"frappe.utils.bench_helper",
			"frappe",
			"--site",
			self.site,
		]
		env = environment(self.instance.state, self.instance)
		pipe = subprocess.PIPE
		return subprocess.Popen(
			[*program, *words], cwd=self.instance.sites, env=env, stdout=pipe, stderr=pipe, text=True
		)
