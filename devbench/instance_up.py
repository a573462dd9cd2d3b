"""From a set-up state to a running, healthy instance."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from devbench import bench_setup, ports, programs, services
from devbench.console import Failure, Progress
from devbench.places import APP, DEMO, Instance, write_private
from devbench.steps import Steps, fingerprint

HEALTHY_S = 120


def bring_up(instance: Instance, steps: Steps, log: Path) -> dict:
	"""Starts what does not run, creates or migrates the site, seeds the demo province; returns the info
	file."""
	progress = steps.progress
	instance.root.mkdir(parents=True, exist_ok=True)
	chosen = start_services(instance, progress, log)
	bench_setup.write_common_config(instance, chosen)
	with progress.step("Site"):
		bench_setup.make_site(instance, log)
		migrated = bench_setup.migrate_site(instance, log)
	assets_new = instance.name == DEMO and bench_setup.build_assets(instance.state, steps, log)
	start_programs(instance, progress, migrated or assets_new, log)
	info = seed(instance, chosen, progress, log)
	wait_healthy(instance, info, progress)
	return info


def start_services(instance: Instance, progress: Progress, log: Path) -> dict[str, int]:
	if programs.is_running(instance):
		chosen = ports.remembered(instance)
	else:
		with progress.step("Ports"):
			chosen, moved = ports.choose(instance)
			for name in moved:
				progress.say(f"  the port of {name} was taken by another program; it is now {chosen[name]}")
	services.write_configs(instance, chosen)
	programs.write_config(instance, chosen)
	with progress.step("Database folder"):
		services.make_database_folder(instance, log)
	with progress.step("MariaDB and Redis"):
		if programs.is_running(instance):
			programs.apply_config(instance)
			programs.start(instance, list(programs.SERVICES))
		else:
			programs.start_supervisor(instance)
		programs.wait_running(instance, list(programs.SERVICES), 60)
		for name in ("mariadb", "redis_cache", "redis_queue"):
			wait_for_port(instance, name, chosen[name])
	return chosen


def wait_for_port(instance: Instance, name: str, port: int, patience_s: float = 60) -> None:
	until = time.monotonic() + patience_s
	while time.monotonic() < until:
		with socket.socket() as probe:
			probe.settimeout(1)
			if probe.connect_ex(("127.0.0.1", port)) == 0:
				return
		time.sleep(0.2)
	log = instance.logs / f"{name.replace('_', '-')}.log"
	raise Failure(f"{name} does not answer on port {port}.", "Read its log.", log, programs.tail(log))


def start_programs(instance: Instance, progress: Progress, changed: bool, log: Path) -> None:
	"""Starts the programs; restarts those that run old code."""
	with progress.step("Programs"):
		names = [name for name in programs.states(instance) if name not in programs.SERVICES]
		code = fingerprint(instance.state.source / APP, instance.state.source / "devbench")
		started_with = instance.root / "run/code"
		old_code = not started_with.exists() or started_with.read_text() != code
		if changed or old_code:
			bench_setup.bench_command(instance, "clear-cache", log=log)
			programs.restart(instance, names)
			started_with.write_text(code)
		else:
			programs.start(instance, names)
		programs.wait_running(instance, names, 60)


def seed(instance: Instance, chosen: dict[str, int], progress: Progress, log: Path) -> dict:
	"""Seeds the demo province (it adds only what is missing) and writes the info file."""
	wait_until(
		lambda: instance.camera_login_file.exists(),
		30,
		"The demo cameras did not start.",
		instance.logs / "cameras.log",
	)
	with progress.step("Demo province"):
		words = ["gsmc", "seed-demo", "--rtsp-port", str(chosen["rtsp"]), "--json"]
		words += ["--camera-login-file", str(instance.camera_login_file)]
		# its last line holds passwords: kept out of the log
		quiet = log.with_name("seed-demo.log")
		output = bench_setup.bench_command(instance, *words, log=quiet)
		quiet.unlink()
	seeded = json.loads(output.strip().splitlines()[-1])
	logins = {"Administrator": {"user": "Administrator", "password": instance.passwords["administrator"]}}
	info = {
		"url": f"http://127.0.0.1:{chosen['web']}",
		"site": instance.site,
		"bench": str(instance.bench),
		"logins": {**seeded["logins"], **logins},
		"cameras": seeded["cameras"],
		"rtsp_port": chosen["rtsp"],
		"rtsp_control_port": chosen["rtsp_control"],
	}
	write_private(instance.info_file, json.dumps(info, indent=1, ensure_ascii=False))
	return info


def wait_healthy(instance: Instance, info: dict, progress: Progress) -> None:
	"""Waits until the web server answers and every demo camera is being recorded."""
	web_log = instance.logs / "web.log"
	with progress.step("Waiting until the web server answers and every demo camera records"):
		wait_until(
			lambda: answers(info["url"] + "/api/method/ping"), 60, "The web server does not answer.", web_log
		)
		states = lambda: camera_states(info)  # noqa: E731
		wait_until(
			lambda: all(states().get(name) == "Recording" for name in info["cameras"]),
			HEALTHY_S,
			"Not every demo camera is being recorded.",
			instance.logs / "recorder-1.log",
		)


def wait_until(check: Callable[[], bool], patience_s: float, what: str, log: Path) -> None:
	until = time.monotonic() + patience_s
	while not check():
		if time.monotonic() > until:
			raise Failure(what, "Read its log; run the same command again.", log, programs.tail(log))
		time.sleep(0.5)


def answers(url: str) -> bool:
	try:
		with urllib.request.urlopen(url, timeout=10) as response:
			return response.status == 200
	except (OSError, urllib.error.URLError):
		return False


def camera_states(info: dict) -> dict[str, str]:
	"""Camera -> state, asked over REST as the administrator would."""
	login = info["logins"]["Administrator"]
	opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
	body = json.dumps({"usr": login["user"], "pwd": login["password"]}).encode()
	request = urllib.request.Request(
		info["url"] + "/api/method/login", data=body, headers={"Content-Type": "application/json"}
	)
	fields = urllib.request.quote('["name", "state"]')
	try:
		opener.open(request, timeout=15).close()
		with opener.open(
			f"{info['url']}/api/resource/Camera?limit_page_length=0&fields={fields}", timeout=15
		) as got:
			return {row["name"]: row["state"] for row in json.load(got)["data"]}
	except (OSError, urllib.error.URLError):
		return {}
