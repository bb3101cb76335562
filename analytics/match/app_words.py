"""What app names are made of beside a brand's: editions, baits, what an app is made for; how characters look."""

import gzip
import re
from collections.abc import Collection
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgpack

from analytics.match import fold, keywords, words

_EDITIONS_ZH: Final = """
官方版 官方 官网 正版 正式版 极速版 急速版 极简版 专业版 最新版 新版 企业版 国际版 海外版 尊享版 旗舰版 升级版
尊贵版 豪华版 内测版 测试版 抢先版 会员版 至尊版 贵宾版 普惠版 青春版 关怀版 老年版 标准版 高级版 加强版 稳定版
免费版 安卓版 安卓 苹果版 手机版 移动版 平板版 客户端 手机 移动 掌上 下载 安装 安装包 应用 软件 版 版本 新 全新 最新
唯一 中国 认证 专用 专享 通用
"""
_BAITS_ZH: Final = """
贷款 借款 借钱 借贷 放款 下款 提款 取现 提现 提额 额度 分期 快贷 现金贷 小贷 网贷 车贷 房贷 周转 备用金 借条 信用
信用卡 征信 还款 催收 审批 秒批 秒到 到账 审核 低息 免息 利息 金融 理财 投资 基金 钱包 银行 支付 收款 转账 商城 客服
售后 服务 中心 平台 助手 管家 专线 人工 在线 安全 保障 防护 认证 验证 修复 解冻 解封 注销 清退 退款 理赔 赔付 补偿
返利 返现 红包 福利 优惠 活动 礼包 领 抢 送 领取 奖励 积分 兑换 抽奖 中奖 任务 会员 尊享 贵宾 特权 升级 更新 登录
登陆 注册 账户 账号 快速 极速 急速 闪电 秒 快 易 通 宝
"""
_EDITIONS_EN: Final = """
app apps apk pro plus vip lite hd max mini new official android mobile free premium gold prime latest update version
edition beta x go the by and my v ii global international
"""
_BAITS_EN: Final = """
loan loans cash money lending credit borrow bonus reward rewards win gift earn giveaway unlock hack mod recovery
restore verifier authenticator verification secure safety guard protect
"""
_FOR: Final = frozenset(
    [
        *("for", "with", "from", "to", "in", "on", "about", "via", "like", "not", "who", "alternative", "unofficial"),
        *("sticker", "stickers", "saver", "downloader", "download", "status", "tips", "guide", "tracker", "tutorial"),
        *("themes", "theme", "wallpaper", "wallpapers", "keyboard", "widget", "launcher", "viewer"),
    ]
)
"""Words beside a name that say what an app is made for or made from: `Stickers for WhatsApp`."""
_FOR_ZH: Final = (
    "教程",
    "攻略",
    "壁纸",
    "主题",
    "表情",
    "插件",
    "下载器",
    "小部件",
    "模拟器",
    "资讯",
    "新闻",
    "非官方",
)
_LONGEST: Final = 16

_ALIKE_ZH: Final = """
贷货袋 呗贝狈 微徽薇 信倌 借惜错 条朵 度渡 银锒很 行衍 招昭诏 商啇 平乎 安桉 宝玉 付什 支攴 京亰惊 东柬 融瀜 团困
美羙 花化 拼饼 抖枓 淘掏 猫描 国囯圀 建健 设没 农衣 工土 邮由 储诸 浦铺 业亚 广厂 众从 马吗 消销 费弗 小少 米采 还坏
省着 携推 程呈 你您 拍柏 分芬 期斯 顺须 铁铗 人入 币巾 易昜 火伙 网冈 有冇 奇寄 富福 数敛 通桶 生牲 民氏 光尤 钱线
用甩 卡咔 管菅 0〇零 1一壹 2二贰 3三叁 4四肆 5五伍 6六陆 7七柒 8八捌 9九玖
"""
_SEEN: Final = {ord(other): group[0] for group in _ALIKE_ZH.split() for other in group[1:]}
_MARKS: Final = re.compile(r"[^a-z0-9\u3400-\u9fff]+")

EDITIONS: Final = frozenset({*_EDITIONS_ZH.split(), *_EDITIONS_EN.split()})
"""What is put beside a name to make it look like an edition of the app."""
BAITS: Final = frozenset({*_BAITS_ZH.split(), *_BAITS_EN.split(), *keywords.STRONG}) - EDITIONS
"""What asks for an action, or promises money."""


_READ_EDITIONS: Final = frozenset(map(fold.strict, EDITIONS))
_READ_BAITS: Final = frozenset(map(fold.strict, EDITIONS | BAITS))


def is_edition(part: str) -> bool:
    """Whether what stands beside a name is nothing but words of editions, lookalikes read (mobi1e)."""
    return is_made_of(fold.strict(part), _READ_EDITIONS)


def is_bait(part: str, own: Collection[str]) -> bool:
    """Whether it is nothing but such words, baits, and keywords of the brand's own."""
    return is_made_of(fold.strict(part), _READ_BAITS | set(map(fold.strict, own)))


@cache
def _ordinary_zh() -> frozenset[str]:
    spec = find_spec("wordfreq")
    if spec is None or spec.origin is None:  # pragma: no cover - a run-time requirement
        raise ModuleNotFoundError("wordfreq")
    with gzip.open(Path(spec.origin).parent / "data" / "small_zh.msgpack.gz") as stream:
        _, *ranks = msgpack.load(stream, raw=False)
    return frozenset(word for rank in ranks for word in rank)


def is_ordinary_zh(text: str) -> bool:
    """Whether simplified characters are a word seen once in a million or more: 交通, 农业 of banks' names."""
    return text in _ordinary_zh()


def compact(text: str) -> str:
    """The characters of a name as read, traditional ones simplified, without spaces, marks and what nobody sees.

    >>> compact("【３６０ 借·條】-官方版")
    '360借条官方版'
    """
    return _MARKS.sub("", fold.read_text(text).translate(words.simplified()).lower())


def seen(text: str) -> str:
    """Compact characters as a hasty reader takes them: lookalike characters as one, numerals as digits.

    >>> seen("36o借朵") == seen("三六零借条")
    True
    """
    return fold.strict(text.translate(_SEEN))


def is_made_of(text: str, parts: Collection[str]) -> bool:
    """Whether a text is nothing but such parts and digits, glued in any order.

    >>> is_made_of("proapp2", {"pro", "app"}), is_made_of("proapps", {"pro", "app"})
    (True, False)
    """
    ends = {0}
    for end in range(1, len(text) + 1):
        reached = text[end - 1].isdigit() and end - 1 in ends
        if reached or any(text[start:end] in parts for start in ends if end - start <= _LONGEST):
            ends.add(end)
    return len(text) in ends


def says_for(parts: Collection[str]) -> bool:
    """Whether words beside a name say that the app is made for it, not that it is it."""
    return bool(_FOR & set(parts)) or any(word in part for part in parts for word in _FOR_ZH)


def has_bait(parts: Collection[str], own: Collection[str]) -> bool:
    """Whether a bait, or a keyword of the brand's own, is among words; Chinese ones anywhere in them."""
    baits = BAITS | set(own)
    return not baits.isdisjoint(parts) or any(bait in part for part in parts for bait in _BAITS_HAN)


_BAITS_HAN: Final = tuple(sorted(bait for bait in BAITS if fold.has_han(bait) and len(bait) > 1))
