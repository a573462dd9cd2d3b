"""The programs of an instance under supervisord: configuration, start, stop, state."""

import shutil
import subprocess
import time
from pathlib import Path

from devbench import processes
from devbench.console import Failure
from devbench.places import Instance, write_private
from devbench.services import mariadb_program, redis_program
from devbench.tools import environment

WORKERS = ("short", "default", "long")
RECORDING_WORKERS = 2
SERVICES = ("mariadb", "redis-cache", "redis-queue")
LOG_BYTES = 5_000_000

HEAD = """[supervisord]
logfile = {logs}/supervisord.log
logfile_maxbytes = {log_bytes}
logfile_backups = 1
pidfile = {run}/supervisord.pid
childlogdir = {logs}
directory = {run}
umask = 077
environment = {environment}

[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl = unix://{socket}
"""

PROGRAM = """
[program:{name}]
command = {command}
directory = {directory}
priority = {priority}
autostart = {autostart}
autorestart = true
startsecs = 1
startretries = 1000000
stopwaitsecs = {stop_s}
stopasgroup = {group}
killasgroup = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = {log_bytes}
stdout_logfile_backups = 1
redirect_stderr = true
"""


def quoted(word: object) -> str:
	"""A word for supervisord: its own quoting, and % doubled since it expands %(ENV_X)s."""
	text = str(word).replace("%", "%%")
	return '"' + text.replace('"', '\\"') + '"'


def commands(instance: Instance, ports: dict[str, int]) -> list[tuple[str, list[object], Path, int, int]]:
	"""(name, command, folder, priority, seconds to stop) of every program; low priorities start first, stop
	last."""
	root, state, conf = instance.root, instance.state, instance.root / "conf"
	frappe = [state.python, "-m", "frappe.utils.bench_helper", "frappe"]
	redis = redis_program(instance)
	gunicorn = [state.bench / "env/bin/gunicorn", "--bind", f"127.0.0.1:{ports['web']}", "--workers", 2]
	gunicorn += ["--worker-class", "gthread", "--threads", 8, "--timeout", 120, "--graceful-timeout", 5]
	# a client that pauses finds its connection closed at the moment it asks, else
	gunicorn += ["--keep-alive", 60]
	gunicorn += [
		"--worker-tmp-dir",
		root / "run",
		"--access-logfile",
		"/dev/null",
		"devbench.web:application",
	]
	cameras = [
		"/usr/bin/python3",
		"-m",
		"devbench.cameras",
		"--config",
		state.source / "devbench/cameras/demo.json",
	]
	cameras += ["--port", ports["rtsp"], "--login-file", instance.camera_login_file]
	cameras += ["--control-port", ports["rtsp_control"]]
	found = [
		("mariadb", [mariadb_program(), f"--defaults-file={conf / 'mariadb.cnf'}"], root, 10, 60),
		("redis-cache", [redis, conf / "redis-cache.conf"], root, 10, 20),
		("redis-queue", [redis, conf / "redis-queue.conf"], root, 10, 20),
		("cameras", cameras, state.source, 20, 10),
		("web", gunicorn, instance.sites, 30, 15),
		("scheduler", [*frappe, "schedule"], instance.sites, 40, 10),
	]
	for queue in WORKERS:
		found.append((f"worker-{queue}", [*frappe, "worker", "--queue", queue], instance.sites, 40, 60))
	for number in range(1, RECORDING_WORKERS + 1):
		command = [*frappe, "worker", "--queue", "recording"]
		found.append((f"recorder-{number}", command, instance.sites, 50, 40))
	return found


def write_config(instance: Instance, ports: dict[str, int]) -> None:
	env = environment(instance.state, instance)
	env |= {"GSMC_SITE": instance.site, "GSMC_SITES_PATH": str(instance.sites)}
	pairs = ",".join(f"{name}={quoted(value)}" for name, value in env.items())
	run = instance.root / "run"
	for folder in (run, instance.logs, instance.supervisor_socket.parent):
		folder.mkdir(parents=True, exist_ok=True, mode=0o700)
	text = HEAD.format(
		logs=instance.logs,
		run=run,
		socket=instance.supervisor_socket,
		environment=pairs,
		log_bytes=LOG_BYTES,
	)
	for name, command, directory, priority, stop_s in commands(instance, ports):
		text += PROGRAM.format(
			name=name,
			command=" ".join(map(quoted, command)),
			directory=directory,
			priority=priority,
			autostart="true" if name in SERVICES else "false",
			stop_s=stop_s,
			# A worker hands its recordings over by itself; a signal to the whole group would race with that.
			group="false" if name.startswith(("recorder", "worker")) else "true",
			logs=instance.logs,
			log_bytes=LOG_BYTES,
		)
	write_private(config_file(instance), text)


def config_file(instance: Instance) -> Path:
	return instance.root / "conf/supervisord.conf"


def supervisorctl(instance: Instance, *words: str) -> subprocess.CompletedProcess:
	program = instance.state.tools / "python/bin/supervisorctl"
	command = [program, "-c", config_file(instance), *words]
	env = environment(instance.state, instance)
	return subprocess.run(command, capture_output=True, text=True, env=env)


def is_running(instance: Instance) -> bool:
	"""Whether this instance's supervisord answers."""
	if not config_file(instance).exists() or not instance.supervisor_socket.exists():
		return False
	return supervisorctl(instance, "pid").stdout.strip().isdigit()


def states(instance: Instance) -> dict[str, str]:
	"""Program -> supervisor's state (RUNNING, STARTING, BACKOFF, ...)."""
	lines = supervisorctl(instance, "status").stdout.splitlines()
	return {line.split()[0]: line.split()[1] for line in lines if len(line.split()) > 1}


def start_supervisor(instance: Instance) -> None:
	leftover = processes.marked(instance.mark)
	if leftover:  # of a supervisord that was killed
		processes.end(leftover, 15)
	program = instance.state.tools / "python/bin/supervisord"
	env = environment(instance.state, instance)
	done = subprocess.run(
		[program, "-c", config_file(instance)],
		capture_output=True,
		text=True,
		env=env,
		stdin=subprocess.DEVNULL,
	)
	if done.returncode:
		raise Failure(
			"supervisord did not start.",
			"Read its message; run the same command again.",
			instance.logs / "supervisord.log",
			(done.stdout + done.stderr).strip(),
		)


def apply_config(instance: Instance) -> None:
	"""Lets a running supervisord take over a changed configuration; restarts only what changed."""
	supervisorctl(instance, "reread")
	supervisorctl(instance, "update")


def start(instance: Instance, names: list[str]) -> None:
	supervisorctl(instance, "start", *names)


def restart(instance: Instance, names: list[str]) -> None:
	supervisorctl(instance, "restart", *names)


def wait_running(instance: Instance, names: list[str], patience_s: float) -> None:
	until = time.monotonic() + patience_s
	while True:
		now = states(instance)
		waiting = [name for name in names if now.get(name) != "RUNNING"]
		if not waiting:
			return
		if time.monotonic() > until:
			name = waiting[0]
			raise Failure(
				f"{name} does not stay up (state: {now.get(name, 'unknown')}).",
				"Read its log; run the same command again.",
				instance.logs / f"{name}.log",
				tail(instance.logs / f"{name}.log"),
			)
		time.sleep(0.3)


def tail(path: Path, lines: int = 12) -> str:
	try:
		return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
	except OSError:
		return ""


def stop(instance: Instance, patience_s: float = 90) -> None:
	"""Stops everything of this instance, in order, and what outlived its parent."""
	if is_running(instance):
		# supervisord stops by priority; the apps go first, while their services still answer
		names = [name for name in states(instance) if name not in SERVICES]
		recorders = [name for name in names if name.startswith(("recorder", "worker"))]
		supervisorctl(instance, "stop", *recorders)
		supervisorctl(instance, "stop", *[name for name in names if name not in recorders])
		supervisorctl(instance, "shutdown")
		until = time.monotonic() + patience_s
		while is_running(instance) and time.monotonic() < until:
			time.sleep(0.2)
	processes.end(processes.marked(instance.mark), 15)
	if instance.supervisor_socket.parent.parent == Path("/tmp"):
		shutil.rmtree(instance.supervisor_socket.parent, ignore_errors=True)


def is_stopped(instance: Instance) -> bool:
	return not processes.marked(instance.mark)
