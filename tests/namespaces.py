"""Namespaces of its own for a process: disks, networks and host names that nobody else sees, without root."""

import subprocess

import pytest


def separated(*kinds: str) -> list[str]:
	"""The beginning of a command that runs in namespaces of these kinds ("mount", "net", "uts"); skips the
	test where the machine lets nobody but root make them."""
	command = ["unshare", "--user", "--map-root-user", *(f"--{kind}" for kind in kinds)]
	if subprocess.run([*command, "true"], capture_output=True).returncode:
		pytest.skip("this machine lets nobody but root make namespaces")
	return command
