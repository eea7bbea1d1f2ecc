"""Runs athena-export and its peers in turns against the benchmark's server and prints the medians.

Each of them ends with one or more gzip files of CSV that hold every row; that is checked. The figures are the
operating system's for the process: wall time from its start to its end, CPU time, peak memory.
"""

import argparse
import csv
import datetime
import gzip
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "Tests/Peers"
RELEASE = ROOT / ".build/release"
OBJECT = "s3://athena-export-benchmark/results/result.csv"
KEYS = {"customers": "customer_id", "wide": "order_id"}


def export(source):
    def command(table, output):
        return [
            str(RELEASE / "athena-export"), "--source", source, "--table", table, "--key", KEYS[table],
            "--output", str(output), "--log-level", "warning",
        ]
    return command


def script(name):
    return lambda table, output: [sys.executable, str(PEERS / name), str(output / "rows.csv.gz")]


def shell(line):
    return lambda table, output: ["sh", "-c", line, "sh", str(output / "rows.csv.gz")]


# What it is called, the way it takes, and how it is started.
CONTESTANTS = [
    ("athena-export", "auto", export("auto")),
    ("athena-export --source api", "API", export("api")),
    ("athena-export --source s3", "S3", export("s3")),
    ("boto3, the connector's loop", "API", script("boto3_loop.py")),
    ("PyAthena, default cursor", "API", script("pyathena_default.py")),
    ("PyAthena, polars cursor", "S3", script("pyathena_polars.py")),
    ("awswrangler", "S3", script("awswrangler_frame.py")),
    ("boto3, copy of the object", "S3", script("boto3_copy.py")),
]
if shutil.which("pigz"):
    line = f'"{sys.executable}" -m awscli s3 cp --quiet {OBJECT} - | pigz -6 -p 2 >"$1"'
    CONTESTANTS.append(("aws s3 cp, pigz -6 -p 2", "S3", shell(line)))


def environment(url):
    return {
        "PATH": os.environ["PATH"], "HOME": "/nonexistent", "AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_EC2_METADATA_DISABLED": "true", "SWIFT_BACKTRACE": "enable=no",
    }


def measure(command, url):
    """Wall seconds, CPU seconds and peak bytes of one run; the reason as text if it fails."""
    with tempfile.TemporaryFile() as errors:
        start = time.monotonic()
        process = subprocess.Popen(
            command, env=environment(url), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            return lines[-1] if lines else f"exit status {process.returncode}"
        return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def count_rows(output):
    """Data rows in all the files below a directory."""
    rows = 0
    for file in output.rglob("*.csv.gz"):
        with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
            rows += sum(1 for _ in csv.reader(text)) - 1
    return rows


def progress(text):
    """On a terminal only, in one line that replaces itself."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def compare(arguments, url, scratch):
    samples = {name: [] for name, _, _ in CONTESTANTS}
    failures = {}
    # Turn by turn, so that what disturbs the machine disturbs all of them; the first turn warms up and is checked.
    for turn in range(arguments.samples + 1):
        for name, _, command in CONTESTANTS:
            if name in failures or arguments.only and not any(word in name for word in arguments.only):
                continue
            progress(f"{name}: {turn} of {arguments.samples}")
            output = scratch / "output"
            shutil.rmtree(output, ignore_errors=True)
            output.mkdir()
            outcome = measure(command(arguments.table, output), url)
            if isinstance(outcome, str):
                failures[name] = outcome
            elif turn == 0:
                if (rows := count_rows(output)) != arguments.rows:
                    failures[name] = f"wrote {rows} rows"
            else:
                samples[name].append(outcome)
    progress("")
    return {name: measured for name, measured in samples.items() if measured}, failures


def machine():
    fields = {}
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    kind = ", virtual machine" if "hypervisor" in fields.get("flags", "").split() else ""
    processor = fields.get("model name", platform.processor())
    return f"{os.cpu_count()} cores of {processor}{kind}, load {os.getloadavg()[0]:.1f}"


def report(arguments, where, samples, failures):
    ways = {name: way for name, way, _ in CONTESTANTS}
    ours = samples.get("athena-export") or next(iter(samples.values()))
    lines = []
    for name, measured in samples.items():
        seconds, cpu, peak = (statistics.median(column) for column in zip(*measured))
        # Turn against turn: a slow minute counts for both.
        ratio = statistics.median(theirs[0] / our[0] for theirs, our in zip(measured, ours))
        lines.append({
            "name": name, "way": ways[name], "seconds": round(seconds, 3),
            "rows_per_second": round(arguments.rows / seconds),
            "cpu_seconds": round(cpu, 2), "peak_rss_bytes": peak, "times_ours": round(ratio, 2),
        })
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    if arguments.format == "json":
        print(json.dumps({
            "date": today, "machine": where, "table": arguments.table, "rows": arguments.rows,
            "latency_milliseconds": arguments.latency, "samples": arguments.samples, "results": lines,
            "failures": failures}, indent=2))
        return
    print(f"{today}, {where}; {arguments.table}, {arguments.rows:,} rows, {arguments.latency} ms a call, "
          f"medians of {arguments.samples}\n")
    print("| | reads | seconds | rows/s | CPU s | peak MB | times ours |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for line in lines:
        print(f"| {line['name']} | {line['way']} | {line['seconds']:.2f} | {line['rows_per_second']:,} | "
              f"{line['cpu_seconds']:.1f} | {line['peak_rss_bytes'] / 1e6:.0f} | {line['times_ours']:.1f} |")
    for name, reason in failures.items():
        print(f"\n{name}: {reason}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", choices=KEYS, default="customers")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--latency", type=int, default=0, help="milliseconds that every call takes beyond the work")
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--only", nargs="+", help="those with one of these words in their name")
    parser.add_argument("--format", choices=["table", "json"], default="table")
    arguments = parser.parse_args()
    where = machine()
    server = subprocess.Popen(
        [RELEASE / "athena-export-benchmark", "serve", "--table", arguments.table, "--rows", str(arguments.rows),
         "--latency", str(arguments.latency), "--while-input-is-open"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory(prefix="athena-export-peers-") as scratch:
            samples, failures = compare(arguments, url, pathlib.Path(scratch))
        report(arguments, where, samples, failures)
    finally:
        server.stdin.close()
        server.wait()


main()
