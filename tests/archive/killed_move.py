"""Moves a volume to an archive, in a process that kills itself at a step: python -m tests.archive.killed_move
STEP VOLUME ARCHIVE."""

import os
import signal
import sys
from itertools import count

import frappe

from giam_sat_mot_cua.recording import hour_index
from giam_sat_mot_cua.recording.object_store import ObjectStore
from giam_sat_mot_cua.workers import moving, retention, volumes
from giam_sat_mot_cua.workers.moving import Moving
from giam_sat_mot_cua.workers.volume_files import VolumeFiles


def die(*_arguments) -> None:
	os.kill(os.getpid(), signal.SIGKILL)


def while_sending(number: int = 2) -> None:
	real, calls = ObjectStore.put, count()

	def put(self, name: str, *arguments) -> None:
		if name.endswith(".mp4") and next(calls) == number:
			die()
		real(self, name, *arguments)

	ObjectStore.put = put


def when_all_is_sent() -> None:
	Moving.name_archive = die


def before_the_commit() -> None:
	real = hour_index.move

	def move(*arguments):
		real(*arguments)
		die()

	hour_index.move = move


def after_the_commit() -> None:
	Moving.remove_files = die


def while_removing() -> None:
	real = VolumeFiles.remove

	def remove(self, camera: str, starts: list[int]):
		real(self, camera, starts[:1])
		die()

	VolumeFiles.remove = remove


STEPS = (while_sending, when_all_is_sent, before_the_commit, after_the_commit, while_removing)


def main(step: str, volume: str, archive: str) -> None:
	os.chdir(os.environ["GSMC_SITES_PATH"])
	frappe.init(site=os.environ["GSMC_TEST_SITE"], sites_path=".")
	frappe.connect()
	moving.BATCH_FILES = 4
	{found.__name__: found for found in STEPS}[step]()
	row, target = (volumes.rows({"name": name})[0] for name in (volume, archive))
	retention.move_to(target, row)


if __name__ == "__main__":
	main(*sys.argv[1:])
