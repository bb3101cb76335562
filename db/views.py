"""What analysts query: views with readable times and names, every column described in Chinese and English."""

import zlib
from typing import Final

from sqlite_utils import Database

from db.company_views import company_views
from db.ledger_views import LEDGER_VIEWS
from db.view import View
from db.view import instant as _instant
from db.view import shanghai_day as _shanghai_day
from db.vocabulary import LABELS_ZH, NOTICE_STATES, PATH_HOSTS

ADDRESS_SQL: Final = """CASE url.tail WHEN '' THEN host.name ELSE
    substr(url.tail, 1, instr(url.tail, ':') - 1) || '://' || host.name ||
    CASE substr(url.tail, instr(url.tail, ':') + 1, 1) WHEN '/' THEN '' ELSE ':' END ||
    substr(url.tail, instr(url.tail, ':') + 1) END"""
"""The canonical text of a row of `url` joined with its `host`."""

_PATH: Final = "substr(url.tail, instr(url.tail, '/'))"
TARGET_SQL: Final = f"""host.name || CASE WHEN url.tail <> '' AND host.name IN ({", ".join(map(repr, PATH_HOSTS))})
    THEN rtrim(substr({_PATH}, 1, instr({_PATH} || '?', '?') - 1), '/') ELSE '' END"""
"""What an attack at a row of `url` joined with its `host` stands on: host; where strangers choose it, also path."""

_BACK: Final = """SELECT 'back' AS kind, probe_state.back_at AS since, host.name AS target, attack.brand AS brand,
        '关停后又在线：' || probe_state.reopened || ' 次复活，第 ' || probe_state.episode || ' 轮' AS why_zh,
        'stands again after it was down: reopened ' || probe_state.reopened || ' times, episode ' ||
            probe_state.episode AS why_en
    FROM probe_state JOIN url USING (url_id) JOIN host USING (host_id)
    JOIN (SELECT DISTINCT brand, CASE instr(target, '/') WHEN 0 THEN target
            ELSE substr(target, 1, instr(target, '/') - 1) END AS name FROM attack) AS attack ON attack.name = host.name
    JOIN brand ON brand.id = attack.brand
    WHERE probe_state.back_at IS NOT NULL AND probe_state.state IN ('up', 'failing') AND brand.is_followed
        AND episode = (SELECT max(episode) FROM probe_state AS latest WHERE latest.url_id = probe_state.url_id)"""
_OPEN: Final = """SELECT target, brand, max(reopened) AS round, min(first_seen_at) AS opened_at FROM attack
        WHERE state = 'confirmed' GROUP BY target, brand"""
_BOUNCED: Final = f"""SELECT 'bounced' AS kind, event.at AS since, notice.target, notice.brand,
        '通知 ' || notice_id || ' 未送达 ' || recipient || '：' || event.why AS why_zh,
        'notice ' || notice_id || ' did not reach ' || recipient || ': ' || event.why AS why_en
    FROM notice JOIN ({_OPEN}) AS attack USING (target, brand, round)
    JOIN notice_event AS event USING (notice_id)
    WHERE event.type = 'bounced' AND event.at >= attack.opened_at AND NOT EXISTS (SELECT 1 FROM notice_event AS later
        WHERE later.notice_id = notice.notice_id AND later.notice_event_id > event.notice_event_id
            AND later.type <> 'noted')"""
_OVERDUE: Final = f"""SELECT 'overdue' AS kind, min(event.at + notice.deadline_hours * 3600000) AS since, notice.target,
        notice.brand, '发出 ' || count(*) || ' 份通知，已过期限，网站仍未关停' AS why_zh,
        'past its deadline, ' || count(*) || ' notices sent, and not closed' AS why_en
    FROM notice JOIN ({_OPEN}) AS attack USING (target, brand, round)
    JOIN notice_event AS event USING (notice_id)
    WHERE event.type = 'sent' AND event.at >= attack.opened_at GROUP BY notice.target, notice.brand
    HAVING min(event.at + notice.deadline_hours * 3600000) <= strftime('%s', 'now') * 1000"""
ATTENTION: Final = (_BACK, _BOUNCED, _OVERDUE)
"""What an operator is to look at: queries of `kind`, `since` (Unix ms), `target`, `brand`, `why_zh`, `why_en`."""
ATTENTION_SQL: Final = " UNION ALL ".join(ATTENTION)
_STATES: Final = " ".join(f"WHEN '{event}' THEN '{state}'" for event, state in NOTICE_STATES.items())
NOTICE_STATE_SQL: Final = f"""(SELECT CASE type {_STATES} END
    FROM notice_event WHERE notice_event.notice_id = notice.notice_id AND type <> 'noted'
    ORDER BY notice_event_id DESC LIMIT 1)"""
"""The state of a row of `notice`."""

_CLAIM: Final = "CASE {0}.claim WHEN 1 THEN 'malicious' WHEN -1 THEN 'benign' ELSE 'none' END"

VIEWS: Final = (
    View(
        "v_sightings",
        "网址线索：谁在何时见到哪个网址 · sightings: who saw which address, when",
        {
            "address": "规范化网址 · canonical address",
            "host": "主机名 · host",
            "registrable_domain": "可注册域名 · registrable domain",
            "source": "来源 · source",
            "claim": "来源的说法 · what the source says of it",
            "named_brand": "来源所称被仿冒品牌 · brand the source names",
            "seen_at": "发现时间（UTC） · seen at (UTC)",
            "day": "上海日期 · day in Shanghai",
            "is_test": "测试数据 · test row",
            "file": "原始文件 · file it came in",
            "position": "文件内位置 · position in the file",
        },
        f"""SELECT {ADDRESS_SQL} AS address, host.name AS host, host.registrable_domain, source.name AS source,
            {_CLAIM.format("sighting")} AS claim, term.name AS named_brand, {_instant("sighting.seen_at")} AS seen_at,
            {_shanghai_day("sighting.seen_at")} AS day, sighting.is_test, document.name AS file, sighting.position
        FROM sighting JOIN url USING (url_id) JOIN host USING (host_id)
        JOIN source ON source.source_id = sighting.source_id
        JOIN document ON document.document_id = sighting.document_id
        LEFT JOIN term ON term.term_id = sighting.named_id""",
    ),
    View(
        "v_lookalikes",
        "仿冒网站：主机与其模仿的品牌 · lookalikes: hosts and the brand each imitates",
        {
            "host": "主机名 · host",
            "registrable_domain": "可注册域名 · registrable domain",
            "brand": "品牌编号 · brand id",
            "brand_zh": "品牌 · brand, in Chinese",
            "technique": "仿冒手法 · technique",
            "similarity": "相似度 0-100 · similarity",
            "confidence": "置信度 0-100 · confidence",
            "is_above_threshold": "达到品牌阈值 · confidence reaches the brand's threshold",
            "matched": "命中部分 ~ 品牌形式 · part of the host ~ form of the brand",
            "explanation_zh": "说明（中文） · explanation in Chinese",
            "explanation_en": "说明（英文） · explanation in English",
            "first_seen": "首次发现（UTC） · first seen (UTC)",
            "sightings": "线索条数 · sightings",
        },
        f"""SELECT host.name AS host, host.registrable_domain, brand.id AS brand, brand.name_zh AS brand_zh,
            match.technique, match.similarity, match.confidence,
            match.confidence >= brand.threshold AS is_above_threshold, match.matched, match.explanation_zh,
            match.explanation_en,
            {_instant("match.first_seen_at")} AS first_seen,
            (SELECT count(*) FROM url JOIN sighting USING (url_id) WHERE url.host_id = match.host_id) AS sightings
        FROM match JOIN host USING (host_id) JOIN brand USING (brand_id)""",
    ),
    View(
        "v_fake_apps",
        "仿冒应用：应用与其模仿的品牌 · fake apps and the brand each imitates",
        {
            "store": "应用市场 · store",
            "package": "包名 · package",
            "name": "名称 · name",
            "developer": "开发者 · developer",
            "version": "版本 · version",
            "certificate": "签名证书 SHA-256 · signing certificate",
            "brand": "品牌编号 · brand id",
            "brand_zh": "品牌 · brand, in Chinese",
            "technique": "仿冒手法 · technique",
            "confidence": "置信度 0-100 · confidence",
            "is_above_threshold": "达到品牌阈值 · confidence reaches the brand's threshold",
            "explanation_zh": "说明（中文） · explanation in Chinese",
            "explanation_en": "说明（英文） · explanation in English",
            "first_seen": "首次发现（UTC） · first seen (UTC)",
        },
        f"""SELECT app.store, app.package, app.name, app.developer, app.version, app.certificate, brand.id AS brand,
            brand.name_zh AS brand_zh, app_match.technique, app_match.confidence,
            app_match.confidence >= brand.threshold AS is_above_threshold, app_match.explanation_zh,
            app_match.explanation_en,
            (SELECT {_instant("min(app_sighting.seen_at)")} FROM app_sighting
                WHERE app_sighting.app_id = app_match.app_id) AS first_seen
        FROM app_match JOIN app USING (app_id) JOIN brand USING (brand_id)""",
    ),
    View(
        "v_source_health",
        "来源健康：每个来源最近如何 · health of each source",
        {
            "source": "来源 · source",
            "title": "名称 · title",
            "last_outcome": "最近结果 · last outcome",
            "reason": "原因 · why",
            "last_attempt": "最近尝试（UTC） · last attempt (UTC)",
            "last_success": "最近成功（UTC） · last success (UTC)",
            "last_change": "内容最近变化（UTC） · when its answer last changed (UTC)",
            "rows": "最近成功的行数 · rows of the last answer stored",
            "new": "其中新增 · new ones among them",
            "quarantined": "隔离待处理行数 · rejected rows not resolved",
            "failures": "连续失败次数 · failures since the last success",
        },
        f"""SELECT source.name AS source, source.title, latest.outcome AS last_outcome, latest.reason,
            {_instant("latest.finished_at")} AS last_attempt, {_instant("good.finished_at")} AS last_success,
            {_instant("source.changed_at")} AS last_change, stored.rows, stored.stored AS new,
            (SELECT count(*) FROM quarantine JOIN document USING (document_id)
                WHERE document.source_id = source.source_id AND resolved_at IS NULL) AS quarantined,
            (SELECT count(*) FROM fetch WHERE fetch.source_id = source.source_id AND outcome = 'failed'
                AND fetch_id > coalesce(good.fetch_id, 0)) AS failures
        FROM source
        JOIN fetch AS latest ON latest.fetch_id =
            (SELECT max(fetch_id) FROM fetch WHERE fetch.source_id = source.source_id)
        LEFT JOIN fetch AS good ON good.fetch_id =
            (SELECT max(fetch_id) FROM fetch WHERE fetch.source_id = source.source_id AND outcome <> 'failed')
        LEFT JOIN fetch AS stored ON stored.fetch_id =
            (SELECT max(fetch_id) FROM fetch WHERE fetch.source_id = source.source_id AND outcome = 'stored')""",
    ),
    View(
        "v_takedowns",
        "处置通知：每份通知发给谁、现处何态 · takedown notices: to whom each one goes, and how it fares",
        {
            "notice": "通知编号 · number of the notice",
            "target": "网站 · site",
            "brand": "品牌 · brand",
            "kind": "种类：首次、催办、升级 · first, reminder or escalation",
            "channel": "渠道：注册商、托管商、网络 · registrar, hosting or network",
            "means": "方式：邮件、接口、表单 · mail, webhook or form",
            "recipient": "收件人 · recipient",
            "party": "收件方名称 · name of the recipient",
            "state": "状态 · state, as drafted, approved, in_doubt, sent or actioned",
            "drafted": "起草（UTC） · drafted (UTC)",
            "approved": "批准（UTC） · approved (UTC)",
            "approved_by": "批准人 · by whom",
            "sent": "发出（UTC） · sent (UTC)",
            "acknowledged": "确认收到（UTC） · acknowledged (UTC)",
            "answered": "答复（UTC） · answered: acted, refused or bounced (UTC)",
            "answered_by": "记录答复者 · who recorded the answer",
            "why": "最近说明 · what was last said of it",
            "registrar": "注册商 · registrar of the site",
            "provider": "托管商 · provider of the site",
            "country": "托管国家或地区 · country of the provider",
            "hours_since_sent": "发出后小时数 · hours since it was sent",
            "deadline": "期限（UTC） · deadline (UTC)",
            "file": "发出或起草的文件 · landing file with the message, as sent or drafted",
        },
        f"""SELECT notice.notice_id AS notice, notice.target, notice.brand, notice.kind, notice.channel, notice.means,
            notice.recipient, notice.party, {NOTICE_STATE_SQL} AS state,
            {_instant("min(event.at)")} AS drafted,
            {_instant("min(iif(event.type = 'approved', event.at, NULL))")} AS approved,
            max(iif(event.type = 'approved', event."by", NULL)) AS approved_by,
            {_instant("max(iif(event.type = 'sent', event.at, NULL))")} AS sent,
            {_instant("min(iif(event.type = 'acknowledged', event.at, NULL))")} AS acknowledged,
            {_instant("min(iif(event.type IN ('actioned', 'refused', 'bounced'), event.at, NULL))")} AS answered,
            max(iif(event.type IN ('actioned', 'refused', 'bounced'), event."by", NULL)) AS answered_by,
            (SELECT why FROM notice_event AS last WHERE last.notice_id = notice.notice_id AND why <> ''
                ORDER BY notice_event_id DESC LIMIT 1) AS why,
            place.registrar, place.provider, place.country,
            round((strftime('%s', 'now') * 1000 - max(iif(event.type = 'sent', event.at, NULL))) / 3600000.0, 1)
                AS hours_since_sent,
            {_instant("(max(iif(event.type = 'sent', event.at, NULL)) + notice.deadline_hours * 3600000)")} AS deadline,
            substr(document.digest, 1, 2) || '/' || document.digest || '.z' AS file
        FROM notice JOIN notice_event AS event USING (notice_id)
        JOIN document ON document.document_id = coalesce(
            (SELECT max(handed.document_id) FROM notice_event AS handed WHERE handed.notice_id = notice.notice_id),
            notice.document_id)
        LEFT JOIN whereabouts AS place ON place.target = substr(notice.target, 1, instr(notice.target || '/', '/') - 1)
            AND place.asked_at = (SELECT max(asked_at) FROM whereabouts AS latest WHERE latest.target = place.target)
        GROUP BY notice.notice_id""",
    ),
    View(
        "v_attacks",
        "攻击：每起攻击的状态、网址与各时点 · attacks: state, address and clocks of each",
        {
            "attack": "攻击编号 · attack",
            "state": "状态 · state: suspected, confirmed, dismissed or closed",
            "target": "网站或应用 · site or app",
            "address": "访问与举报的网址 · address that is visited and reported",
            "brand": "品牌 · brand",
            "is_own": "自有品牌 · own brand",
            "fraud_type": "诈骗类型 · fraud type",
            "fraud_type_zh": "诈骗类型（中文） · fraud type in Chinese",
            "confidence": "最高匹配置信度 0-100 · confidence of the best match",
            "first_seen": "首次出现（UTC） · first seen (UTC)",
            "confirmed": "确认（UTC） · confirmed (UTC)",
            "dismissed": "排除（UTC） · dismissed (UTC)",
            "first_action": "首次处置（UTC） · first enforcement action (UTC)",
            "unconfirmed_down": "仅一个网络见其关停，起始（UTC） · down as seen by one network only, since (UTC)",
            "closed": "最终关停，即首次不可用（UTC） · final closure: first unreachable (UTC)",
            "down": "探测确认关停（UTC） · confirmed down by probes (UTC)",
            "cause": "关停原因 · who or what closed it",
            "relisted": "最近复活（UTC） · last reopened (UTC)",
            "reopened": "复活次数 · times reopened",
            "hours_open": "确认至关停小时数 · hours from confirmation to closure",
            "previous": "前一起攻击 · the attack before it on the same target",
            "events": "事件数 · events",
        },
        f"""SELECT attack_key AS attack, state, target, address, brand, is_own, fraud_type,
            CASE fraud_type {" ".join(f"WHEN '{name}' THEN '{zh}'" for name, zh in LABELS_ZH.items())} END
                AS fraud_type_zh, confidence, {_instant("first_seen_at")} AS first_seen,
            {_instant("confirmed_at")} AS confirmed, {_instant("dismissed_at")} AS dismissed,
            {_instant("first_action_at")} AS first_action, {_instant("unconfirmed_at")} AS unconfirmed_down,
            {_instant("closed_at")} AS closed, {_instant("down_at")} AS down, cause,
            {_instant("reopened_at")} AS relisted, reopened,
            iif(closed_at >= confirmed_at, round((closed_at - confirmed_at) / 3600000.0, 1), NULL) AS hours_open,
            previous, events
        FROM attack""",
    ),
    View(
        "v_probes",
        "探测：每个网址最近一次探测与推导状态 · probes: the last one of each site, and the state that follows from all",
        {
            "address": "网址 · address",
            "state": "状态 · state: unknown, up, failing, down_unconfirmed or down",
            "since": "状态起始（UTC） · in this state since (UTC)",
            "last_probe": "最近探测（UTC） · last probe (UTC)",
            "outcome": "最近结果 · its outcome",
            "reason": "原因 · why",
            "vantage": "探测点 · vantage point",
            "network": "探测点所在网络 · network of the vantage point",
            "status": "HTTP 状态码 · HTTP status",
            "title": "页面标题 · title of the page",
            "final": "跳转后的网址 · address that redirects led to",
            "last_up": "最后在线（UTC） · last seen up (UTC)",
            "first_down": "首次不可用（UTC） · first unreachable (UTC)",
            "down": "确认关停（UTC） · confirmed down (UTC)",
            "closure": "关停方式 · how it is closed",
            "back": "最近复活（UTC） · found up again after it was down, last (UTC)",
            "changed_content": "在线时换页（UTC） · stood with another page than before, last (UTC)",
            "other_content": "关停后他人页面（UTC） · another's page on the closed host, last (UTC)",
            "blocked": "过滤网络屏蔽（UTC） · hidden by a filtered network while up elsewhere, last (UTC)",
            "networks": "见其关停的网络数 · networks that see it closed",
            "reopened": "复活次数 · times reopened",
            "episode": "第几轮 · episode: a site that is back too late to reopen begins a new one",
            "probes": "本轮探测次数 · probes of the episode",
            "file": "页面证据文件 · landing file with the page",
        },
        f"""SELECT {ADDRESS_SQL} AS address, probe_state.state, {_instant("probe_state.since")} AS since,
            {_instant("probe.probed_at")} AS last_probe,
            CASE WHEN blocked_at >= probe.probed_at AND vantage.is_filtered THEN 'blocked_only' ELSE outcome.name END
                AS outcome, reason.name AS reason,
            vantage.name AS vantage, vantage.network, probe.status, page.title, probe.final,
            {_instant("last_up_at")} AS last_up, {_instant("first_down_at")} AS first_down,
            {_instant("down_at")} AS down, closure, {_instant("back_at")} AS back,
            {_instant("changed_at")} AS changed_content, {_instant("other_at")} AS other_content,
            {_instant("blocked_at")} AS blocked, networks, reopened, episode, probes,
            substr(page.digest, 1, 2) || '/' || page.digest || '.z' AS file
        FROM probe_state JOIN url USING (url_id) JOIN host USING (host_id)
        JOIN probe ON probe.url_id = url.url_id AND probe.probed_at = probe_state.last_probe_at AND probe.vantage_id =
            (SELECT max(vantage_id) FROM probe AS latest
                WHERE latest.url_id = url.url_id AND latest.probed_at = probe_state.last_probe_at)
        JOIN vantage USING (vantage_id)
        JOIN term AS outcome ON outcome.term_id = probe.outcome_id
        JOIN term AS reason ON reason.term_id = probe.reason_id
        LEFT JOIN page USING (page_id)
        WHERE episode = (SELECT max(episode) FROM probe_state AS latest WHERE latest.url_id = url.url_id)""",
    ),
    View(
        "v_attention",
        "待处理：需要人员查看的事项 · what somebody is to look at",
        {
            "kind": "类别 · kind: back (a closed site stands again)",
            "since": "起始（UTC） · since (UTC)",
            "target": "网站 · site",
            "brand": "品牌 · brand",
            "why_zh": "原因（中文） · why, in Chinese",
            "why_en": "原因（英文） · why, in English",
        },
        f"""SELECT kind, {_instant("since")} AS since, target, brand, why_zh, why_en FROM ({ATTENTION_SQL})""",
    ),
    View(
        "v_warnings",
        "预警：按上海日期、环节与去向 · warnings by Shanghai day, stage and sink",
        {
            "day": "上海日期 · day in Shanghai",
            "stage": "环节 · stage",
            "channel": "渠道 · channel",
            "sink": "去向系统 · sink",
            "programme": "项目 · programme",
            "events": "事件数 · events",
        },
        """SELECT date(warning_day.day * 86400, 'unixepoch') AS day, stage.name AS stage, channel.name AS channel,
            sink.name AS sink, programme.name AS programme, sum(warning_day.events) AS events
        FROM warning_day JOIN term AS stage ON stage.term_id = warning_day.stage_id
        LEFT JOIN term AS channel ON channel.term_id = warning_day.channel_id
        LEFT JOIN term AS sink ON sink.term_id = warning_day.sink_id
        LEFT JOIN term AS programme ON programme.term_id = warning_day.programme_id
        GROUP BY warning_day.day, stage.name, channel.name, sink.name, programme.name""",
    ),
    View(
        "v_losses",
        "损失事件：金额以元计 · loss events, in CNY",
        {
            "episode": "事件编号 · episode",
            "type": "类型 · assessed, realised or recovered",
            "programme": "项目 · programme",
            "tier": "档次 · tier",
            "amount_cny": "金额（元） · amount, CNY",
            "day": "上海日期 · day in Shanghai",
            "is_test": "测试数据 · test row",
            "source": "来源 · source",
            "file": "原始文件 · file it came in",
            "position": "文件内位置 · position in the file",
        },
        f"""SELECT loss.episode, type.name AS type, programme.name AS programme, tier.name AS tier,
            printf('%d.%02d', amount_fen / 100, amount_fen % 100) AS amount_cny,
            {_shanghai_day("loss.occurred_at")} AS day, loss.is_test, source.name AS source, document.name AS file,
            loss.position
        FROM loss JOIN term AS type ON type.term_id = loss.type_id JOIN source USING (source_id)
        JOIN document ON document.document_id = loss.document_id
        LEFT JOIN term AS programme ON programme.term_id = loss.programme_id
        LEFT JOIN term AS tier ON tier.term_id = loss.tier_id""",
    ),
    *(View(*view) for view in company_views(ADDRESS_SQL)),
    *LEDGER_VIEWS,
    View(
        "v_corrections",
        "更正：作废或替换的事件 · corrections: events that are void, and what stands in their place",
        {
            "corrected_at": "更正时间（UTC） · corrected (UTC)",
            "source": "事件来源 · source of the event",
            "corrected": "作废事件编号 · id of the event that is void",
            "replacement": "替换事件编号 · id of the event in its place",
            "by": "更正人 · by whom",
            "why": "原因 · why",
            "is_test": "测试数据 · test row",
            "kind": "事件种类；空为尚未见到该事件 · kind of the event; empty: no such event has come",
            "event": "作废前的记录（JSON） · the event as it was, JSON",
            "file": "更正文件 · file of the correction",
            "position": "文件内位置 · position in the file",
            "event_file": "事件文件 · file of the event",
            "event_position": "事件在文件内位置 · position of the event in it",
        },
        f"""SELECT {_instant("correction.occurred_at")} AS corrected_at, correction.source, correction.corrected,
            correction.replacement, correction."by", correction.why, correction.is_test, voided.kind, voided.event,
            document.name AS file, correction.position, told.name AS event_file, voided.position AS event_position
        FROM correction JOIN document ON document.document_id = correction.document_id
        LEFT JOIN source ON source.name = correction.source
        LEFT JOIN voided ON voided.source_id = source.source_id AND voided.event_id = correction.corrected
            AND NOT correction.is_test
        LEFT JOIN document AS told ON told.document_id = voided.document_id
        ORDER BY correction.occurred_at, correction.source, correction.corrected""",
    ),
    View(
        "v_checks",
        "指标核对：X1至X17，每年最近一次 · checks X1 to X17 of each year, as last made",
        {
            "year": "年份 · year",
            "check_id": "核对项 · check",
            "holds": "1 成立，0 不成立，空为未核对 · 1 holds, 0 does not, empty: not checked",
            "finding_zh": "说明（中文） · finding in Chinese",
            "finding_en": "说明（英文） · finding in English",
        },
        "SELECT year, check_id, holds, finding_zh, finding_en FROM kpi_check ORDER BY year, place",
    ),
    View(
        "v_kpi_runs",
        "指标计算记录：口径、代码、输入与各步行数 · computations: definition, code, input, rows of each step",
        {
            "year": "年份 · year",
            "kpi": "指标编号 · KPI id",
            "computed_at": "计算时间（UTC） · computed at (UTC)",
            "value": "数值 · value",
            "definition_version": "口径版本 · version of the definition",
            "definition_hash": "口径校验值 · hash of the definition",
            "code_version": "代码版本 · version of the code",
            "basis": "输入快照 · digest of the input",
            "rows_of_kind": "期内该类行数 · rows of the kind in the year",
            "rows_without_tests": "剔除测试后 · without tests",
            "records": "符合口径的记录 · records that meet the definition",
            "units": "不重复单位 · distinct units",
        },
        f"""SELECT year, kpi, {_instant("computed_at")} AS computed_at, value, definition_version, definition_hash,
            code_version, basis, rows_of_kind, rows_of_kind - rows_of_test AS rows_without_tests, records, units
        FROM kpi_run ORDER BY kpi_run_id""",
    ),
    View(
        "v_quarantine",
        "隔离区：读不懂的行 · rows that could not be read",
        {
            "source": "来源 · source",
            "file": "文件 · file",
            "position": "位置 · position",
            "reason": "原因 · reason",
            "raw": "原文（涉及个人的来源不留） · text (none where persons are in it)",
            "recorded_at": "记录时间（UTC） · recorded at (UTC)",
            "resolved_at": "已解决（UTC） · resolved at (UTC)",
        },
        f"""SELECT source.name AS source, document.name AS file, quarantine.position, quarantine.reason, quarantine.raw,
            {_instant("quarantine.recorded_at")} AS recorded_at, {_instant("quarantine.resolved_at")} AS resolved_at
        FROM quarantine JOIN document USING (document_id) JOIN source USING (source_id)""",
    ),
)


def ensure_views(database: Database) -> None:
    """Make the views anew where they differ from these; the file's user_version tells."""
    wanted = zlib.crc32(repr(VIEWS).encode()) & 0x7FFF_FFFF
    if database.execute("PRAGMA user_version").fetchone()[0] == wanted:
        return
    with database.atomic():
        for name in [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]:
            database.execute(f'DROP VIEW "{name}"')
        for view in VIEWS:
            database.execute(f"CREATE VIEW {view.name} AS {view.sql}")
        database.execute(f"PRAGMA user_version = {wanted}")
