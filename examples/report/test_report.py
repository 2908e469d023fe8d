"""The report against a gateway that runs, at GATEWAY_URL, with the sample world.

GATEWAY_TOKEN is of an officer of Kela, STATISTICIAN_TOKEN of a statistician, who sees small numbers rounded or not at all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from gql.client import SyncClientSession
from gql.transport.exceptions import TransportQueryError

import report

SPAN = (date(2025, 1, 1), date(2027, 1, 1))


@pytest.fixture
def officer() -> Iterator[SyncClientSession]:
    with report.session() as session:
        yield session


@pytest.fixture
def statistician(monkeypatch: pytest.MonkeyPatch) -> Iterator[SyncClientSession]:
    monkeypatch.setenv("GATEWAY_TOKEN", os.environ["STATISTICIAN_TOKEN"])
    with report.session() as session:
        yield session


def test_recipients_sum_up_to_the_total_of_each_month(officer: SyncClientSession) -> None:
    by_recipient = report.asked(officer, *SPAN, ["RECIPIENT"])
    total = report.asked(officer, *SPAN, [])
    assert len(by_recipient) > len(total) > 12
    assert report.differences(by_recipient, total).empty
    wrong = by_recipient.assign(disclosures=by_recipient["disclosures"] + 1)
    assert len(report.differences(wrong, total)) == len(total)


def test_pages_of_any_size_are_the_same_table(officer: SyncClientSession) -> None:
    whole = report.asked(officer, *SPAN, ["RECIPIENT", "CHANNEL"])
    assert list(whole.columns)[:5] == ["period", "recipient", "recipient_label", "channel", "channel_label"]
    pd.testing.assert_frame_equal(report.asked(officer, *SPAN, ["RECIPIENT", "CHANNEL"], page_rows=7), whole)


def test_what_is_too_small_to_be_shown_is_missing_and_not_nought(
    officer: SyncClientSession, statistician: SyncClientSession
) -> None:
    shown = report.asked(statistician, *SPAN, ["RECIPIENT"])
    missing = shown["disclosures"].isna()
    assert missing.any() and not missing.all()
    assert (shown["disclosures"].dropna() % 5 == 0).all()
    assert report.asked(officer, *SPAN, ["RECIPIENT"])["disclosures"].notna().all()


def test_report_writes_a_table_and_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TOKEN", os.environ["STATISTICIAN_TOKEN"])
    monkeypatch.setattr(sys, "argv", ["report.py", "--out", str(tmp_path)])
    report.main()
    lines = (tmp_path / "disclosures.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "period,recipient,recipient_label,disclosures,subjects"
    assert any(line.endswith(",NA,NA") for line in lines)
    assert (tmp_path / "disclosures.png").read_bytes().startswith(b"\x89PNG")


def test_refusals_come_with_their_code(officer: SyncClientSession) -> None:
    with pytest.raises(TransportQueryError) as refused:
        report.asked(officer, SPAN[1], SPAN[0], ["RECIPIENT"])
    assert refused.value.errors[0]["extensions"]["code"] == "INVALID_INPUT"


def test_nothing_is_asked_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEWAY_TOKEN")
    with pytest.raises(SystemExit, match="GATEWAY_TOKEN"):
        report.session()
