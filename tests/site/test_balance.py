"""Who holds how many cameras."""

import pytest

from giam_sat_mot_cua.workers import balance


def recorder(cameras: int, capacity: int = 300, leaving: bool = False) -> dict:
	return {"cameras": cameras, "capacity": capacity, "leaving": leaving}


@pytest.mark.parametrize(
	("own", "wanted", "others", "given_up"),
	[
		(100, 100, [], 0),  # nobody to give to
		(100, 100, [recorder(0)], 5),
		(100, 100, [recorder(0, leaving=True)], 0),
		(53, 100, [recorder(47)], 0),  # not worth a gap
		(6, 6, [recorder(0)], 0),
		(90, 100, [recorder(10, capacity=12)], 2),  # it has room for two
		(60, 120, [recorder(60), recorder(0)], 5),
	],
)
def test_cameras_move_only_where_they_find_room(own, wanted, others, given_up):
	assert balance.surplus(own, wanted, others) == given_up


@pytest.mark.parametrize(
	("wanted", "capacity", "others", "most"),
	[
		(400, 300, [], 300),
		(400, 300, [recorder(0)], 240),
		(400, 300, [recorder(0, capacity=50)], 300),  # the other cannot take the rest
		(6, 50, [recorder(0)], 8),
		(100, 50, [recorder(50, leaving=True)], 50),
	],
)
def test_nobody_takes_what_others_have_room_for(wanted, capacity, others, most):
	assert balance.most(wanted, capacity, others) == most


def test_giving_up_and_taking_come_to_rest():
	"""Two recorders that follow the rules never pass a camera back and forth."""
	held = [200, 0]
	for _turn in range(100):
		for one, other in ((0, 1), (1, 0)):
			moved = balance.surplus(held[one], 200, [recorder(held[other])])
			held[one] -= moved
			free = 200 - sum(held)
			taken = min(balance.most(200, 300, [recorder(held[one])]) - held[other], free)
			held[other] += max(taken, 0)
	before = list(held)
	assert sum(held) == 200 and abs(held[0] - held[1]) <= 2 * balance.tolerance(100)
	assert balance.surplus(before[0], 200, [recorder(before[1])]) == 0
