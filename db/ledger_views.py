"""Views of figures: a year's KPIs as they are shown, what was signed off, what was restated or is pending."""

from typing import Final

from db.view import View, instant


def _plain(value: str, unit: str = "signed.unit_en") -> str:
    """A value as people read it: money, kept in fen, in yuan."""
    yuan = f"printf('%s%d.%02d', iif({value} < 0, '-', ''), abs({value}) / 100, abs({value}) % 100)"
    return f"iif({unit} = 'CNY' AND {value} IS NOT NULL, {yuan}, {value})"


_LATEST: Final = "kpi_run_id IN (SELECT max(kpi_run_id) FROM kpi_run GROUP BY year, kpi)"
_IN_FORCE: Final = """(SELECT * FROM ledger_figure JOIN ledger_entry USING (entry_id)
            WHERE entry_id IN (SELECT max(entry_id) FROM ledger_entry GROUP BY year))"""
_HAS_MOVED: Final = """(run.value IS NOT signed.value OR run.prior IS NOT signed.prior
                OR run.definition_version <> signed.definition_version)"""
_MUST: Final = """CASE WHEN run.definition_version <> signed.definition_version
                OR (run.value IS NULL) <> (signed.value IS NULL) THEN 1
            WHEN abs(CAST(run.value AS REAL) - CAST(signed.value AS REAL)) > CAST(signed.threshold AS REAL) THEN 1
            WHEN signed.low IS NOT NULL AND CAST(run.value AS INTEGER)
                NOT BETWEEN CAST(signed.low AS INTEGER) AND CAST(signed.value AS INTEGER) THEN 1 ELSE 0 END"""
_EFFECT: Final = f"coalesce({_plain('signed.value')}, '?') || ' -> ' || coalesce({_plain('run.value')}, '?')"

LEDGER_VIEWS: Final = (
    View(
        "v_kpi_year",
        "年度指标：已签认年度为签认数，待重述影响见附注 · KPIs of a year: as signed off, else as last computed",
        {
            "year": "年份 · year",
            "kpi": "指标编号 · KPI id",
            "value": "数值 · value",
            "display_zh": "披露形式（中文） · display form in Chinese",
            "display_en": "披露形式（英文） · display form in English",
            "prior": "上年 · prior year",
            "definition_version": "口径版本 · version of the definition",
            "note": "附注，含待重述影响 · note, with the effect of what is pending",
            "computed_at": "计算时间（UTC） · computed at (UTC)",
            "state": "状态 · state: signed, or computed where it is not signed off",
            "computed_value": "最近计算数值 · value as last computed",
        },
        f"""SELECT run.year, run.kpi, iif(entry_id IS NULL, run.value, signed.value) AS value,
            coalesce(signed.display_zh, run.display_zh) AS display_zh,
            coalesce(signed.display_en, run.display_en) AS display_en,
            iif(entry_id IS NULL, run.prior, signed.prior) AS prior,
            coalesce(signed.definition_version, run.definition_version) AS definition_version,
            CASE WHEN entry_id IS NULL THEN run.note
                ELSE signed.note_zh || ' / ' || signed.note_en || iif({_HAS_MOVED},
                    ' / 待重述 · pending restatement: ' || {_EFFECT}, '') END AS note,
            {instant("coalesce(signed_run.computed_at, run.computed_at)")} AS computed_at,
            iif(entry_id IS NULL, 'computed', 'signed') AS state, run.value AS computed_value
        FROM kpi_run AS run LEFT JOIN {_IN_FORCE} AS signed USING (year, kpi)
        LEFT JOIN kpi_run AS signed_run ON signed_run.kpi_run_id = signed.kpi_run_id
        WHERE run.{_LATEST}""",
    ),
    View(
        "v_ledger",
        "签认台账：谁在何时为何签认或重述哪一年 · the ledger: who signed or restated which year, when and why",
        {
            "entry": "台账条目 · entry",
            "year": "年份 · year",
            "action": "签认或重述 · close or restate",
            "by": "签认人 · who signed",
            "why": "理由 · why",
            "at": "时间（UTC） · at (UTC)",
            "figures": "指标数 · figures signed",
            "restated": "其中重述 · of these restated",
            "code_version": "程序版本 · version of the program",
            "basis": "输入快照摘要 · digest of what the figures were computed from",
            "own_brands": "自有品牌 · own brands, the boundary",
            "sources": "来源、行数与读取方式摘要 · sources: rows, digest of how they are read",
            "previous": "前一条目摘要 · digest of the entry before",
            "digest": "本条目摘要 · digest of this entry",
        },
        f"""SELECT entry_id AS entry, year, action, "by", why, {instant("at")} AS at,
            (SELECT count(*) FROM ledger_figure AS one WHERE one.entry_id = ledger_entry.entry_id) AS figures,
            (SELECT count(cause_en) FROM ledger_figure AS one WHERE one.entry_id = ledger_entry.entry_id) AS restated,
            code_version, basis, own_brands, sources, previous, digest
        FROM ledger_entry""",
    ),
    View(
        "v_ledger_figures",
        "签认数：每条台账条目中的每个指标及其口径 · figures as signed, each with its definition",
        {
            "entry": "台账条目 · entry",
            "year": "年份 · year",
            "kpi": "指标编号 · KPI id",
            "name_zh": "指标名称 · name in Chinese",
            "name_en": "指标名称（英文） · name in English",
            "definition_version": "口径版本 · version of the definition",
            "definition_zh": "口径（中文） · definition in Chinese",
            "definition_en": "口径（英文） · definition in English",
            "value": "数值，金额以元计 · value, money in CNY",
            "prior": "上年 · prior year",
            "display_zh": "披露形式（中文） · display form in Chinese",
            "display_en": "披露形式（英文） · display form in English",
            "note_zh": "附注（中文） · note in Chinese",
            "note_en": "附注（英文） · note in English",
            "is_synthetic": "含合成数据 · made-up records lie beneath it",
            "in_force": "现行 · whether it stands",
            "run": "计算编号 · number of its computation",
        },
        f"""SELECT entry_id AS entry, year, kpi, name_zh, name_en, definition_version, definition_zh, definition_en,
            {_plain("signed.value")} AS value, {_plain("signed.prior")} AS prior, display_zh, display_en, note_zh,
            note_en, is_synthetic,
            entry_id = (SELECT max(entry_id) FROM ledger_entry AS later WHERE later.year = ledger_entry.year)
                AS in_force, kpi_run_id AS run
        FROM ledger_figure AS signed JOIN ledger_entry USING (entry_id)""",
    ),
    View(
        "v_restatements",
        "重述：已重述的与待重述的指标 · restatements, done and pending",
        {
            "year": "年份 · year",
            "kpi": "指标编号 · KPI id",
            "state": "状态 · restated or pending",
            "entry": "重述的台账条目 · the entry that restated it",
            "old_value": "原值，金额以元计 · value before, money in CNY",
            "value": "新值，金额以元计 · value after, money in CNY",
            "effect": "影响 · effect",
            "old_definition_version": "原口径版本 · version of the definition before",
            "definition_version": "新口径版本 · version of the definition after",
            "must_restate": "超过门槛 · beyond the threshold (of what is pending, by value and definition; changes of "
            "source or boundary: fanzha ledger list)",
            "cause_zh": "原因（中文） · cause in Chinese",
            "cause_en": "原因（英文） · cause in English",
            "by": "重述人 · who restated it",
            "why": "理由 · why",
            "at": "时间（UTC） · at (UTC)",
        },
        f"""SELECT year, kpi, 'restated' AS state, entry_id AS entry, {_plain("signed.old_value")} AS old_value,
            {_plain("signed.value")} AS value,
            coalesce({_plain("signed.old_value")}, '?') || ' -> ' || coalesce({_plain("signed.value")}, '?') AS effect,
            old_definition_version, definition_version, is_beyond AS must_restate, cause_zh, cause_en, "by", why,
            {instant("at")} AS at
        FROM ledger_figure AS signed JOIN ledger_entry USING (entry_id) WHERE cause_en IS NOT NULL
        UNION ALL SELECT run.year, run.kpi, 'pending', NULL, {_plain("signed.value")}, {_plain("run.value")}, {_EFFECT},
            signed.definition_version, run.definition_version, {_MUST}, NULL, NULL, NULL, NULL, NULL
        FROM kpi_run AS run JOIN {_IN_FORCE} AS signed USING (year, kpi)
        WHERE run.{_LATEST} AND {_HAS_MOVED}""",
    ),
)
