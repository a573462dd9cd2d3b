"""Addresses of cameras that are named by a host name. While no name server answers, the last address that it
gave is used: a camera whose connection breaks then comes back all the same."""

import socket

known: dict[tuple[str, int], list[tuple]] = {}  # what the name server said last, of this process


def addresses(host: str, port: int) -> list[tuple]:
	"""[(family, socket address)] for TCP. Raises socket.gaierror when the name is not known, or was never
	known while nobody answers."""
	try:
		found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
	except socket.gaierror as error:
		if error.errno == socket.EAI_NONAME or (host, port) not in known:
			raise
		return known[host, port]
	known[host, port] = [(family, address) for family, _type, _protocol, _name, address in found]
	return known[host, port]


def connect(host: str, port: int, timeout_s: float) -> socket.socket:
	"""A TCP connection to the first address that answers. Raises OSError, that of the last one."""
	last: OSError = OSError("no address")
	for family, address in addresses(host, port):
		link = socket.socket(family, socket.SOCK_STREAM)
		link.settimeout(timeout_s)
		try:
			link.connect(address)
			return link
		except OSError as error:
			link.close()
			last = error
	raise last
