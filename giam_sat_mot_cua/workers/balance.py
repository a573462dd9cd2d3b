"""How many cameras a recorder holds, so that all recorders share the work.

Moving a camera costs it a second, so small differences stay. Shares are worked out by each recorder from what
all report; nobody decides for others.
"""

from math import ceil

LEAST_DIFFERENCE = 5
TOLERANCE = 0.2  # of a share
MOVED_AT_ONCE = 5


def share(wanted: int, others: list[dict]) -> int:
	"""An equal part of `wanted` cameras for each living recorder. `others`: {"cameras", "capacity",
	"leaving"} of each."""
	return ceil(wanted / (1 + sum(1 for facts in others if not facts["leaving"])))


def most(wanted: int, capacity: int, others: list[dict]) -> int:
	"""Up to how many cameras a recorder takes: its share and a little more while others have room for the
	rest, else all it can hold."""
	part = share(wanted, others)
	enough = part + tolerance(part)
	room = sum(facts["capacity"] for facts in others if not facts["leaving"])
	return min(capacity, enough) if room >= wanted - enough else capacity


def surplus(own: int, wanted: int, others: list[dict]) -> int:
	"""How many of its `own` cameras a recorder gives up now, because others hold too few."""
	part = share(wanted, others)
	if own - part <= tolerance(part):
		return 0
	room = sum(
		max(min(part, facts["capacity"]) - facts["cameras"], 0) for facts in others if not facts["leaving"]
	)
	return min(own - part, room, MOVED_AT_ONCE)


def tolerance(part: int) -> int:
	return max(LEAST_DIFFERENCE, ceil(part * TOLERANCE))
