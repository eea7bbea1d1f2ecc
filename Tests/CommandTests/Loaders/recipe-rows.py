"""Runs a recipe of the documentation, which leaves its product in `rows`, and prints each row as a JSON array of texts."""
import datetime
import decimal
import json
import sys


def text(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    return str(value)


scope = {}
exec(open(sys.argv[1], encoding="utf-8").read(), scope)
rows = scope["rows"]
names = [column["name"] for column in scope["manifest"]["columns"]]
if hasattr(rows, "to_pylist"):
    records = [[row[name] for name in names] for row in rows.to_pylist()]
elif hasattr(rows, "iter_rows"):
    records = rows.select(names).rows()
else:
    records = rows[names].values.tolist()
for record in records:
    print(json.dumps([text(value) for value in record]))
