#!/usr/bin/env python3
"""Disclosures by month and recipient: a table (CSV) and a picture (PNG) of what the gateway counts.

The address is GATEWAY_URL, the token GATEWAY_TOKEN; neither is ever printed. A cell that is too small to be shown to the
caller is missing in the table (`NA`), never nought.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import pandas as pd
from gql import Client, GraphQLRequest
from gql.client import SyncClientSession
from gql.transport.httpx import HTTPXTransport
from matplotlib import pyplot as plt

SCHEMA = Path(__file__).resolve().parents[2] / "schema.graphql"
PAGE_ROWS = 100
RECIPIENTS_DRAWN = 8

STATISTICS = """
    query Statistics($input: DisclosureStatisticsInput!, $first: Int!, $after: String) {
      disclosureStatistics(input: $input, first: $first, after: $after) {
        rows {
          period
          keys { dimension value label }
          disclosures
          subjectCount
          suppressed
        }
        coveredUntil
        pageInfo { hasNextPage endCursor }
      }
    }
"""


def session() -> Client:
    """Client of the gateway; it checks every document against the schema before it sends it."""
    token = os.environ.get("GATEWAY_TOKEN")
    if not token:
        sys.exit("GATEWAY_TOKEN is missing: disclosure-gateway token --org 0246246-0 --role officer")
    url = os.environ.get("GATEWAY_URL", "http://127.0.0.1:8080/graphql")
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    transport = HTTPXTransport(url=url, headers=headers, timeout=30)
    return Client(transport=transport, schema=SCHEMA.read_text(encoding="utf-8"))


def rows(of: SyncClientSession, question: dict[str, Any], page_rows: int = PAGE_ROWS) -> Iterator[dict[str, Any]]:
    """Every row of an answer, page after page."""
    after: str | None = None
    while True:
        variables = {"input": question, "first": page_rows, "after": after}
        page = of.execute(GraphQLRequest(STATISTICS, variable_values=variables))["disclosureStatistics"]
        yield from page["rows"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def frame(given: Iterator[dict[str, Any]], dimensions: list[str]) -> pd.DataFrame:
    """Rows as a table: a column for each dimension and its label; what is suppressed is missing."""
    names = [dimension.lower() for dimension in dimensions]
    columns = ["period", *(f"{name}{part}" for name in names for part in ("", "_label")), "disclosures", "subjects"]
    lines = [
        [row["period"], *(said for key in row["keys"] for said in (key["value"], key["label"])),
         row["disclosures"], row["subjectCount"]]
        for row in given
    ]
    table = pd.DataFrame(lines, columns=columns)
    return table.astype({"disclosures": "Int64", "subjects": "Int64"})


def asked(
    of: SyncClientSession, first: date, until: date, dimensions: list[str], page_rows: int = PAGE_ROWS
) -> pd.DataFrame:
    """The table of a question by month."""
    question = {"from": first.isoformat(), "until": until.isoformat(), "interval": "MONTH", "groupBy": dimensions}
    return frame(rows(of, question, page_rows), dimensions)


def differences(by_recipient: pd.DataFrame, total: pd.DataFrame) -> pd.DataFrame:
    """Months whose recipients do not sum up to their total. Months with a missing cell are not compared."""
    whole = by_recipient.groupby("period")["disclosures"].agg(lambda cells: cells.sum(skipna=False))
    both = pd.concat([whole.rename("recipients"), total.set_index("period")["disclosures"].rename("total")], axis=1)
    known = both.dropna()
    return known[known["recipients"] != known["total"]]


def draw(by_recipient: pd.DataFrame, to: Path) -> None:
    """Months as columns of the largest recipients, one upon the other."""
    name = by_recipient["recipient_label"]
    largest = by_recipient.groupby(name)["disclosures"].sum().nlargest(RECIPIENTS_DRAWN).index
    shown = by_recipient.assign(recipient=name.where(name.isin(largest), "others"))
    table = shown.pivot_table(index="period", columns="recipient", values="disclosures", aggfunc="sum", fill_value=0)
    axes = table.astype("int64").plot.bar(stacked=True, figsize=(11, 6), width=0.85)
    axes.set(title="Disclosures by month and recipient", xlabel="", ylabel="disclosures")
    axes.legend(fontsize="small", frameon=False)
    axes.figure.tight_layout()
    axes.figure.savefig(to, dpi=120)
    plt.close(axes.figure)


def main() -> None:
    """Asks, checks, and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2025, 1, 1), metavar="DAY")
    parser.add_argument("--until", type=date.fromisoformat, default=date(2027, 1, 1), metavar="DAY", help="no longer counted")
    parser.add_argument("--out", type=Path, default=Path("out"), help="directory of the files")
    arguments = parser.parse_args()
    with session() as of:
        by_recipient = asked(of, arguments.first, arguments.until, ["RECIPIENT"])
        total = asked(of, arguments.first, arguments.until, [])
    wrong = differences(by_recipient, total)
    if not wrong.empty:
        sys.exit(f"recipients and totals differ; something was recorded in between, ask again:\n{wrong}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    by_recipient.to_csv(arguments.out / "disclosures.csv", index=False, na_rep="NA")
    if not by_recipient.empty:
        draw(by_recipient, arguments.out / "disclosures.png")
    print(f"{len(by_recipient)} rows, {by_recipient['disclosures'].isna().sum()} too small to be shown: {arguments.out}/")


if __name__ == "__main__":
    main()
