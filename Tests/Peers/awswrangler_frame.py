"""AWS SDK for pandas, reading the result object into a data frame."""

import sys

import awswrangler

frame = awswrangler.athena.read_sql_query(
    "SELECT * FROM test_rows", database="default", ctas_approach=False,
    s3_output="s3://athena-export-benchmark/results/")
frame.to_csv(sys.argv[1], index=False, compression={"method": "gzip", "compresslevel": 6})
