"""Runs a script in DuckDB and dies after its n-th statement, for every n, each time in a database of its own.

Leaves NUMBER.killed, the database as the next program finds it, and NUMBER.duckdb, after the whole script was run there.
Prints a line for each: how many batches the one that was killed holds, a digest of its rows, and one of the other's.
"""
import hashlib
import os
import shutil
import signal
import sys

import duckdb


def digest(connection):
    rows = connection.execute("SELECT CAST(t AS VARCHAR) FROM golden t ORDER BY ALL").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def finish(database, statements):
    with duckdb.connect(database) as connection:
        for statement in statements:
            connection.execute(statement)
        return digest(connection)


def state(database):
    with duckdb.connect(database) as connection:
        batches = connection.execute("SELECT count(*) FROM athena_export_loads").fetchone()[0]
        return f"{batches} {digest(connection)}"


def in_child(work):
    """Each database is opened in a process of its own, as it would be after a real end."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(writer, str(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    answer = os.read(reader, 100).decode()
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return status, answer


def main(script, directory):
    statements = duckdb.extract_statements(open(script, encoding="utf-8", newline="").read())

    def die_after(database, count):
        connection = duckdb.connect(database)
        for statement in statements[:count]:
            connection.execute(statement)
        os.kill(os.getpid(), signal.SIGKILL)

    # The first two make the tables.
    for number, count in enumerate(range(2, len(statements) + 1)):
        database = f"{directory}/{number}.duckdb"
        status, _ = in_child(lambda: die_after(database, count))
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, status
        for suffix in ("", ".wal"):
            if os.path.exists(database + suffix):
                shutil.copy(database + suffix, f"{directory}/{number}.killed{suffix}")
        status, after_kill = in_child(lambda: state(f"{directory}/{number}.killed"))
        assert status == 0, status
        status, after_rerun = in_child(lambda: finish(database, statements))
        assert status == 0, status
        print(after_kill, after_rerun)


main(*sys.argv[1:])
