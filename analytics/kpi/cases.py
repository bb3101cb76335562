"""Records under K31 to K36: cases of the police that the company's leads are part of, and the people in them.

What police and procuratorate do is a third party's result: the company may say no more than that it supported it.
"""

from typing import Final

import polars as pl

from analytics.kpi.definition import RECORDS, Apart, Beside, Definition, Records, Tally, units_where
from analytics.kpi.display import Rule
from analytics.kpi.frames import Frames, key_of, new_in, real
from db.period import Period
from db.vocabulary import CHOICES, LABELS_ZH

_CLOSURES_ZH: Final = {"solved": "侦破", "prosecution": "移送起诉", "judgment": "判决", "withdrawn": "撤案"}
"""What closes a case."""
_CASE: Final = pl.coalesce("case_number", "referral")
_PERSON: Final = pl.col("subject")
_IS_DEBTOR: Final = (pl.col("role") == "suspected_borrower").fill_null(value=False)
_MEASURES: Final = ("detained", "arrest_approved", "indicted", "convicted")
_ROLES_ZH: Final = {
    "intermediary": "中介",
    "data_seller": "数据贩卖者",
    "victim": "受害人",
    "witness": "证人",
    "other": "其他",
}


def filed_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K31: cases that the police filed in the period; unit: the case."""
    return _first_of(frames, period, pl.col("type") == "filed")


def referred(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K31: the leads that the company handed over in the period, and those accepted."""
    return (
        Apart("推送线索（本公司行为）", "leads handed over (our act)", _count(_leads(frames, period, "referred"))),
        Apart("受理", "accepted", _count(_leads(frames, period, "accepted"))),
    )


def closed_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K32: cases closed in the period; unit: the case."""
    is_closure = (pl.col("type") == "closed") & pl.col("closure").is_in(list(_CLOSURES_ZH))
    return _first_of(frames, period, is_closure)


def debtor_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K33: suspected borrowers first linked in the period to a numbered case; unit: the person."""
    is_linked = _IS_DEBTOR & _PERSON.is_not_null() & pl.col("case_number").is_not_null()
    return new_in(real(frames["case_events"]).filter(is_linked).with_columns(unit="subject"), period)


def other_people(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K33: people of the period's records in other roles, records without a known person, closed cases."""
    told = _told(frames, period)
    roles = dict(told.group_by("role").agg(_PERSON.drop_nulls().n_unique()).collect().iter_rows())
    nameless = told.filter(_IS_DEBTOR, _PERSON.is_null())
    closed = real(frames["case_events"]).filter(
        pl.col("type") == "closed", pl.col("closure").is_in(list(_CLOSURES_ZH)), pl.col("occurred_at") < period.end
    )
    settled = debtor_records(frames, period).join(closed.select("case_number"), on="case_number", how="semi")
    return (
        Apart("其中所涉案件已办结", "of these in cases that are closed", _count(settled.select("unit"))),
        *(Apart(f"案件中的{zh}", f"in the role {role}", roles.get(role, 0)) for role, zh in _ROLES_ZH.items()),
        Apart("无法识别本人的记录", "records without a known person", _rows(nameless)),
    )


def overdue_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K34: overdue accounts first linked to a case in the period; unit: the account."""
    account = pl.col("account")
    linked = real(frames["case_events"]).filter(pl.col("type") == "account_linked", pl.col("amount_fen").is_not_null())
    named = linked.with_columns(unit=key_of(account, needs=account), tier=pl.lit(None, pl.String))
    return new_in(named, period)


def amountless(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K34: accounts linked without an amount."""
    untold = _told(frames, period).filter(pl.col("type") == "account_linked", pl.col("amount_fen").is_null())
    return (Apart("未注明金额的记录", "records without an amount", _rows(untold)),)


def _people_of(measure: str, role: str = "") -> Records:
    """The people whom a measure met first in the period; unit: person x case."""

    def records(frames: Frames, period: Period) -> pl.LazyFrame:
        is_met = (pl.col("type") == measure) & _PERSON.is_not_null()
        met = real(frames["case_events"]).filter(is_met & (pl.col("role") == role) if role else is_met)
        return new_in(met.with_columns(unit=key_of(_CASE, _PERSON, needs=_PERSON)), period)

    return records


def other_detained(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K35: people detained in other roles or in none, and records without a known person."""
    told = _told(frames, period).filter(pl.col("type") == "detained")
    others = told.filter((pl.col("role") != "intermediary").fill_null(value=True), _PERSON.is_not_null())
    return (
        Apart("其他或未注明身份的被抓获者", "detained in another role or in none", _count(others.select(unit=_PERSON))),
        Apart("无法识别本人的记录", "records without a known person", _rows(told.filter(_PERSON.is_null()))),
    )


def nameless_arrests(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K36: records without a known person."""
    told = _told(frames, period).filter(pl.col("type") == "arrest_approved", _PERSON.is_null())
    return (Apart("无法识别本人的记录", "records without a known person", _rows(told)),)


def _first_of(frames: Frames, period: Period, which: pl.Expr) -> pl.LazyFrame:
    """The events of a sort in the period, of cases that had none before."""
    return new_in(real(frames["case_events"]).filter(which).with_columns(unit=key_of(_CASE, needs=_CASE)), period)


def _leads(frames: Frames, period: Period, kind: str) -> pl.LazyFrame:
    lead = pl.coalesce("referral", "case_number")
    told = real(frames["case_events"]).filter(pl.col("type") == kind)
    return new_in(told.with_columns(unit=key_of(lead, needs=lead)), period).select("unit")


def _told(frames: Frames, period: Period) -> pl.LazyFrame:
    return real(frames["case_events"]).filter(period.holds("occurred_at"))


def _count(units: pl.LazyFrame) -> int:
    return int(units.select(pl.col("unit").n_unique()).collect().item())


def _rows(records: pl.LazyFrame) -> int:
    return int(records.select(pl.len()).collect().item())


_BY_CLASS: Final = (
    *(
        Beside(LABELS_ZH[fraud_class], fraud_class, units_where(pl.col("fraud_class") == fraud_class))
        for fraud_class in CHOICES["fraud_class"]
    ),
    Beside("类别不明", "class not stated", units_where(pl.col("fraud_class").is_null())),
)
_UNPROVEN: Final = Beside(
    "无文书号", "without a document", pl.col("unit").n_unique() - units_where(pl.col("proof").is_not_null())
)
_BY_ATTRIBUTION: Final = (
    Beside(
        "第三方结果，本公司协助", "third party outcome, supported", units_where(pl.col("attribution") == "supported")
    ),
    Beside(
        "第三方结果，未经协助",
        "third party outcome, not supported",
        units_where(pl.col("attribution") == "third_party"),
    ),
    Beside(
        "记为本公司成果（不得如此表述）",
        "recorded as our own (not to be claimed)",
        units_where(pl.col("attribution") == "own"),
    ),
    Beside("归属未注明", "attribution not stated", units_where(pl.col("attribution").is_null())),
)

DEFINITIONS: Final = (
    Definition(
        id="K31",
        name_zh="推送相关案件立案",
        name_en="Cases filed from referrals",
        unit_zh="起",
        unit_en="cases",
        definition_zh="期内公安首次立案的不重复案件，以案件号为准，日期以文书为准；一条线索可成为多起案件。推送的线索是本公"
        "司的行为，另列，不等于立案。不含测试数据。",
        definition_en="Distinct cases first filed by the police in the period, by case number and the date on the "
        "document; one lead may become several. The leads handed over are our act and shown beside it: a lead is no "
        "filed case. Without test rows.",
        kinds=("case_event",),
        frame="case_events",
        records=filed_records,
        dedup=("case_number", "referral"),
        is_reported=pl.col("type").is_in(["referred", "accepted", "filed", "closed"]),
        may_be_reported=True,
        beside=(RECORDS, _UNPROVEN, *_BY_CLASS),
        apart=referred,
    ),
    Definition(
        id="K32",
        name_zh="已办结",
        name_en="Cases closed",
        unit_zh="起",
        unit_en="cases",
        definition_zh="期内首次办结的不重复案件：侦破、移送起诉、判决或撤案。办结不等于侦破，按方式列示。不含测试数据。",
        definition_en="Distinct cases first closed in the period: solved, handed over for prosecution, judged or "
        "withdrawn. Closed is not solved: each way is shown. Without test rows.",
        kinds=("case_event",),
        frame="case_events",
        records=closed_records,
        dedup=("case_number", "referral"),
        is_reported=pl.col("type").is_in(["referred", "accepted", "filed", "closed"]),
        may_be_reported=True,
        beside=(
            *(Beside(zh, name, units_where(pl.col("closure") == name)) for name, zh in _CLOSURES_ZH.items()),
            _UNPROVEN,
            *_BY_CLASS,
        ),
    ),
    Definition(
        id="K33",
        name_zh="涉及逾期客户",
        name_en="Overdue customers involved",
        unit_zh="名",
        unit_en="people",
        definition_zh="期内首次关联到案件（有案件号）的不重复人员，身份为涉嫌借款人；受害人、中介等其他身份及所涉案件已办结者另"
        "列。不含测试数据。",
        definition_en="Distinct people first linked in the period to a numbered case as suspected borrowers. Victims, "
        "intermediaries and other roles, and those whose case is closed, stand beside it. Without test rows.",
        kinds=("case_event",),
        frame="case_events",
        records=debtor_records,
        dedup=("subject",),
        is_reported=pl.col("role").is_not_null(),
        may_be_reported=True,
        beside=(Beside("所涉案件", "cases", pl.col("case_number").n_unique()),),
        apart=other_people,
    ),
    Definition(
        id="K34",
        name_zh="涉及总逾期金额",
        name_en="Total overdue amount involved",
        unit_zh="元",
        unit_en="CNY",
        definition_zh="期内首次关联到案件的逾期账户在立案时的逾期金额合计，每个账户一次，取其期内最大者；无账户号的每个事件计一"
        "次。此为信贷敞口，不是诈骗损失，也不是追回金额。不含测试数据。",
        definition_en="What was overdue, at the case's date, on the accounts first linked to a case in the period: "
        "each account once, at its largest of the period; without an account's number, one an event. Credit exposure: "
        "neither a loss by fraud nor money recovered. Without test rows.",
        kinds=("case_event",),
        frame="case_events",
        records=overdue_records,
        dedup=("account",),
        display=Rule("万", 3, "超"),
        tally=Tally.LARGEST,
        is_reported=pl.col("type") == "account_linked",
        may_be_reported=True,
        beside=(Beside("账户", "accounts", pl.len()),),
        apart=amountless,
    ),
    Definition(
        id="K35",
        name_zh="抓获黑产中介",
        name_en="Illicit intermediaries detained",
        unit_zh="人",
        unit_en="people",
        definition_zh="期内公安首次采取强制措施的中介人员，同一案件同一人计一人，以公安文书为准。第三方结果，本公司至多称为协助，"
        "归属另示。不含测试数据。",
        definition_en="Intermediaries first detained by the police in the period, one for each person and case, by the "
        "police's document. A third party's outcome, of which we may claim no more than support: the attribution "
        "stands beside it. Without test rows.",
        kinds=("case_event",),
        frame="case_events",
        records=_people_of("detained", "intermediary"),
        dedup=("case_number", "referral", "subject"),
        is_reported=pl.col("type").is_in(_MEASURES),
        may_be_reported=True,
        beside=(*_BY_ATTRIBUTION, _UNPROVEN),
        apart=other_detained,
    ),
    Definition(
        id="K36",
        name_zh="批捕",
        name_en="Arrests approved by the procuratorate",
        unit_zh="人",
        unit_en="people",
        definition_zh="期内检察机关首次批准逮捕的人员，同一案件同一人计一人，以文书为准，不论身份。第三方结果，本公司至多称为协助，"
        "归属另示。不含测试数据。",
        definition_en="People whose arrest the procuratorate first approved in the period, one for each person and "
        "case, by the document, in whatever role. A third party's outcome, of which we may claim no more than support: "
        "the attribution stands beside it. Without test rows.",
        kinds=("case_event",),
        frame="case_events",
        records=_people_of("arrest_approved"),
        dedup=("case_number", "referral", "subject"),
        is_reported=pl.col("type").is_in(_MEASURES),
        may_be_reported=True,
        beside=(*_BY_ATTRIBUTION, _UNPROVEN),
        apart=nameless_arrests,
    ),
)
