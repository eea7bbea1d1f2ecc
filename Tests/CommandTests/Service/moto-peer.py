"""moto's server and boto3, for the tests: an Athena that others wrote, and a reader that others wrote.

    moto-peer.py serve FILE           serve until killed; the address is written to FILE
    moto-peer.py queue URL FILE       queue the results in FILE (a list of {"rows", "column_info"})
    moto-peer.py read URL ID          print the rows of a query as boto3 reads them, as JSON
    moto-peer.py bucket URL NAME      make a bucket
    moto-peer.py objects URL NAME     print the SHA-256 of every object of a bucket, by key, as JSON
    moto-peer.py put URL ID FILE      put FILE where the service says that the result of a query is
"""

import hashlib
import json
import os
import sys
import time
import urllib.request


def serve(path):
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with open(path + ".tmp", "w") as file:
        file.write(f"http://{host}:{port}")
    os.rename(path + ".tmp", path)
    time.sleep(600)


def queue(url, path):
    with open(path) as file:
        results = json.load(file)
    body = json.dumps({"account_id": "123456789012", "region": "eu-central-1", "results": results}).encode()
    request = urllib.request.Request(
        f"{url}/moto-api/static/athena/query-results", data=body, headers={"Content-Type": "application/json"}
    )
    assert urllib.request.urlopen(request).status == 201


def read(url, query_execution_id):
    import boto3

    client = boto3.client(
        "athena", endpoint_url=url, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    result = client.get_query_results(QueryExecutionId=query_execution_id)
    rows = [[datum.get("VarCharValue") for datum in row["Data"]] for row in result["ResultSet"]["Rows"]]
    json.dump(rows[1:], sys.stdout)


def put(url, query_execution_id, path):
    import boto3

    options = dict(
        endpoint_url=url, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    execution = boto3.client("athena", **options).get_query_execution(QueryExecutionId=query_execution_id)
    location = execution["QueryExecution"]["ResultConfiguration"]["OutputLocation"]
    bucket, key = location.removeprefix("s3://").split("/", 1)
    s3 = boto3.client("s3", **options)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.upload_file(path, bucket, key)


def s3(url):
    import boto3

    return boto3.client(
        "s3", endpoint_url=url, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


def bucket(url, name):
    s3(url).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})


def objects(url, name):
    client = s3(url)
    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket=name).get("Contents", [])]
    bodies = {key: client.get_object(Bucket=name, Key=key)["Body"].read() for key in keys}
    json.dump({key: hashlib.sha256(body).hexdigest() for key, body in bodies.items()}, sys.stdout)


commands = {"serve": serve, "queue": queue, "read": read, "put": put, "bucket": bucket, "objects": objects}
commands[sys.argv[1]](*sys.argv[2:])
