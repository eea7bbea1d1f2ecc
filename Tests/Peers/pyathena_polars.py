"""PyAthena's polars cursor, which reads the result object; the fastest of the peers."""

import gzip
import sys

from pyathena import connect
from pyathena.polars.cursor import PolarsCursor

cursor = connect(
    s3_staging_dir="s3://athena-export-benchmark/results/", cursor_class=PolarsCursor, poll_interval=0.1).cursor()
frame = cursor.execute("SELECT * FROM test_rows").as_polars()
with gzip.open(sys.argv[1], "wb", compresslevel=6) as output:
    frame.write_csv(output)
