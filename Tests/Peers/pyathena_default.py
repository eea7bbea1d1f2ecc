"""PyAthena's default cursor: rows by GetQueryResults."""

import csv
import gzip
import sys

from pyathena import connect

cursor = connect(s3_staging_dir="s3://athena-export-benchmark/results/", poll_interval=0.1).cursor()
cursor.execute("SELECT * FROM test_rows")
with gzip.open(sys.argv[1], "wt", compresslevel=6, encoding="utf-8", newline="") as output:
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow([column[0] for column in cursor.description])
    writer.writerows(cursor)
