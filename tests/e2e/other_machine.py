"""A recorder on another machine: run by test_cut_off.py in network and host name namespaces of its own.

`python -m tests.e2e.other_machine HOST SITE SITES_PATH` sets up loopback and the host name, then is the
recorder's job as RQ would run it.
"""

import fcntl
import os
import signal
import socket
import struct
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1


def bring_loopback_up() -> None:
	with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
		fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def main(host: str, site: str, sites_path: str) -> None:
	bring_loopback_up()
	socket.sethostname(host)
	print("up", flush=True)
	sys.stdin.readline()  # the forwarders are there
	import frappe

	os.chdir(sites_path)
	frappe.init(site, sites_path=".")
	frappe.connect()
	from giam_sat_mot_cua.workers import recorder

	recorder.run()


if __name__ == "__main__":
	signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the recorder has its own
	main(*sys.argv[1:])
