"""Total deadlines, bounded bodies, judged addresses."""

import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address

import httpx
import pytest
from amazon_eboekhouden.adapters.http import (
    BodyTooLarge,
    Browser,
    is_loopback,
    loopback_address,
    public_address,
    rule_for,
    within,
)


@pytest.fixture
def trickling() -> Iterator[tuple[str, list[bytes]]]:
    """A server that sends its answer at 20 bytes a second: no single wait is ever long."""
    answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000]
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            for byte in answer[0]:
                try:
                    connection.send(bytes([byte]))
                except OSError:
                    return
                if stop.wait(0.05):
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", answer
    stop.set()
    server.close()
    thread.join(5)


@pytest.mark.parametrize("headers_whole", [True, False])
def test_a_server_that_trickles_is_cut_at_the_total_deadline(trickling, headers_whole):
    url, answer = trickling
    if not headers_whole:
        answer[0] = b"HTTP/1.1 200 OK\r\n" + b"X-Slow: " + b"y" * 5000
    browser = Browser(read_s=30)
    with pytest.raises(httpx.TimeoutException), within(0.6):  # The whole would take minutes.
        browser.request("GET", url)
    browser.close()


def test_an_inner_deadline_never_outlasts_the_outer_one(trickling):
    browser = Browser()
    started = time.monotonic()
    with pytest.raises(httpx.TimeoutException), within(0.3), within(60):
        browser.request("GET", trickling[0])
    assert time.monotonic() - started < 50  # Not the outer one's: no figure of speed.
    browser.close()


def test_a_body_is_read_up_to_the_cap_and_no_further(answering):
    answering.answer = lambda _asked: (200, {}, b"x" * 1001)
    browser = Browser(largest_body=1000)
    with pytest.raises(BodyTooLarge):
        browser.request("GET", answering.url)
    answering.answer = lambda _asked: (200, {}, b"x" * 1000)
    assert len(browser.request("GET", answering.url).content) == 1000
    browser.close()


def test_the_cap_counts_what_comes_out_of_the_compression(answering):
    import gzip

    packed = gzip.compress(b" " * 5_000_000)
    answering.answer = lambda _asked: (200, {"Content-Encoding": "gzip"}, packed)
    browser = Browser(largest_body=1_000_000)
    with pytest.raises(BodyTooLarge):
        browser.request("GET", answering.url)
    browser.close()


def test_redirects_are_not_followed(answering):
    answering.answer = lambda _asked: (302, {"Location": "http://127.0.0.1:1/"}, b"")
    browser = Browser()
    assert browser.request("GET", answering.url).status_code == 302
    assert len(answering.asked) == 1
    browser.close()


def test_a_host_inside_our_own_network_is_not_connected_to(answering):
    browser = Browser(allowed=public_address)
    with pytest.raises(httpx.ConnectError):
        browser.request("GET", answering.url)
    with pytest.raises(httpx.ConnectError):
        browser.request("GET", answering.url.replace("127.0.0.1", "localhost"))
    assert answering.asked == []
    browser.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("169.254.169.254", False),
        ("10.0.0.1", False),
        ("192.168.1.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("fd00::1", False),
        ("224.0.0.1", False),
    ],
)
def test_what_counts_as_public(address, public):
    assert public_address(ip_address(address)) is public


def test_what_counts_as_this_machine():
    assert is_loopback("http://127.0.0.1:8101/x")
    assert is_loopback("http://localhost/")
    assert is_loopback("http://[::1]:80/")
    assert not is_loopback("https://127.0.0.1.example.com/")
    assert not is_loopback("https://user@example.com/")
    assert loopback_address(ip_address("127.0.0.2"))


def test_nobody_listening_and_unknown_names_are_told_apart_from_an_answer():
    browser = Browser()
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    with pytest.raises(httpx.ConnectError):
        browser.request("GET", f"http://127.0.0.1:{free}/")
    with pytest.raises(httpx.TransportError), within(5):
        browser.request("GET", "http://no-such-host.invalid/")
    browser.close()


def test_a_proxy_of_the_environment_is_used_except_for_this_machine(answering, monkeypatch):
    answering.answer = lambda _asked: (200, {}, b"from the proxy")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", answering.url)
    browser = Browser()
    assert browser.request("GET", "http://example.com/page").text == "from the proxy"
    assert answering.asked[0].path == "http://example.com/page"
    browser.request("GET", f"{answering.url}/near")
    assert answering.asked[1].path == "/near"
    browser.close()


@pytest.mark.parametrize(
    ("url", "address", "allowed"),
    [
        ("https://example.com/soap.asmx", "93.184.215.14", True),
        ("http://example.com/soap.asmx", "93.184.215.14", False),
        ("http://sandbox:8102/soap.asmx", "172.18.0.3", True),
        ("http://127.0.0.1:8102/soap.asmx", "127.0.0.1", True),
    ],
)
def test_secrets_go_in_clear_text_only_inside_our_own_network(url, address, allowed):
    assert rule_for(url)(ip_address(address)) is allowed
