"""Runs a recipe of the documentation, which leaves its product in `rows`, and prints each row as a JSON array of texts."""
import decimal
import json
import re
import sys


def text(value):
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, decimal.Decimal):
        return f"{value:f}"
    return str(value)


def time(value):
    """A time with the digits behind its milliseconds that are not zero."""
    return value and re.sub(r"(\.\d{3}\d*?)0*$", r"\1", value)


scope = {}
exec(open(sys.argv[1], encoding="utf-8").read(), scope)
rows = scope["rows"]
names = [column["name"] for column in scope["manifest"]["columns"]]
if hasattr(rows, "to_pylist"):
    times = [name for name in names if str(rows.schema.field(name).type).startswith("timestamp")]
    columns = [rows[name].cast("string") if name in times else rows[name] for name in names]
    records = list(zip(*(column.to_pylist() for column in columns)))
elif hasattr(rows, "iter_rows"):
    times = [name for name in names if str(rows.schema[name]).startswith("Datetime")]
    columns = [rows.get_column(name) for name in names]
    columns = [c.dt.to_string("%Y-%m-%d %H:%M:%S%.9f") if c.name in times else c for c in columns]
    records = list(zip(*(column.to_list() for column in columns)))
else:
    times = []
    records = rows[names].values.tolist()
for record in records:
    print(json.dumps([time(v) if n in times else text(v) for n, v in zip(names, record)]))
