"""The process that serves the sandboxes: its doors, its addresses, its end."""

import signal
import subprocess
import sys

import httpx
import pytest
from coupling_sandbox.server import RemoteHostRefused, bind


def test_refuses_to_be_reached_from_other_machines():
    with pytest.raises(RemoteHostRefused, match="--allow-remote"):
        bind("0.0.0.0", 0)  # noqa: S104
    bind("0.0.0.0", 0, allow_remote=True).close()  # noqa: S104


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_starts_on_a_free_port_says_so_and_stops_cleanly(number):
    command = [sys.executable, "-m", "coupling_sandbox", "--only", "amazon", "--amazon-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        word, name, address = process.stdout.readline().split()
        assert (word, name) == ("READY", "amazon")
        assert httpx.get(f"{address}/control/calls").json()["calls"] == {}
        process.send_signal(number)
        assert process.wait(60) == 0


def test_a_taken_port_is_a_wrong_usage():
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "coupling_sandbox", "--only", "amazon"]
        done = subprocess.run([*command, "--amazon-port", port], capture_output=True)
    assert done.returncode == 2
