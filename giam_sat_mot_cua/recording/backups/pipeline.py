"""Two programs with a pipe between them, of which both must end well. They do not outlive this process,
however it ends."""

import ctypes
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from giam_sat_mot_cua.recording.backups.programs import CommandFailed

NICE = 10  # recorders and people go first
PR_SET_PDEATHSIG = 1  # prctl(2)
LIBC = ctypes.CDLL(None)


def pipe(first: list[str], second: list[str], output: BinaryIO, env: Mapping[str, str]) -> None:
	"""Runs `first | second >> output`, both in the environment `env`. CommandFailed with what they said."""
	with tempfile.TemporaryFile() as errors:
		options = {"stderr": errors, "env": env, "preexec_fn": dying_with(os.getpid())}
		running: list[subprocess.Popen] = []
		try:
			running.append(
				subprocess.Popen(first, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options)
			)
			between = running[0].stdout
			with between:  # the second one's alone: the first one is told when that ends
				running.append(subprocess.Popen(second, stdin=between, stdout=output, **options))
			for program in running:
				program.wait()
		finally:
			for program in running:
				if program.poll() is None:
					program.kill()
					program.wait()
		failed = [how_ended(program) for program in running if program.returncode]
		if failed:
			errors.seek(0)
			said = errors.read().decode(errors="replace").strip()
			raise CommandFailed("\n".join([said, *failed]).strip())


def dying_with(parent: int) -> Callable[[], None]:
	"""What a program does before it begins: it is killed when `parent` is gone."""

	def prepare() -> None:
		os.nice(NICE)
		LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
		if os.getppid() != parent:  # it went before the kernel knew
			os._exit(1)

	return prepare


def how_ended(program: subprocess.Popen) -> str:
	name, code = Path(program.args[0]).name, program.returncode
	return f"{name}: {signal.strsignal(-code) if code < 0 else f'exit code {code}'}"
