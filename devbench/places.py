"""Where things lie: the clone, the state folder beside or outside it, and the instances in it."""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CLONE = Path(__file__).resolve().parent.parent
APP = "giam_sat_mot_cua"
ROOT_STATES = Path("/var/lib/gsmc-devbench")
LINK_NAME = ".bench"
DEMO, TEST, RECORDS = "demo", "test", "records"  # instances; tests of records run beside those of cameras


def write_private(path: Path, text: str) -> None:
	"""Writes a file that only its owner may read, in one step."""
	path.parent.mkdir(parents=True, exist_ok=True)
	fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
	with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
		file.write(text)
	fresh.replace(path)


@dataclass(frozen=True)
class State:
	"""Everything that devbench makes, under one folder."""

	root: Path
	source: Path  # the app's working tree that the bench runs: the clone itself, or a copy of it

	@property
	def bench(self) -> Path:
		return self.root / "bench"

	@property
	def python(self) -> Path:
		return self.bench / "env" / "bin" / "python"

	@property
	def tools(self) -> Path:
		return self.root / "tools"

	@property
	def frappe_source(self) -> Path:
		return self.root / "frappe"

	@property
	def logs(self) -> Path:
		return self.root / "logs"

	@property
	def steps_file(self) -> Path:
		return self.root / "steps.json"

	def instance(self, name: str) -> "Instance":
		return Instance(self, name)


@dataclass(frozen=True)
class Instance:
	"""One running set of services with its own data: `demo`, or those of the tests beside it."""

	state: State
	name: str

	@property
	def root(self) -> Path:
		return self.state.root / self.name

	@property
	def bench(self) -> Path:
		"""The bench folder of this instance. Those of tests share apps and Python by links."""
		return self.state.bench if self.name == DEMO else self.root / "bench"

	@property
	def sites(self) -> Path:
		return self.bench / "sites"

	@property
	def site(self) -> str:
		return "giamsat.localhost" if self.name == DEMO else "kiemthu.localhost"

	@property
	def logs(self) -> Path:
		return self.root / "logs"

	@property
	def info_file(self) -> Path:
		"""Address and logins, for people and tests."""
		return self.state.root / f"{self.name}.json"

	@property
	def camera_login_file(self) -> Path:
		return self.root / "camera-login.json"

	@cached_property
	def mark(self) -> str:
		"""Value of the environment variable GSMC_DEVBENCH in every process of this instance."""
		return hashlib.sha256(str(self.root).encode()).hexdigest()[:16]

	@cached_property
	def supervisor_socket(self) -> Path:
		"""A unix socket's path may have at most 107 bytes; a deep clone needs a short one elsewhere."""
		path = self.root / "run" / "supervisor.sock"
		if len(os.fsencode(path)) <= 90:
			return path
		return Path(f"/tmp/gsmc-{os.getuid()}-{self.mark}/supervisor.sock")

	@cached_property
	def passwords(self) -> dict[str, str]:
		"""Generated once for each instance."""
		path = self.root / "passwords.json"
		if not path.exists():
			made = {name: secrets.token_urlsafe(24) for name in ("mariadb", "redis", "administrator")}
			write_private(path, json.dumps(made))
		return json.loads(path.read_text())
