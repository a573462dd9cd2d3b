"""Carries TCP connections between two network namespaces through sockets in a folder, which both see.

`python -m tests.e2e.forward outside FOLDER PORT...` in the namespace of the services,
`python -m tests.e2e.forward inside FOLDER PORT...` in the other, where the same ports then answer.
A stopped process (SIGSTOP) is a network that swallows everything.
"""

import asyncio
import sys
from pathlib import Path


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
	try:
		while data := await reader.read(65536):
			writer.write(data)
			await writer.drain()
	except OSError:
		pass
	finally:
		writer.close()


async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opening) -> None:
	try:
		far_reader, far_writer = await opening
	except OSError:
		writer.close()
		return
	await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))


async def serve(side: str, folder: Path, ports: list[int]) -> None:
	for port in ports:
		place = folder / f"{port}.sock"
		if side == "outside":
			await asyncio.start_unix_server(
				lambda r, w, port=port: join(r, w, asyncio.open_connection("127.0.0.1", port)), place
			)
		else:
			await asyncio.start_server(
				lambda r, w, place=place: join(r, w, asyncio.open_unix_connection(place)), "127.0.0.1", port
			)
	print("ready", flush=True)
	await asyncio.Event().wait()


if __name__ == "__main__":
	asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
