"""The embedded servers after everything that can happen to them, each for real."""

import os
import signal
import subprocess
import sys
import threading

import pytest
import redis

from mulhouse.embedded.postgres import LocalPostgres
from mulhouse.embedded.secret import persistent_secret
from mulhouse.embedded.state import Lease, command_of, make_folder
from mulhouse.embedded.valkey import LocalValkey
from tests.embedded.conftest import execute


def wait_for_death(pid):
    for _attempt in range(200):
        if command_of(pid) is None:
            return
        threading.Event().wait(0.02)
    pytest.fail(f"process {pid} is still alive")


def kill(pid):
    os.kill(pid, signal.SIGKILL)
    wait_for_death(pid)


def test_making_the_objects_does_nothing(tmp_path):
    LocalPostgres(tmp_path / "x")
    LocalValkey(tmp_path / "x")

    assert list(tmp_path.iterdir()) == []


def test_postgres_second_start_attaches(postgres):
    pid = postgres.pid()

    assert postgres.start() is False
    assert postgres.pid() == pid


def test_postgres_listens_on_no_network(postgres):
    assert execute(postgres, "show listen_addresses") == [("",)]
    assert postgres.socket_dir.stat().st_mode & 0o077 == 0


def test_postgres_has_what_the_site_relies_on(postgres):
    execute(postgres, "create extension if not exists unaccent; create extension if not exists pg_trgm")

    assert execute(postgres, "select to_tsvector('french', 'des commissions scolaires')::text") == [
        ("'comm':2 'scolair':3",)
    ]
    assert execute(postgres, "select unaccent('Été')") == [("Ete",)]


def test_postgres_killed_keeps_confirmed_rows(postgres):
    execute(postgres, "create table kept (n int); insert into kept values (1)")
    kill(postgres.pid())

    assert postgres.pid() is None
    assert postgres.start() is True
    assert execute(postgres, "select n from kept") == [(1,)]


def test_postgres_starts_over_a_pid_file_that_names_somebody_else(postgres):
    postgres.stop()
    (postgres.data / "postmaster.pid").write_text(f"{os.getpid()}\n{postgres.data}\n")
    (postgres.socket_dir / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n")

    assert postgres.pid() is None
    assert postgres.start() is True


def test_postgres_started_by_many_at_once_starts_once(postgres):
    postgres.stop()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(postgres.start())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False, False, False, False, True]


def test_postgres_of_another_version_is_refused_with_the_way_out(postgres):
    postgres.stop()
    version = postgres.data / "PG_VERSION"
    was = version.read_text()
    version.write_text("12\n")

    with pytest.raises(RuntimeError, match="Mettre à jour"):
        postgres.start()

    version.write_text(was)
    assert postgres.start() is True


def test_postgres_long_path_gets_a_short_socket(tmp_path):
    cluster = LocalPostgres(tmp_path / ("long" * 30), fast=True)

    assert len(os.fsencode(cluster.socket_dir)) < 60


def test_valkey_second_start_attaches(valkey):
    pid = valkey.pid()

    assert valkey.start() is None
    assert valkey.pid() == pid


def test_valkey_killed_keeps_its_messages(valkey):
    with redis.Redis(unix_socket_path=str(valkey.socket)) as client:
        client.lpush("kept", "one")
        client.execute_command("WAITAOF", 1, 0, 1000)
    kill(valkey.pid())

    assert valkey.pid() is None
    assert valkey.start() is not None
    with redis.Redis(unix_socket_path=str(valkey.socket)) as client:
        assert client.lrange("kept", 0, -1) == [b"one"]


def test_valkey_starts_over_a_pid_file_that_names_somebody_else(valkey):
    valkey.stop()
    (valkey.home / "server.pid").write_text(str(os.getpid()))

    assert valkey.pid() is None
    assert valkey.start() is not None


def test_folder_planted_by_somebody_else_is_refused(tmp_path):
    (tmp_path / "theirs").symlink_to(tmp_path)

    with pytest.raises(PermissionError):
        make_folder(tmp_path / "theirs", mode=0o700)


def test_secret_lasts_and_is_ours_alone(tmp_path):
    first = persistent_secret(tmp_path)

    assert persistent_secret(tmp_path) == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]


def test_lease_only_the_last_to_leave_stops_the_servers(tmp_path):
    first, second = Lease(tmp_path / "lock"), Lease(tmp_path / "lock")
    first.take()
    second.take()

    assert first.leave() is False
    assert second.leave() is True
    second.close()


def test_lease_of_a_killed_process_is_free(tmp_path):
    hold = f"""
from pathlib import Path
from time import sleep
from mulhouse.embedded.state import Lease
lease = Lease(Path({str(tmp_path)!r}) / "lock")
lease.take()
print("held", flush=True)
sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE)
    with holder:
        holder.stdout.readline()
        mine = Lease(tmp_path / "lock")
        mine.take()
        held_by_both = mine.leave()
        holder.kill()
    mine.take()

    assert held_by_both is False
    assert mine.leave() is True
    mine.close()
