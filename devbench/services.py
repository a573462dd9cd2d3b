"""A private MariaDB and two private Redis servers: own data, own ports, loopback only, generated
passwords."""

import shutil
from pathlib import Path

from devbench.console import Failure, run
from devbench.places import Instance, write_private
from devbench.tools import environment

MARIADB_CONFIG = """[mariadbd]
datadir = {data}
port = {port}
bind-address = 127.0.0.1
# relative to datadir, since a socket's whole path may have at most 107 bytes
socket = mariadb.sock
pid-file = {run}/mariadb.pid
init-file = {init}
skip-name-resolve
skip-log-bin
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_ci
character-set-client-handshake = FALSE
innodb_buffer_pool_size = 256M
innodb_log_file_size = 64M
max_allowed_packet = 64M
max_connections = 200
performance_schema = OFF
"""

# Run by the server at every start before it lets anybody in, so root never has an empty password.
MARIADB_INIT = """DROP USER IF EXISTS 'root'@'::1';
CREATE USER IF NOT EXISTS 'root'@'localhost';
CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';
ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';
ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT ALL PRIVILEGES ON *.* TO 'root'@'localhost' WITH GRANT OPTION;
GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
"""

REDIS_CONFIG = """bind 127.0.0.1
port {port}
requirepass {password}
dir {data}
daemonize no
save ""
{more}
"""
# The cache may be lost; the queue holds jobs and leases and is kept on disk.
REDIS_CACHE = "appendonly no\nmaxmemory 256mb\nmaxmemory-policy allkeys-lru"
REDIS_QUEUE = "appendonly yes\nappendfsync everysec"


def redis_program(instance: Instance) -> Path:
	"""Debian's redis-server is a link to redis-check-rdb of redis-tools; ours is the same link."""
	program = instance.root / "run" / "redis-server"
	target = shutil.which("redis-server") or shutil.which("redis-check-rdb")
	if not target:
		raise Failure("Redis is missing.", "Run `make packages` as root or with sudo.")
	program.parent.mkdir(parents=True, exist_ok=True)
	program.unlink(missing_ok=True)
	program.symlink_to(Path(target))
	return program


def mariadb_program() -> str:
	return shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "mariadbd"


def write_configs(instance: Instance, ports: dict[str, int]) -> None:
	root, secrets = instance.root, instance.passwords
	for name in ("run", "conf", "logs", "redis-cache", "redis-queue"):
		(root / name).mkdir(parents=True, exist_ok=True)
	root.chmod(0o700)
	write_private(root / "conf/mariadb-init.sql", MARIADB_INIT.format(password=secrets["mariadb"]))
	write_private(
		root / "conf/mariadb.cnf",
		MARIADB_CONFIG.format(
			data=root / "mariadb",
			port=ports["mariadb"],
			run=root / "run",
			init=root / "conf/mariadb-init.sql",
		),
	)
	for name, more in (("cache", REDIS_CACHE), ("queue", REDIS_QUEUE)):
		text = REDIS_CONFIG.format(
			port=ports[f"redis_{name}"], password=secrets["redis"], data=root / f"redis-{name}", more=more
		)
		write_private(root / f"conf/redis-{name}.conf", text)


def make_database_folder(instance: Instance, log: Path) -> None:
	"""Creates MariaDB's data folder when there is none. A half-made one is made anew."""
	data, made = instance.root / "mariadb", instance.root / "mariadb.made"
	if made.exists():
		return
	shutil.rmtree(data, ignore_errors=True)
	data.mkdir(parents=True)
	run(
		[
			"mariadb-install-db",
			f"--defaults-file={instance.root / 'conf/mariadb.cnf'}",
			"--auth-root-authentication-method=normal",
			"--skip-test-db",
			f"--datadir={data}",
		],
		log,
		env=environment(instance.state),
	)
	made.touch()
