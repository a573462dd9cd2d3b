"""The bench: made by the official `bench`, so that every bench command works in it afterwards."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devbench import frappe_source, programs
from devbench.console import Failure, run
from devbench.places import APP, DEMO, RECORDS, TEST, Instance, State, write_private
from devbench.steps import Steps, fingerprint
from devbench.tools import environment


def make_source(state: State, steps: Steps, log: Path) -> Path:
	"""The git repository that Frappe comes from."""
	chosen = frappe_source.chosen_source()
	if chosen:
		return chosen
	target = state.frappe_source
	steps.once(
		"frappe source",
		"Frappe's source, from the package index",
		frappe_source.source_fingerprint(),
		lambda: frappe_source.make_repository(target, state.tools / "python/bin/python", log),
		(target / "frappe/__init__.py").exists,
	)
	return target


def make_bench(state: State, steps: Steps, source: Path, python: str, log: Path) -> None:
	bench, env = state.bench, environment(state)

	def init() -> None:
		for name in (TEST, RECORDS, DEMO):
			programs.stop(state.instance(name))  # what runs would write into the sites while they move
		keep_sites_of_old_bench(state)
		branch = run(["git", "-C", source, "branch", "--show-current"], log, env=env).strip()
		options = ["--skip-assets", "--no-backups", "--no-procfile", "--skip-redis-config-generation"]
		options += ["--python", python, "--frappe-path", str(source), "--frappe-branch", branch or "HEAD"]
		run(["bench", "init", *options, bench], log, cwd=state.root, env=env, registry=True)
		if not (bench / "env/bin/python").exists():
			raise Failure(
				"bench init ended without an environment.", "Read the log; run the command again.", log
			)
		restore_sites(state)

	made = fingerprint(frappe_source.source_fingerprint(), python)
	steps.once("bench", "Bench with Frappe", made, init, (bench / "env/bin/python").exists)


def keep_sites_of_old_bench(state: State) -> None:
	"""A new bench (another Frappe, a run that broke) keeps the sites of the one before."""
	kept, sites = state.root / "sites.kept", state.bench / "sites"
	if sites.is_dir() and any(path.name == "site_config.json" for path in sites.glob("*/site_config.json")):
		shutil.rmtree(kept, ignore_errors=True)
		sites.rename(kept)
	shutil.rmtree(state.bench, ignore_errors=True)


def restore_sites(state: State) -> None:
	kept = state.root / "sites.kept"
	if not kept.is_dir():
		return
	for site in kept.iterdir():
		if (site / "site_config.json").exists():
			target = state.bench / "sites" / site.name
			shutil.rmtree(target, ignore_errors=True)
			site.rename(target)
	shutil.rmtree(kept)


def link_app(state: State) -> None:
	"""Puts the app into the bench by a link and into apps.txt, as `bench get-app` does by a clone."""
	link = state.bench / "apps" / APP
	if not link.is_symlink() or link.resolve() != state.source:
		link.unlink(missing_ok=True)
		link.symlink_to(state.source)
	add_line(state.bench / "sites/apps.txt", APP)


def add_line(path: Path, line: str) -> None:
	lines = path.read_text().split() if path.exists() else []
	if line not in lines:
		path.write_text("\n".join([*lines, line]) + "\n")


def install_app(state: State, steps: Steps, log: Path, frontend: bool = True) -> None:
	"""The app's Python and JavaScript packages in the bench's environment."""
	link_app(state)
	env, source, bench = environment(state), state.source, state.bench

	def pip() -> None:
		run([bench / "env/bin/pip", "install", "-q", "-e", source], log, cwd=bench, env=env, registry=True)
		run(
			[bench / "env/bin/pip", "install", "-q", *dev_dependencies(source)],
			log,
			cwd=bench,
			env=env,
			registry=True,
		)

	def yarn() -> None:
		run(["yarn", "install", "--silent", "--no-lockfile"], log, cwd=source, env=env, registry=True)

	bench_made = steps.done().get("bench", "")
	made = fingerprint(bench_made, source / "setup.py", source / "pyproject.toml", str(source))
	steps.once("app python", "The app's Python packages", made, pip)
	made = fingerprint(source / "package.json", str(source))
	steps.once("app node", "The app's JavaScript packages", made, yarn, (source / "node_modules").is_dir)


def dev_dependencies(source: Path) -> list[str]:
	"""`[tool.bench.dev-dependencies]` of pyproject.toml, as pip wants them. (No TOML reader before Python
	3.11.)"""
	found, inside = [], False
	for line in (source / "pyproject.toml").read_text().splitlines():
		if line.startswith("["):
			inside = line.strip() == "[tool.bench.dev-dependencies]"
		elif inside and "=" in line:
			name, _equals, version = line.partition("=")
			found.append(name.strip().strip('"') + version.strip().strip('"'))
	return found


def build_assets(state: State, steps: Steps, log: Path) -> bool:
	"""The Desk's bundles: all when Frappe changed, else the app's own."""
	done = steps.done()
	frappe_made = fingerprint(done.get("bench", ""))
	public = state.source / APP / "public"
	made = fingerprint(frappe_made, public, state.source / "package.json")

	def build() -> None:
		only = [] if steps.needs("frappe assets", frappe_made) else ["--app", APP]
		run(
			["bench", "build", "--production", "--force", *only], log, cwd=state.bench, env=environment(state)
		)
		steps.remember("frappe assets", frappe_made)

	there = (state.bench / "sites/assets/assets.json").exists
	return steps.once("assets", "Desk assets", made, build, lambda: there() and dist_is_there(state))


def dist_is_there(state: State) -> bool:
	return (state.source / APP / "public/dist").is_dir()


def write_common_config(instance: Instance, ports: dict[str, int]) -> None:
	"""common_site_config.json; keys that a person added stay."""
	path, password = instance.sites / "common_site_config.json", instance.passwords["redis"]
	config = json.loads(path.read_text()) if path.exists() else {}
	config.pop("redis_socketio", None)
	queue = f"redis://:{password}@127.0.0.1:{ports['redis_queue']}"
	config |= {
		"db_host": "127.0.0.1",
		"db_port": ports["mariadb"],
		"redis_cache": f"redis://:{password}@127.0.0.1:{ports['redis_cache']}",
		"redis_queue": queue,
		"redis_socketio": queue,
		"webserver_port": ports["web"],
		"default_site": instance.site,
		"disable_async": 1,  # no socket.io server
		"scheduler_tick_interval": 10,
		"workers": {**config.get("workers", {}), "recording": {"timeout": 3600}},
		"serve_default_site": True,
	}
	write_private(path, json.dumps(config, indent=1))


def bench_command(instance: Instance, *words: str, log: Path, hide: tuple[str, ...] = ()) -> str:
	"""`bench --site SITE ...`, without the start-up time of the bench program itself."""
	program = [instance.state.python, "-m", "frappe.utils.bench_helper", "frappe", "--site", instance.site]
	env = environment(instance.state, instance)
	return run([*program, *words], log, cwd=instance.sites, env=env, hide=hide)


def make_site(instance: Instance, log: Path) -> None:
	"""A new site with the app. A half-made one is dropped first."""
	made = instance.root / "site.made"
	if made.exists() and (instance.sites / instance.site / "site_config.json").exists():
		return
	secrets = instance.passwords
	shutil.rmtree(instance.sites / instance.site, ignore_errors=True)
	program = [instance.state.python, "-m", "frappe.utils.bench_helper", "frappe"]
	words = ["new-site", "--force", "--no-mariadb-socket", "--db-root-username", "root"]
	hide = (secrets["mariadb"], secrets["administrator"])
	env = environment(instance.state, instance)
	with passwords_in_config(instance):
		run([*program, *words, instance.site], log, cwd=instance.sites, env=env, hide=hide)
	(instance.sites / instance.site / "site_config.json").chmod(0o600)
	bench_command(instance, "install-app", APP, log=log)
	made.write_text(schema_fingerprint(instance.state))


@contextmanager
def passwords_in_config(instance: Instance) -> Iterator[None]:
	"""Both passwords in the bench's configuration file, which only its user reads, while a site is made: on a
	command line every user of the machine would see them."""
	path = instance.sites / "common_site_config.json"
	before = path.read_text()
	passwords = {
		"root_password": instance.passwords["mariadb"],
		"admin_password": instance.passwords["administrator"],
	}
	write_private(path, json.dumps(json.loads(before) | passwords, indent=1))
	try:
		yield
	finally:
		write_private(path, before)


def migrate_site(instance: Instance, log: Path) -> bool:
	"""Migrates when the app's records, patches or fixtures changed since the last time."""
	made, now = instance.root / "site.made", schema_fingerprint(instance.state)
	if made.read_text() == now:
		return False
	bench_command(instance, "migrate", log=log)
	made.write_text(now)
	return True


def schema_fingerprint(state: State) -> str:
	app = state.source / APP
	records = sorted(path for path in app.glob("**/*.json") if "node_modules" not in path.parts)
	records = [path for path in records if "public" not in path.parts]
	more = [
		app / "hooks.py",
		app / "patches.txt",
		app / "setup",
		state.source / "fixtures",
		state.source / "patches",
	]
	return fingerprint(steps_bench(state), *records, *more)


def steps_bench(state: State) -> str:
	return json.loads(state.steps_file.read_text()).get("bench", "") if state.steps_file.exists() else ""


def make_test_bench(instance: Instance) -> None:
	"""The test instance's bench folder: apps, Python and built assets by links, sites and logs of its own."""
	shared, own = instance.state.bench, instance.bench
	for name in ("sites", "logs", "config"):
		(own / name).mkdir(parents=True, exist_ok=True)
	for name in ("apps", "env"):
		link = own / name
		link.unlink(missing_ok=True)
		link.symlink_to(shared / name)
	for name in ("apps.txt", "apps.json"):
		if (shared / "sites" / name).exists():
			shutil.copyfile(shared / "sites" / name, own / "sites" / name)
	assets = own / "sites/assets"
	if not assets.is_symlink():
		shutil.rmtree(assets, ignore_errors=True)
		assets.symlink_to(shared / "sites/assets")
