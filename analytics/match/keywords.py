"""Words that stand beside a brand's name in imitations: generic ones; a brand's own come from the brands file.

Strong words ask for an action, an account or money; weak ones merely go with a firm's name (a country, a channel).
"""

from typing import Final

_STRONG: Final = """
access accessi accesso acceso acesso acesse account accounts acct acount alert alerta alerts alerte aanmelden anmelden
anmeldung appeal apply approval assist assistance assistenza atendimento atualizar attivazione auth authenticate
authentication authorise authorization authorize authorisation autenticacao aviso bank banca banco bancaonline banking
bankieren bill billing billings blocked bloqueo bonus bonuses cadastramento cadastro cancel card cards carta cartao
cartoes cashback centro chargeback check checkin checkout claim cliente clientes clienti client compte comptes
comunidade conferma confirm confirma confirmation confirmar confirmacao connexion consulta contas conta conto coupon
credit creditos crediti credits cupom cupones customer customers customerservice deactivate delivery desbloqueo
desconto descontos device devices dispute disputed download ebanking einloggen email exchange fidelidade free freegift
frozen fraud gift gifts giftcard gratis gratuit gratuiti helpcenter helpdesk helpline help hilfe ibanking id identity
identification identificacion incident inloggen invoice konto konta kunde kunden kundenservice kundenserver limited
limitation limit live livechat loan loans locked lock log logi logine loggin login logins logon loginpage loja mailbox
manage message messages mobile mobilebanking netbanking netbank notice notification official online onlines
onlinebanking order orders oferta pagamento pagamenti pagos paiement parcel parcels password passwort pay payee payees
payment payments payout phish pontos premio premios premiada problem profile promo promocao promocoes promotion
protect protection purchase rebate recover recoverable recovery redeem redelivery refund refunds reset resetting
resolution resolve restore renew renewal restricted restriction review reward rewards risk secure secured secureauth
secures securelogin security securite seguranca seguro seguridad servicio servicios service services servizi servizio
serviceclient sicherheit sicurezza signin signon signup sms soporte statement suivi support supports suporte survey
suspended suspension swap tax team ticket token tracking track trade transaction transfer unlock unblock update
updates updated upgrade user users valid validate validar validation verification verifica verificar verificacao
verificacion verified verify verifying verifizierung verif voucher vouchers wallet wallets warning webmail webscr
webapps withdraw zahlung zaloguj bezpieczne zwrot odbior doplata platnosc logowanie weryfikacja potwierdz jiekuan
jietiao daikuan huankuan jiedai xiaodai fangkuan edu tie tixian zhifu qianbao zhanghu denglu zhuce kefu guanwang
guanfang anquan renzheng yanzheng jiefeng jiedong huanka kaihu yinhang xinyongka jifen duihuan lipin choujiang
zhongjiang fanli tuikuan peifu licai touzi jijin xiazai rexian baitiao fenqi shoufei zhengxin zhuxiao qingsuan
"""

_WEAK: Final = """
app apps apk android ios web www www2 www6 site page pages portal home my mi mon meu mijn mein new now go get the with
for of and your our en us uk usa eu au ca nz cn hk jp kr sg my in ie de fr es it pt br pl nl ch at be ru tr za mx id
ae com net org info gov edu co biz inc ltd llc plc group corp global international int intl official world shop store
sale sales deal deals discount buy market mall center centre central digital mail box link links click url event
events win winner prize game games gamer skins hack tool tools generator chat forum community club vip pro plus max
one 24 365 info1 news blog video tv media social network cloud host server servers system systems tech technology
tarif mobil direct express post pack package ship shipping address zip redelivery fee fees customs toll personal
business private privat corporate enterprise connect contact call phone telefon number hotline tel fax detect detected
logs map maps desk doc docs document documents drive share file files form forms view viewer pdf sheet sheets office
admin panel manager management master center centers hub base zone area space point place city test demo dev beta
stage staging prod api cdn static img images assets fan fans love team support1 http https html htm php cgi bin cmd
ssl secure1 sso oauth saml zhongguo china ruanjian pingtai shouji wang wangzhan gongsi jituan keji jinrong qianduan
kuaidi fund funds invest investment investments finance financial capital coin coins crypto defi nft airdrop mint
stake staking bridge dapp claims presale
"""

_INFRA: Final = """
static cdn img images assets metrics analytics api apis dns ads adserver adservices hosted content usercontent stream
streaming labs dev sandbox legal careers jobs brand brands foundation engineering metrics stats dapi edge origin ssl
appstream cloudapp crm hockey league fc museum times newspaper radio
workspaces devices device music fiber domains insiders dns captcha addons linux operations bot magazine academy
partner partners conference university developer developers enterprise ventures research studios portals azure
analytics tag tags ads health edge node nodes engine insurance travel films books pharmacy foundation wiki stock
campaign campaigns campanhas directory downloader medical pool media stores customers personalcontent silk
catalog catalogue recipes reviews watch magazine weekly daily journal institute school college kids sports football
"""

INFRA: Final = frozenset(_INFRA.split())
"""Words of firms' own names, technical and other, and of those who write about them: allegrostatic.com is the firm's,
steamgamesmagazine.com a reader's; a phisher asks for a login."""
STRONG: Final = frozenset(_STRONG.split())
WEAK: Final = frozenset(_WEAK.split()) - STRONG - INFRA

GENERIC_NAME_WORDS: Final = frozenset(
    [
        "bank",
        "banking",
        "banque",
        "banca",
        "banco",
        "bankas",
        "direct",
        "group",
        "inc",
        "ltd",
        "llc",
        "plc",
        "corp",
        "corporation",
        "company",
        "co",
        "holdings",
        "financial",
        "finance",
        "wallet",
        "pay",
        "payment",
        "payments",
        "online",
        "international",
        "global",
        "uk",
        "us",
        "usa",
        "of",
        "the",
        "and",
        "sa",
        "ag",
        "gmbh",
        "spa",
        "telecom",
        "mobile",
        "wireless",
        "card",
        "cards",
        "airlines",
        "air",
        "express",
        "broadband",
    ]
)
"""Left out of a many-worded name to find its short form: Lloyds Bank is also `lloyds`."""

GENERIC_SUFFIXES_ZH: Final = (
    *("消费金融", "商业银行", "信用卡", "银行", "金融", "支付", "借条", "科技", "贷款", "借款", "小贷", "集团"),
    *("钱包", "数科", "证券", "保险", "基金", "普惠", "金服", "商城"),
)
"""What many firms share; the rest of the name is the distinguishing part. Longest first."""

ALSO_WORDS: Final = frozenset(
    {"ledger", "delta", "exodus", "slack", "fidelity", "messenger", "telegram", "crypto", "zoom"}
)
"""Ordinary words that are brands as well and whose inflections are too rare to tell (analytics.match.words)."""

RESTRICTED_SUFFIXES: Final = frozenset({"gov", "gob", "gouv", "mil", "edu", "int", "ac", "go", "gv"})
"""Labels of public suffixes under which no stranger gets a name: usps.gov, anz.edu.au."""

GENERIC_COUNTRIES: Final = frozenset(
    {"co", "io", "me", "tv", "cc", "ws", "la", "ai", "sh", "vc", "to", "gg", "so", "pw", "tk", "ml", "ga", "cf", "gq"}
)
"""Countries' suffixes that all the world uses; under the others a name is more often the firm's own there."""

RISKY_SUFFIXES: Final = frozenset(
    [
        "top",
        "xyz",
        "tk",
        "ml",
        "ga",
        "cf",
        "gq",
        "icu",
        "club",
        "online",
        "site",
        "live",
        "vip",
        "cc",
        "win",
        "bid",
        "loan",
        "work",
        "click",
        "link",
        "buzz",
        "cyou",
        "shop",
        "store",
        "rest",
        "sbs",
        "cfd",
        "monster",
        "quest",
        "space",
        "fun",
        "website",
        "press",
        "life",
        "pw",
        "lat",
        "lol",
        "beauty",
        "hair",
        "skin",
        "makeup",
        "bond",
        "autos",
        "mom",
        "boats",
        "ru.com",
        "za.com",
        "sa.com",
        "cn.com",
        "eu.org",
        "net.ph",
    ]
)
"""Public suffixes sold for next to nothing or given away; a slight sign, never a reason of its own."""
