"""GetQueryResults page by page, as the Fivetran connector example with boto3 does it, without its lost rows."""

import csv
import gzip
import sys
import time

import boto3

athena = boto3.client("athena")
query = athena.start_query_execution(
    QueryString="SELECT * FROM test_rows", QueryExecutionContext={"Database": "default"},
    ResultConfiguration={"OutputLocation": "s3://athena-export-benchmark/results/"})["QueryExecutionId"]
while True:
    state = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"]
    if state not in ("QUEUED", "RUNNING"):
        break
    time.sleep(1)
assert state == "SUCCEEDED", state

with gzip.open(sys.argv[1], "wt", compresslevel=6, encoding="utf-8", newline="") as output:
    writer = csv.writer(output, lineterminator="\n")
    arguments = {"QueryExecutionId": query}
    while True:
        page = athena.get_query_results(**arguments)
        # The header row is the first of the first page.
        for row in page["ResultSet"]["Rows"]:
            writer.writerow([value.get("VarCharValue") for value in row["Data"]])
        if "NextToken" not in page:
            break
        arguments["NextToken"] = page["NextToken"]
