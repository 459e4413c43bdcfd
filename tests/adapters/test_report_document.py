"""Report documents: every damaged, foreign or unbelievable one is refused."""

import gzip
import stat
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from amazon_eboekhouden.adapters.amazon import AmazonSeller
from amazon_eboekhouden.adapters.report_document import DocumentLink, DocumentReader
from amazon_eboekhouden.domain.errors import BadAnswer, RemoteError, Unreachable
from sp_api.api import Reports
from sp_api.base import Marketplaces

from tests.adapters.world import ONCE, QUICK, amazon_credentials

TEXT = "settlement-id\tamount\nmüsli\t1,00\nkäse\t2,00".encode()
SINCE = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def reader():
    made = DocumentReader(allow_loopback=True, patience=ONCE)
    yield made
    made.close()


def fetched(reader, answering, body, *, is_gzip=False, headers=None, status=200):
    answering.answer = lambda _asked: (status, headers or {}, body)
    link = DocumentLink("d", f"{answering.url}/d?X-Amz-Signature=s3cret", is_gzip)
    return reader.fetch(lambda: link)


def test_a_document_is_kept_byte_for_byte_under_its_hash(reader, answering):
    found = fetched(reader, answering, TEXT)
    assert found.content == TEXT
    assert found.path.name == found.sha256 == sha256(TEXT).hexdigest()
    assert (found.rows, found.size, found.charset) == (3, len(TEXT), "utf-8")
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(found.path.parent.stat().st_mode) == 0o700
    assert fetched(reader, answering, gzip.compress(TEXT), is_gzip=True) == found


def test_nothing_of_ours_is_sent_along(reader, answering):
    fetched(reader, answering, TEXT)
    (asked,) = answering.asked
    assert not {"x-amz-access-token", "authorization", "cookie"} & set(asked.headers)


def test_the_files_go_away_with_the_reader(answering):
    reader = DocumentReader(allow_loopback=True)
    found = fetched(reader, answering, TEXT)
    folder = found.path.parent
    assert [one.name for one in folder.iterdir()] == [found.sha256]
    reader.close()
    assert not folder.exists()


# Without the time of day in it: such bytes are names of tests, the same for all that run them.
PACKED = gzip.compress(TEXT * 2000, mtime=0)


@pytest.mark.parametrize(
    ("name", "body", "is_gzip", "headers"),
    [
        ("nothing", b"", False, {}),
        ("nothing, packed", b"", True, {}),
        ("an empty gzip", gzip.compress(b"", mtime=0), True, {}),
        ("half a gzip", PACKED[: len(PACKED) // 2], True, {}),
        ("a gzip without its trailer", PACKED[:-8], True, {}),
        ("a gzip less one byte", PACKED[:-1], True, {}),
        ("a wrong CRC", PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], True, {}),
        ("a wrong length", PACKED[:-4] + b"\0\0\0\0", True, {}),
        ("garbage behind", PACKED + b"garbage", True, {}),
        ("one zero behind", PACKED + b"\0", True, {}),
        ("no gzip at all", TEXT, True, {}),
        ("a gzip that is not announced", PACKED, False, {}),
        ("zlib instead of gzip", zlib.compress(TEXT), True, {}),
        ("UTF-16", TEXT.decode().encode("utf-16"), False, {}),
        ("UTF-16, packed", gzip.compress(TEXT.decode().encode("utf-16"), mtime=0), True, {}),
        ("zeros", b"a\0b\n", False, {}),
        ("no known charset", b"a\xff\x81\n", False, {"Content-Type": "text/plain"}),
        ("a charset nobody knows", b"a\x81\n", False, {"Content-Type": "text/plain; charset=x"}),
    ],
)
def test_what_is_damaged_is_refused_and_may_be_tried_again(
    reader, answering, name, body, is_gzip, headers
):
    with pytest.raises(BadAnswer) as refused:
        fetched(reader, answering, body, is_gzip=is_gzip, headers=headers)
    assert refused.value.should_retry, name
    assert list(reader._folder.iterdir()) == []


def test_several_gzip_members_are_one_document(reader, answering):
    body = gzip.compress(TEXT[:10]) + gzip.compress(TEXT[10:])
    assert fetched(reader, answering, body, is_gzip=True).content == TEXT


def test_a_bomb_is_stopped_early(answering):
    reader = DocumentReader(allow_loopback=True, patience=QUICK)
    bomb = gzip.compress(b" " * 64_000_000)
    with pytest.raises(BadAnswer, match="larger than is believable") as refused:
        fetched(reader, answering, bomb, is_gzip=True)
    assert not refused.value.should_retry
    assert len(answering.asked) == 1
    reader.close()


def test_a_document_is_read_up_to_the_cap(answering):
    reader = DocumentReader(allow_loopback=True, largest=len(TEXT))
    assert fetched(reader, answering, TEXT).size == len(TEXT)
    with pytest.raises(BadAnswer, match="larger than is believable"):
        fetched(reader, answering, TEXT + b"x")
    reader.close()


@pytest.mark.parametrize(
    ("body", "content_type", "charset"),
    [
        ("müsli\n".encode("cp1252"), "text/plain;charset=Cp1252", "cp1252"),
        ("müsli\n".encode("cp1252"), "text/plain", "cp1252"),
        ("müsli\n".encode("cp1252"), "text/plain; charset=UTF-8", "cp1252"),
        ("müsli €\n".encode("iso-8859-15"), "text/plain; charset=ISO-8859-15", "iso8859-15"),
        ("müsli\n".encode(), "text/plain; charset=UTF-8", "utf-8"),
        ("müsli\n".encode(), "text/plain;charset=Cp1252", "utf-8"),
        (b"muesli\n", "text/plain;charset=Cp1252", "utf-8"),
    ],
)
def test_the_charset_is_decided_once_and_never_guessed_wrong(
    reader, answering, body, content_type, charset
):
    found = fetched(reader, answering, body, headers={"Content-Type": content_type})
    assert found.charset == charset
    assert found.content == body


def test_a_character_on_the_border_of_two_pieces_is_still_utf8(reader, answering):
    body = b"a" * (256 * 1024 - 1) + "ü".encode() + b"\n"
    assert fetched(reader, answering, body).charset == "utf-8"
    assert fetched(reader, answering, body + "ü".encode()[:1]).charset == "cp1252"


@pytest.mark.parametrize(
    "url",
    [
        "http://tortuga-prod-eu.s3-eu-west-1.amazonaws.com/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/x",
        "https://evil.example/x?.amazonaws.com",
        "https://amazonaws.com.evil.example/x",
        "https://evilamazonaws.com/x",
        "https://s3.amazonaws.com@evil.example/x",
        "https://user:pw@s3.amazonaws.com/x",
        "https://s3.amazonaws.com:8443/x",
        "file:///etc/passwd",
        "ftp://s3.amazonaws.com/x",
        "//s3.amazonaws.com/x",
        "not an address",
        "",
    ],
)
def test_only_storage_hosts_over_tls_are_asked(url):
    reader = DocumentReader(patience=ONCE)
    with pytest.raises(BadAnswer, match="address") as refused:
        reader.fetch(lambda: DocumentLink("d", url))
    assert "amazonaws.com" not in str(refused.value)
    reader.close()


def test_loopback_is_allowed_only_when_the_api_itself_is_there(answering):
    answering.answer = lambda _asked: (200, {}, TEXT)
    reader = DocumentReader(patience=ONCE)
    with pytest.raises(BadAnswer):
        reader.fetch(lambda: DocumentLink("d", f"{answering.url}/d"))
    reader.close()
    assert answering.asked == []


def test_a_storage_name_that_leads_into_our_network_is_not_connected_to(answering):
    reader = DocumentReader(hosts=("localhost",), patience=ONCE)
    with pytest.raises(Unreachable):
        reader.fetch(lambda: DocumentLink("d", "https://localhost/x"))
    reader.close()


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(reader, answering, status):
    with pytest.raises(BadAnswer):
        fetched(reader, answering, b"", status=status, headers={"Location": f"{answering.url}/e"})
    assert len(answering.asked) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(404, BadAnswer), (500, Unreachable), (503, Unreachable)]
)
def test_an_error_page_is_no_document(reader, answering, status, error):
    with pytest.raises(RemoteError) as raised:
        fetched(reader, answering, b"<Error/>", status=status)
    assert type(raised.value) is error


def test_an_expired_link_is_asked_for_once_more(reader, answering):
    links = iter(["old", "new", "newer"])

    def ask():
        return DocumentLink("d", f"{answering.url}/{next(links)}")

    answering.answer = lambda asked: (403 if asked.path == "/old" else 200, {}, TEXT)
    assert reader.fetch(ask).content == TEXT
    answering.answer = lambda _asked: (403, {}, b"<Error/>")
    links = iter(["old", "old", "never"])
    with pytest.raises(BadAnswer) as expired:
        reader.fetch(ask)
    assert expired.value.code == "expired-link"
    assert next(links) == "never"


def test_the_address_is_in_no_representation():
    link = DocumentLink("d", "https://s3.amazonaws.com/d?X-Amz-Signature=s3cret")
    assert "s3cret" not in repr(link)
    assert "s3cret" not in repr(replace(link, is_gzip=True))


# --- through the seller, against the sandbox ------------------------------------------------------


@pytest.fixture
def document_id(seller, amazon):
    amazon.control("options", {"document_gzip": True})
    amazon.control("seed", {"seed": 3, "orders": 40, "from": "2026-09-01", "to": "2026-09-30"})
    return seller.settlement_reports(SINCE)[0].document_id


@pytest.mark.parametrize(
    "kind",
    ["http_500_html", "http_503_empty", "reset", "reset_mid_body", "truncated_gzip", "malformed"],
)
def test_a_download_that_fails_once_is_tried_again(seller, amazon, document_id, kind):
    whole = seller.fetch_document(document_id).content
    amazon.fault("document", kind)
    assert seller.fetch_document(document_id).content == whole
    assert amazon.calls()["document"] == 3


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("truncated_gzip", BadAnswer),
        ("gzip_bomb", BadAnswer),
        ("wrong_charset", BadAnswer),
        ("malformed", BadAnswer),
        ("reset_mid_body", Unreachable),
        ("http_500_html", Unreachable),
    ],
)
def test_a_download_that_goes_on_failing_is_a_typed_error(seller, amazon, document_id, kind, error):
    amazon.fault("document", kind, times=None)
    with pytest.raises(RemoteError) as raised:
        seller.fetch_document(document_id)
    assert type(raised.value) is error


@pytest.mark.parametrize("operation", ["document", "getReportDocument"])
def test_a_link_that_has_expired_costs_one_more(seller, amazon, document_id, operation):
    amazon.fault(operation, "expired_url")
    assert seller.fetch_document(document_id).content.startswith(b"settlement-id")
    assert amazon.calls()["getReportDocument"] == 2


def test_the_library_would_have_taken_half_the_file(amazon, document_id, seller, tmp_path):
    """Why there is a reader of our own: the trap is still there."""
    amazon.fault("document", "truncated_gzip")
    half = tmp_path / "half"
    # No judge of ours: the library as it comes, but for the login's address.
    with Reports(
        marketplace=Marketplaces.NL,
        credentials={
            "refresh_token": "Atzr|sandbox",
            "lwa_app_id": "sandbox-client",
            "lwa_client_secret": "sandbox-secret",
        },
        auth_token_client_class=seller._api._clients._login_class,
    ) as library:
        library.endpoint = amazon.url
        library.get_report_document(document_id, file=str(half), stream=True)
    assert 0 < half.stat().st_size < seller.fetch_document(document_id).size


def test_a_second_seller_has_a_folder_of_its_own(amazon, document_id, seller):
    with AmazonSeller(amazon_credentials(amazon.url)) as other:
        one, two = seller.fetch_document(document_id), other.fetch_document(document_id)
        assert one.path != two.path
        assert one.sha256 == two.sha256
