"""The programs that build and run the bench, in a folder of their own: bench, supervisor, yarn."""

import os
from pathlib import Path

from devbench.console import run
from devbench.places import Instance, State
from devbench.processes import MARK
from devbench.steps import Steps, fingerprint

PYTHON_TOOLS = ("frappe-bench==5.31.1", "supervisor==4.3.0", "virtualenv==20.34.0")
NODE_TOOLS = ("yarn@1.22.22",)
PASSED_ON = (
	"PIP_",
	"NPM_CONFIG_",
	"npm_config_",
	"YARN_",
	"NODE_EXTRA_CA_CERTS",
	"SSL_CERT_",
	"REQUESTS_CA_",
)
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def install_tools(state: State, steps: Steps, python: str, log: Path) -> None:
	def build() -> None:
		env = environment(state)
		run([python, "-m", "venv", "--clear", state.tools / "python"], log, env=env)
		run([state.tools / "python/bin/pip", "install", "-q", *PYTHON_TOOLS], log, env=env, registry=True)
		run(
			["npm", "install", "--no-audit", "--no-fund", "--prefix", state.tools / "node", *NODE_TOOLS],
			log,
			env=env,
			registry=True,
		)

	made = fingerprint(python, PYTHON_TOOLS, NODE_TOOLS)
	there = (state.tools / "python/bin/bench").exists
	steps.once("tools", "Tools: bench, supervisor, yarn", made, build, there)


def environment(state: State, instance: Instance | None = None) -> dict[str, str]:
	"""The environment of every command: small, the same for every caller, with their registry settings."""
	folders = [state.tools / "python/bin", state.tools / "node/node_modules/.bin"]
	path = [*map(str, folders), "/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
	env = {
		"PATH": ":".join(path),
		"HOME": str(Path.home()),
		"USER": os.environ.get("USER", ""),
		"LANG": "C.UTF-8",
		"PYTHONUNBUFFERED": "1",
		"PIP_DISABLE_PIP_VERSION_CHECK": "1",
		"GIT_CONFIG_COUNT": "1",  # the source may belong to another user
		"GIT_CONFIG_KEY_0": "safe.directory",
		"GIT_CONFIG_VALUE_0": "*",
	}
	env |= {k: v for k, v in os.environ.items() if k.startswith(PASSED_ON) or k in PROXIES}
	if instance:
		env[MARK] = instance.mark
		env["FRAPPE_BENCH_ROOT"] = str(instance.bench)
		env["PYTHONPATH"] = str(state.source)
	return env
