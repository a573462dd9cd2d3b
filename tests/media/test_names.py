"""Host names of cameras while the name server is away: in namespaces without a network, with a table of hosts
that is changed under the running process."""

import json
import subprocess
import sys
from pathlib import Path

from tests.namespaces import separated

SOURCE = Path(__file__).resolve().parents[2]
CASE = """
import json, socket, sys
from pathlib import Path
from giam_sat_mot_cua.media.rtsp import names

def tried(host):
	try:
		return names.addresses(host, 554)[0][1][0]
	except socket.gaierror as error:
		return "unknown"

hosts = Path(sys.argv[1])
told = [tried("camera-1.example"), tried("camera-2.example")]
hosts.write_text("192.0.2.8 camera-1.example\\n")
told.append(tried("camera-1.example"))  # it moved
hosts.write_text("")
told += [tried("camera-1.example"), tried("camera-2.example")]
print(json.dumps(told))
"""


def test_a_camera_keeps_its_last_address_while_no_name_server_answers(tmp_path):
	hosts = tmp_path / "hosts"
	hosts.write_text("192.0.2.7 camera-1.example\n")
	script = f'mount --bind "{hosts}" /etc/hosts && exec "{sys.executable}" -c "$0" "{hosts}"'
	done = subprocess.run(
		[*separated("mount", "net"), "sh", "-c", script, CASE],
		cwd=SOURCE,
		capture_output=True,
		text=True,
		timeout=60,
	)
	assert done.returncode == 0, done.stderr
	assert json.loads(done.stdout) == ["192.0.2.7", "unknown", "192.0.2.8", "192.0.2.8", "unknown"]
