"""`gsmc-media`: the media library on a command line, without Frappe.

Exit codes: 0 done, 2 wrong usage, 3 the stream failed, 4 the storage failed. Of `verify`: 0 intact,
1 changed, 2 wrong usage, 3 unreadable.
"""

import argparse
import json
import os
import queue
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from giam_sat_mot_cua.media import events, layout, repair
from giam_sat_mot_cua.media import probe as probing
from giam_sat_mot_cua.media.camera_stream import CameraStream, StreamError, StreamFault
from giam_sat_mot_cua.media.evidence import verify
from giam_sat_mot_cua.media.recorder import CameraRecorder

EXIT_CODES = {StreamFault.STORAGE: 4, StreamFault.BAD_ADDRESS: 2}
PASSWORD_VARIABLE = "GSMC_CAMERA_PASSWORD"


def main(arguments: list[str] | None = None) -> int:
	options = parser().parse_args(arguments)
	try:
		return options.action(options)
	except StreamError as error:
		print(f"gsmc-media: {error}", file=sys.stderr)
		return EXIT_CODES.get(error.fault, 3)
	except (ValueError, FileNotFoundError) as error:
		print(f"gsmc-media: {error}", file=sys.stderr)
		return 2
	except OSError as error:
		print(f"gsmc-media: {error.strerror}: {error.filename or ''}", file=sys.stderr)
		return 4


def parser() -> argparse.ArgumentParser:
	top = argparse.ArgumentParser(prog="gsmc-media", description=__doc__)
	commands = top.add_subparsers(required=True, metavar="COMMAND")
	one = commands.add_parser("probe", help="say what a stream holds")
	one.add_argument("url", help="rtsp://HOST[:PORT]/PATH")
	add_login(one)
	one.add_argument("--seconds", type=float, default=6, help="how long to listen")
	one.add_argument("--json", action="store_true", help="machine-readable output")
	one.set_defaults(action=probe)
	one = commands.add_parser("record", help="record cameras until interrupted")
	one.add_argument(
		"--camera", action="append", required=True, metavar="ID=URL", help="may be given many times"
	)
	one.add_argument("--out", type=Path, required=True, help="folder of the footage")
	add_login(one)
	one.add_argument("--seconds", type=float, help="end by itself after so long")
	one.add_argument("--file-seconds", type=int, default=60)
	one.add_argument("--json", action="store_true", help="every event as a line of JSON")
	one.set_defaults(action=record)
	one = commands.add_parser("repair", help="mend files that a crash left open")
	one.add_argument("folder", type=Path, help="folder of the footage")
	one.add_argument("--json", action="store_true", help="machine-readable output")
	one.set_defaults(action=repair_folder)
	one = commands.add_parser("verify", help="verify an evidence package")
	verify.add_arguments(one)
	one.set_defaults(action=verify.run)
	one = commands.add_parser("fingerprint", help="fingerprint of a certificate, as it is printed")
	one.add_argument("certificate", help="PEM or DER")
	one.set_defaults(action=fingerprint)
	return top


def add_login(command: argparse.ArgumentParser) -> None:
	command.add_argument("--username", default="")
	command.add_argument(
		"--password-file", type=Path, help=f"file with the password; else {PASSWORD_VARIABLE}"
	)
	command.add_argument("--transport", choices=("tcp", "udp"), default="tcp", help="rtsps is always tcp")


def camera_stream(camera: str, url: str, options: argparse.Namespace) -> CameraStream:
	"""A login inside the URL is taken out of it at once; it is never shown."""
	password = os.environ.get(PASSWORD_VARIABLE, "")
	if options.password_file:
		password = options.password_file.read_text().strip()
	username = options.username
	parts = urlsplit(url)
	login, _at, host = parts.netloc.rpartition("@")
	if login:
		name, _colon, secret = login.partition(":")
		username, password = unquote(name), unquote(secret)
		url = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
	return CameraStream(camera, url, username, password, options.transport)


def probe(options: argparse.Namespace) -> int:
	found = probing.probe(camera_stream("probe", options.url, options), options.seconds)
	if options.json:
		print(json.dumps(asdict(found), ensure_ascii=False))
		return 0
	info = found.info
	audio = f"{info.audio_codec} {info.audio_rate} Hz" if info.audio_codec else "no audio"
	every = f"a key frame every {found.key_interval_s:g} s" if found.key_interval_s else "key frames unknown"
	picture = f"{info.video_codec} {info.width}x{info.height} {info.fps:g} fps, {found.kbit} kbit/s"
	print(f"{picture}, {every}, {audio}")
	for finding in found.findings:
		print(f"- {finding.en}\n  {finding.vi}")
	return 0


def record(options: argparse.Namespace) -> int:
	found: queue.SimpleQueue = queue.SimpleQueue()
	recorders = []
	options.out.mkdir(parents=True, exist_ok=True)
	for text in options.camera:
		camera, equals, url = text.partition("=")
		if not equals:
			raise ValueError("write a camera as ID=URL")
		if camera in [recorder.stream.camera for recorder in recorders]:
			raise ValueError(f"camera {camera} is given twice")
		chosen = camera_stream(layout.check_camera(camera), url, options)
		recorders.append(CameraRecorder(chosen, options.out, found.put, file_seconds=options.file_seconds))
	ended = threading.Event()
	for number in (signal.SIGINT, signal.SIGTERM):
		signal.signal(number, lambda *_args: ended.set())
	printer = threading.Thread(target=print_events, args=(found, options.json), daemon=True)
	printer.start()
	for recorder in recorders:
		recorder.start()
	ended.wait(options.seconds)
	for recorder in recorders:
		recorder.request_stop()
	closed = all([recorder.stop(15) for recorder in recorders])
	found.put(None)
	printer.join(5)
	return 0 if closed else 3


def print_events(found: queue.SimpleQueue, as_json: bool) -> None:
	while (event := found.get()) is not None:
		print(events.to_json(event) if as_json else in_words(event), flush=True)


def in_words(event: events.Event) -> str:
	facts = {
		name: value for name, value in asdict(event).items() if value not in (None, "") and name != "camera"
	}
	shown = " ".join(f"{name}={value}" for name, value in facts.items() if name not in ("info", "sha256"))
	return f"{event.camera}: {type(event).__name__} {shown}"


def repair_folder(options: argparse.Namespace) -> int:
	if not options.folder.is_dir():
		raise FileNotFoundError(f"no folder {options.folder}")
	for path, _start, _size in layout.iter_files(options.folder):
		try:
			found = repair.repair(options.folder, path)
		except repair.EmptyRecording:
			print(json.dumps({"path": path, "empty": True}) if options.json else f"{path}: empty")
			continue
		words = f"{path}: {found.duration_ms} ms, {found.size_bytes} bytes, sha256 {found.sha256}"
		print(json.dumps(asdict(found)) if options.json else words)
	return 0


def fingerprint(options: argparse.Namespace) -> int:
	print(verify.grouped(verify.fingerprint_of_file(options.certificate)))
	return 0


if __name__ == "__main__":
	sys.exit(main())
