"""What processes cost: CPU seconds and memory of a process with all its children."""

import contextlib

import psutil


def trees(pids: list[int]) -> list[psutil.Process]:
	found = {}
	for pid in pids:
		with contextlib.suppress(psutil.NoSuchProcess):
			process = psutil.Process(pid)
			found |= {one.pid: one for one in (process, *process.children(recursive=True))}
	return list(found.values())


def cpu_seconds(processes: list[psutil.Process]) -> float:
	times = [process.cpu_times() for process in processes]
	return sum(time.user + time.system for time in times)


def memory_mb(processes: list[psutil.Process]) -> float:
	return sum(process.memory_full_info().pss for process in processes) / 1e6
