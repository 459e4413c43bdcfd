"""Staging, archive, install key: encrypted, whole or not at all, verified on reading."""

import os
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from amazon_eboekhouden.adapters.archive import Archive, ArchiveDamaged
from amazon_eboekhouden.adapters.install_key import derived, load_or_create
from amazon_eboekhouden.adapters.staging import Damaged, Staging
from amazon_eboekhouden.domain.frames import DTYPES, Frame

KEY = bytes(range(32))
BATCH = "demo/orders/20261101T1005"
CANARY = "Zoë Canarivogel"


@pytest.fixture(params=["folder", "url"])
def root(request, tmp_path):
    if request.param == "folder":
        return str(tmp_path / "staging")
    return f"memory://{tmp_path.name}"


@pytest.fixture
def staging(root):
    return Staging(root, KEY)


def test_bytes_come_back_and_their_name_is_short_and_stable(staging):
    ref = staging.write_bytes(BATCH, "page-0001", CANARY.encode())
    assert ref.startswith(f"{BATCH}/page-0001-")
    assert len(ref) < 120
    assert staging.read_bytes(ref) == CANARY.encode()
    assert staging.write_bytes(BATCH, "page-0001", CANARY.encode()) == ref
    assert staging.write_bytes(BATCH, "page-0001", b"other") != ref


# Words are for the rows of a settlement in memory, which are read from the archive each time.
STAGED = [kind for kind in DTYPES if kind != "word"]
FRAME = Frame(
    "everything",
    {f"a_{kind}": kind for kind in STAGED},
    key=("a_text",),
    holes=frozenset(f"a_{kind}" for kind in STAGED if kind != "text"),
)


def test_a_frame_keeps_its_contract(staging):
    full = {
        "a_text": CANARY,
        "a_cents": 123456789012345678,
        "a_count": 2,
        "a_flag": True,
        "a_utc": pd.Timestamp("2026-11-01T10:00:00.123456Z"),
        "a_date": pd.Timestamp("2026-11-01"),
        "a_percent": Decimal("25.5"),
    }
    empty = dict.fromkeys(full) | {"a_text": ""}
    for rows in ([full, empty], [full], [empty], []):
        frame = FRAME.of(rows)
        back = FRAME.check(staging.read_frame(staging.write_frame(BATCH, "all", frame)))
        pd.testing.assert_frame_equal(back, frame)


def test_json_lines_keep_exact_amounts(staging):
    rows = [{"n": Decimal("12.10"), "t": "a\nb\u2028c"}, {"deep": [{"x": Decimal("-0.1")}]}]
    ref = staging.write_json_lines(BATCH, "transactions", iter(rows))
    assert list(staging.read_json_lines(ref)) == rows
    assert list(staging.read_json_lines(staging.write_json_lines(BATCH, "none", []))) == []


def test_a_checkpoint_is_overwritten_and_cleared(staging):
    assert staging.read_checkpoint(BATCH) is None
    staging.write_checkpoint(BATCH, {"pages": ["a"], "token": "t"})
    staging.write_checkpoint(BATCH, {"pages": ["a", "b"], "token": None})
    assert staging.read_checkpoint(BATCH) == {"pages": ["a", "b"], "token": None}
    staging.clear_checkpoint(BATCH)
    staging.clear_checkpoint(BATCH)
    assert staging.read_checkpoint(BATCH) is None


def test_nothing_readable_lies_on_the_disk_and_nobody_else_may_enter(tmp_path):
    os.umask(0o022)
    staging = Staging(tmp_path / "staging", KEY)
    staging.write_bytes(BATCH, "page", CANARY.encode())
    staging.write_frame(BATCH, "frame", pd.DataFrame({"name": [CANARY] * 50}))
    staging.write_checkpoint(BATCH, {"token": CANARY})
    for path in [tmp_path / "staging", *(tmp_path / "staging").rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600)
        if path.is_file():
            assert b"Canarivogel" not in path.read_bytes()
            assert b"PAR1" not in path.read_bytes()


def test_another_key_opens_nothing_and_names_tell_nothing(tmp_path):
    ref = Staging(tmp_path, KEY).write_bytes(BATCH, "page", b"content")
    other = Staging(tmp_path, bytes(32))
    with pytest.raises(Damaged):
        other.read_bytes(ref)
    assert other.write_bytes(BATCH, "page", b"content") != ref


def test_a_changed_file_is_noticed(tmp_path):
    staging = Staging(tmp_path, KEY)
    ref = staging.write_bytes(BATCH, "page", b"content")
    path = tmp_path / ref
    whole = path.read_bytes()
    for changed in (
        b"",
        whole[:-1],
        whole[:20] + bytes([whole[20] ^ 1]) + whole[21:],
        b"plain text",
    ):
        path.write_bytes(changed)
        with pytest.raises(Damaged):
            staging.read_bytes(ref)


def test_a_file_in_the_place_of_another_is_noticed(tmp_path):
    staging = Staging(tmp_path, KEY)
    one, two = (staging.write_bytes(BATCH, name, b"content") for name in ("one", "two"))
    (tmp_path / two).write_bytes((tmp_path / one).read_bytes())
    with pytest.raises(Damaged):
        staging.read_bytes(two)
    staging.write_checkpoint(BATCH, {})
    (tmp_path / f"{BATCH}/checkpoint-00").write_bytes(
        (tmp_path / f"{BATCH}/checkpoint").read_bytes()
    )
    with pytest.raises(Damaged):
        staging.read_bytes(f"{BATCH}/checkpoint-00")


@pytest.mark.parametrize(
    "ref", ["../x", "/etc/passwd", "a/../b", "a//b", "a/./b", "", "a\\b", "a\0b", ".hidden", "a/.b"]
)
def test_a_name_leads_nowhere_else(staging, ref):
    with pytest.raises(ValueError, match="no name of a blob"):
        staging.read_bytes(ref)
    with pytest.raises(ValueError, match="no name of a blob"):
        staging.write_bytes(ref, "../../x", b"")


def test_what_is_old_is_purged_and_what_is_new_stays(tmp_path):
    staging = Staging(tmp_path, KEY)
    old = staging.write_bytes("demo/orders/old", "page", b"1")
    long_ago = time.time() - 40 * 86_400
    os.utime(tmp_path / old, (long_ago, long_ago))
    (tmp_path / "demo/orders/old/unfinished-abc").write_bytes(b"left by a crash")
    os.utime(tmp_path / "demo/orders/old/unfinished-abc", (long_ago, long_ago))
    new = staging.write_bytes("demo/orders/new", "page", b"2")
    assert staging.purge(datetime.now(UTC) - timedelta(days=30)) == 2
    assert staging.read_bytes(new) == b"2"
    with pytest.raises(FileNotFoundError):
        staging.read_bytes(old)
    assert not (tmp_path / "demo/orders/old").exists()


def test_purging_an_object_store(tmp_path):
    staging = Staging(f"memory://{tmp_path.name}-purge", KEY)
    ref = staging.write_bytes(BATCH, "page", b"1")
    assert staging.purge(datetime.now(UTC) - timedelta(days=1)) == 0
    assert staging.purge(datetime.now(UTC) + timedelta(days=1)) == 1
    with pytest.raises(FileNotFoundError):
        staging.read_bytes(ref)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    staging = Staging(tmp_path, KEY)
    staging.write_checkpoint(BATCH, {"n": 1})

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        staging.write_checkpoint(BATCH, {"n": 2})
    monkeypatch.undo()
    assert staging.read_checkpoint(BATCH) == {"n": 1}
    assert [path.name for path in (tmp_path / BATCH).iterdir()] == ["checkpoint"]


# --- archive --------------------------------------------------------------------------------------


def test_the_archive_keeps_files_by_their_content(root):
    archive = Archive(root)
    name = archive.put(b"settlement")
    assert archive.put(b"settlement") == name
    assert archive.has(name)
    assert archive.get(name) == b"settlement"
    assert not archive.has("0" * 64)
    with pytest.raises(FileNotFoundError):
        archive.get("0" * 64)


def test_a_changed_file_of_the_archive_is_noticed(tmp_path):
    archive = Archive(tmp_path)
    name = archive.put(b"settlement")
    (found,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    found.write_bytes(b"settlement!")
    with pytest.raises(ArchiveDamaged):
        archive.get(name)


def test_a_label_stands_for_the_last_file_it_was_given(root):
    archive = Archive(root)
    assert archive.labelled("ecb") is None
    archive.label("ecb", archive.put(b"old"))
    archive.label("ecb", archive.put(b"new"))
    assert archive.labelled("ecb") == b"new"


# --- install key ----------------------------------------------------------------------------------


def test_the_key_is_made_once_and_private(tmp_path):
    path = tmp_path / "deep" / "install.key"
    key = load_or_create(path)
    assert len(key) == 32
    assert load_or_create(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["install.key"]


def test_threads_that_start_at_once_get_the_same_key(tmp_path):
    for attempt in range(20):
        path, found, start = tmp_path / f"key-{attempt}", [], threading.Barrier(8)

        def load(path=path, found=found, start=start):
            start.wait()
            found.append(load_or_create(path))

        threads = [threading.Thread(target=load) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(set(found)) == 1


def test_processes_that_start_at_once_get_the_same_key(tmp_path):
    program = (
        "import sys; from pathlib import Path;"
        "from amazon_eboekhouden.adapters.install_key import load_or_create;"
        "print(load_or_create(Path(sys.argv[1])).hex())"
    )
    path = str(tmp_path / "install.key")
    running = [
        subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    printed = [one.communicate(timeout=60)[0] for one in running]
    assert len(set(printed)) == 1
    assert len(printed[0].strip()) == 64


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_file_that_is_no_key_is_never_replaced(tmp_path, content):
    path = tmp_path / "install.key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(ValueError, match="holds no key"):
        load_or_create(path)
    assert path.read_bytes() == content


def test_a_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "install.key"
    load_or_create(path)
    path.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        load_or_create(path)


def test_purposes_have_keys_of_their_own():
    assert len({derived(KEY, purpose) for purpose in ("a", "b", "staging: content")}) == 3
    assert derived(KEY, "a") != KEY
    assert len(derived(KEY, "a")) == 32


def test_paths_of_home_are_fine_as_path_objects(tmp_path):
    staging = Staging(Path(tmp_path) / "s", KEY)
    assert staging.read_bytes(staging.write_bytes("a", "b", b"c")) == b"c"
