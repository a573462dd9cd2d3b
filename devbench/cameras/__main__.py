"""`/usr/bin/python3 -m devbench.cameras`: RTSP cameras for the demo province and for tests."""

import argparse
import json
import os
import secrets
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from devbench.cameras.packages import APT_PACKAGES
from devbench.places import write_private


def main() -> int:
	parser = argparse.ArgumentParser(prog="devbench.cameras", description=__doc__)
	parser.add_argument("--config", type=Path, help="JSON list of cameras (see README.md)")
	parser.add_argument("--port", type=int, default=0, help="RTSP port on 127.0.0.1; 0 takes a free one")
	parser.add_argument("--login-file", type=Path, help="JSON with username and password; made when missing")
	parser.add_argument(
		"--control-port", type=int, help="HTTP port on 127.0.0.1 for faults; off when missing"
	)
	parser.add_argument("--ready-file", type=Path, help="written with the ports once the server listens")
	parser.add_argument("--timezone", default="Asia/Ho_Chi_Minh", help="of the burnt-in clock")
	parser.add_argument("--list-packages", action="store_true", help="print the Debian packages needed")
	options = parser.parse_args()
	if options.list_packages:
		print(" ".join(APT_PACKAGES))
		return 0
	if not options.config:
		parser.error("--config is missing")
	try:
		from devbench.cameras import server
	except (ImportError, ValueError) as error:
		print(f"A Debian package is missing ({error}): {' '.join(APT_PACKAGES)}", file=sys.stderr)
		return 4
	return serve(server, options)


def serve(server, options: argparse.Namespace) -> int:
	configs = server.read_configs(options.config.read_text())
	cameras = server.CameraServer(configs, read_login(options.login_file), options.timezone)
	try:
		port = cameras.listen(options.port)
		control = start_control(server, cameras, options.control_port)
	except OSError as error:
		print(f"Cannot listen: {error}", file=sys.stderr)
		return 3
	if options.ready_file:
		write_private(options.ready_file, json.dumps({"port": port, "control_port": control}))
	print(f"{len(configs)} cameras on 127.0.0.1:{port}", flush=True)
	loop = server.main_loop()
	for number in (signal.SIGTERM, signal.SIGINT):
		server.GLib.unix_signal_add(server.GLib.PRIORITY_HIGH, number, loop.quit)
	loop.run()
	# Clients' threads may still hold the pipelines: nothing is left to save, so leave at once.
	os._exit(0)


def read_login(path: Path | None) -> dict:
	"""User name and password of the cameras that ask for one. Made when the file is missing."""
	if path and path.exists():
		return json.loads(path.read_text())
	login = {"username": "giamsat", "password": secrets.token_urlsafe(12)}
	if path:
		write_private(path, json.dumps(login))
	return login


def start_control(server, cameras, port: int | None) -> int | None:
	"""Takes orders as JSON by POST: {"action": "freeze", "path": "/cam-1"}."""
	if port is None:
		return None

	class Control(BaseHTTPRequestHandler):
		def do_POST(self):
			order = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
			done, answer = threading.Event(), []

			def act() -> bool:
				answer.append(cameras.control(order))
				done.set()
				return False

			server.GLib.idle_add(act)
			done.wait(10)
			wrong = answer[0] if answer else "the server is busy"
			self.send_response(400 if wrong else 200)
			self.end_headers()
			self.wfile.write(wrong.encode())

		def log_message(self, *_args) -> None:
			pass

	http = ThreadingHTTPServer(("127.0.0.1", port), Control)
	threading.Thread(target=http.serve_forever, daemon=True).start()
	return http.server_address[1]


if __name__ == "__main__":
	sys.exit(main())
