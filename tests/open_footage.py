"""What a process writes at this moment, from its open files."""

import contextlib
import os
from pathlib import Path


def written_by(pid: int) -> set[str]:
	"""Cameras whose footage a process holds open; none when it has ended."""
	found = set()
	with contextlib.suppress(OSError):
		for handle in list(Path(f"/proc/{pid}/fd").iterdir()):
			with contextlib.suppress(OSError):
				target = Path(os.readlink(handle))
				if target.suffix == ".mp4":
					found.add(target.parents[3].name)
	return found
