"""Ports: free, taken, or not to be had."""

import os
import socket

import pytest

from app.ports import check_port, is_free
from domain.errors import ConfigurationError


def test_a_taken_port_names_its_holder_and_another_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        with pytest.raises(ConfigurationError, match=f"process {os.getpid()} .*PORT={port + 1}"):
            check_port("127.0.0.1", port)
    assert is_free("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"HOST='{host}': is no address"):
        is_free(host, 8009)
