"""Progress on the terminal, commands with a log, and failures that say what to do."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

TAIL_LINES = 12

# (words in a command's output, what happened, what to do): the first match explains a failure.
CAUSES = (
	(
		("no space left on device", "enospc", "disk quota exceeded"),
		"The disk is full.",
		"Free some space (the bench needs about 3 GB) and run the same command again.",
	),
	(
		("could not get lock", "unable to acquire the dpkg frontend lock", "is another process using it"),
		"Another program is installing system packages and holds apt's lock.",
		"Wait until it has finished (for example unattended-upgrades), then run the same command again.",
	),
	(
		("permission denied", "eacces"),
		"A file or folder may not be read or written.",
		"Look in the log for its name; files made by another user are the usual reason.",
	),
)

# For commands that talk to a package registry.
CERTIFICATE = (
	("self_signed_cert", "certificate verify failed", "unable to get local issuer certificate"),
	"A package registry showed a certificate that this machine does not trust.",
	"Name it to npm and pip (NODE_EXTRA_CA_CERTS, PIP_CERT), then run the same command again.",
)
REGISTRY = (
	(
		"temporary failure in name resolution",
		"could not resolve",
		"network is unreachable",
		"connection timed out",
		"connection refused",
		"enotfound",
		"econnrefused",
		"econnreset",
		"etimedout",
		"eai_again",
		"failed to establish a new connection",
		"couldn't find any versions for",
		"no matching distribution found",
		"could not find a version that satisfies",
		"unable to fetch some archives",
	),
	"A package registry did not answer or did not have what was asked for.",
	"Check the network and the registry settings of pip, npm and apt, then run the same command again.",
)


class Failure(Exception):
	"""Something a person must know: what went wrong, what to do, where to read more."""

	def __init__(self, what: str, advice: str = "", log: Path | None = None, details: str = ""):
		super().__init__(what)
		self.what, self.advice, self.log, self.details = what, advice, log, details


class Progress:
	"""Step names with the time since the command began, on standard output or in a file."""

	def __init__(self, out: TextIO | None = None):
		self.out = out
		self.began = time.monotonic()
		self.current = ""

	@contextmanager
	def step(self, title: str) -> Iterator[None]:
		self.current = title
		self.say(title)
		yield
		self.current = ""

	def say(self, text: str) -> None:
		seconds = int(time.monotonic() - self.began)
		print(f"[{seconds // 60}:{seconds % 60:02d}] {text}", file=self.out, flush=True)

	def failed(self, failure: Failure) -> None:
		lines = ["", f"Failed: {self.current or 'the command'}", f"  {failure.what}"]
		if failure.details:
			lines += ["", *(f"  | {line}" for line in failure.details.splitlines())]
		if failure.advice:
			lines += ["", f"  What to do: {failure.advice}"]
		if failure.log:
			lines += [f"  Log: {failure.log}"]
		print("\n".join(lines), file=self.out or sys.stderr, flush=True)


def run(
	command: Sequence[str | os.PathLike],
	log: Path,
	*,
	cwd: Path | None = None,
	env: dict[str, str] | None = None,
	hide: Sequence[str] = (),
	registry: bool = False,
) -> str:
	"""Runs `command` with its output appended to `log`; returns the output.

	`hide` lists secrets that are replaced in the log; `registry` tells that the command downloads packages.
	Raises Failure, with the cause in plain words if it is known.
	"""
	log.parent.mkdir(parents=True, exist_ok=True)
	words = [os.fspath(word) for word in command]
	try:
		done = subprocess.run(
			words,
			cwd=cwd,
			env=env,
			stdin=subprocess.DEVNULL,
			stdout=subprocess.PIPE,
			stderr=subprocess.STDOUT,
			text=True,
			errors="replace",
		)
	except FileNotFoundError as error:
		raise Failure(f"The program {words[0]} is missing.", log=log) from error
	output, shown = done.stdout, " ".join(words)
	for secret in hide:
		output, shown = output.replace(secret, "…"), shown.replace(secret, "…")
	with log.open("a") as file:
		file.write(f"$ {shown}\n{output}\n[exit code {done.returncode}]\n\n")
	if done.returncode:
		raise explained(Path(words[0]).name, output, log, registry)
	return output


def explained(program: str, output: str, log: Path | None, registry: bool = False) -> Failure:
	"""A Failure for a command that ended badly, worded by what its output says."""
	low = output.lower()
	tail = "\n".join(output.rstrip().splitlines()[-TAIL_LINES:])
	for words, what, advice in (*CAUSES, CERTIFICATE, REGISTRY) if registry else CAUSES:
		if any(word in low for word in words):
			return Failure(what, advice, log, tail)
	return Failure(f"{program} ended with an error.", "Read the log; run the same command again.", log, tail)
