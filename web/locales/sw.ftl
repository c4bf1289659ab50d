# Kiswahili. Sambamba na en.ftl, sehemu kwa sehemu: ujumbe unaokosekana huzuia ujenzi.

## Names of screens and of the app

app-name = ViorNet
home = Mwanzo
sell = Uza
stock = Vocha zangu
sales = Mauzo
vouchers = Vocha
staff = Wafanyakazi
packages = Vifurushi
sync = Sawazisha
settings = Mipangilio
navigation = Menyu kuu
group-sell = Kuuza
group-money = Fedha
group-network = Mtandao
group-team = Timu
skip-to-content = Ruka hadi kwenye maudhui

## Words used everywhere

add = Ongeza
all = Zote
back = Rudi
cancel = Ghairi
close = Funga
copy = Nakili
copied = Imenakiliwa
copy-failed = Kivinjari hakikunakili. Chagua maandishi na uyanakili mwenyewe.
done = Maliza
edit = Hariri
more = Zaidi
less = Pungua
name = Jina
none = Hakuna
optional = si lazima
price = Bei
save = Hifadhi
search = Tafuta
share = Shiriki
print = Chapisha
site = Kituo
sites = Vituo
total = Jumla
try-again = Jaribu tena
reload = Pakia upya
loading = Inapakia
show-more = Onyesha zaidi
as-of = hadi { $when }
saved = Imehifadhiwa
today-at = leo { $time }
yesterday-at = jana { $time }
tomorrow-at = kesho { $time }

## Days and months, as dates show them

weekday-0 = J3
weekday-1 = J4
weekday-2 = J5
weekday-3 = Alh
weekday-4 = Iju
weekday-5 = J1
weekday-6 = J2
month-1 = Jan
month-2 = Feb
month-3 = Mac
month-4 = Apr
month-5 = Mei
month-6 = Jun
month-7 = Jul
month-8 = Ago
month-9 = Sep
month-10 = Okt
month-11 = Nov
month-12 = Des

## How long: short ("2 h") in the sync pill, in words elsewhere

age-moments = sasa hivi
age-minutes = dakika { $count }
age-hours = saa { $count }
age-days = { $count ->
        [one] siku 1
       *[other] siku { $count }
    }
minutes = { $count ->
        [one] dakika 1
       *[other] dakika { $count }
    }
hours = { $count ->
        [one] saa 1
       *[other] saa { $count }
    }
days = { $count ->
        [one] siku 1
       *[other] siku { $count }
    }
months = { $count ->
        [one] mwezi 1
       *[other] miezi { $count }
    }
unit-minutes = dakika
unit-hours = saa
unit-days = siku
unit-weeks = wiki
unit-months = miezi

## The sentence about a package or voucher: "Use within 30 days · 7 days from first login · 5 GB"

use-within = Tumia ndani ya { $duration }
from-first-login = { $duration } tangu kuingia mara ya kwanza
time-online = intaneti ya { $duration }
data-volume = data { $volume }
speed-down = kupakua { $speed }
speed-up = kupakia { $speed }
devices-at-once = { $count ->
        [one] kifaa 1 tu
       *[other] vifaa { $count } kwa pamoja
    }
kind-hotspot = Hotspot
kind-pppoe = laini ya PPPoE

## Sync in words

pill-safe = Zote salama { $when }
pill-safe-never = Zote salama
pill-here = { $count } kwenye { $device ->
        [computer] kompyuta
       *[phone] simu
    } hii · { $age }
pill-needs-you = Inakuhitaji ({ $count })
pill-offline = Hakuna mtandao tangu { $when }
pill-offline-never = Hakuna mtandao
pill-starting = Inaanza
pill-fetching = Inaleta data…
pill-signed-out = Ingia tena
pill-device-refused = Kifaa kimefutwa
signed-out = Seva imefunga kipindi chako kwenye { $device ->
        [computer] kompyuta
       *[phone] simu
    } hii. Unaweza kuendelea na kazi; yote yanahifadhiwa hapa. Ingia kwa nenosiri lako ukiwa na mtandao, nayo yatatumwa.
password-refused = Seva haikubali nenosiri linalofungua { $device ->
        [computer] kompyuta
       *[phone] simu
    } hii: limebadilishwa, au akaunti yako imefungwa. Ulichofanya hapa kimehifadhiwa na kinatumwa ofisini. Ukiwa na nenosiri jipya, ingia nalo.
device-refused = Ofisi imeifuta { $device ->
        [computer] kompyuta
       *[phone] simu
    } hii. Kilichofanywa hapa kimehifadhiwa na kinatumwa ofisini, ambayo itaamua. Wasiliana na msimamizi wako.
signed-in-again = Umeingia tena
fetching = Data zako zinaletwa
fetching-hint = Mara ya kwanza kwenye kifaa huchukua muda kidogo. Acha programu wazi na mtandao ukiwepo.
not-fetched = Data zako bado hazijafika
not-fetched-hint = Kifaa hiki bado hakijazileta, na hakuna mtandao. Unganisha mara moja; baadaye programu hufanya kazi bila mtandao. Kilichohifadhiwa hapa awali kiko salama.
pill-label = Usawazishaji: { $state }
safety-here = Imehifadhiwa kwenye { $device ->
        [computer] kompyuta
       *[phone] simu
    } hii
safety-server = Salama kwenye seva
safety-needs-you = Inakuhitaji
warn-database = Hifadhi kuu ya programu kwenye kifaa hiki imeshindwa. Mauzo yanatunzwa kwenye hifadhi ya pili; unganisha mtandao mapema.
warn-journal = Hifadhi ya pili ya programu kwenye kifaa hiki imeshindwa. Mauzo yanatunzwa kwenye hifadhi kuu; unganisha mtandao mapema.
warn-recovering = Kivinjari kimepoteza hifadhi ya programu hii. Inajengwa upya; hakuna kilichohifadhiwa kilichopotea.
warn-not-persistent = Kivinjari hiki kinaweza kufuta hifadhi yake nafasi ikiisha. Sakinisha programu, na unganisha mtandao angalau mara moja kwa siku.

## What went wrong, what is safe, what to do

fail-offline = Hili linahitaji mtandao. Kazi yako kwenye kifaa hiki iko salama; jaribu tena ukiwa na mtandao.
fail-wrong-password = Jina la kuingilia au nenosiri si sahihi.
fail-wrong-unlock = Nenosiri si sahihi.
fail-locked = Skrini imefungwa. Ingia tena; hakuna kilichopotea.
fail-not-saved = Kifaa hiki hakikuweza kuhifadhi, kwa hiyo halikufanyika. Ongeza nafasi au anzisha kivinjari upya, kisha jaribu tena.
fail-busy = Programu imefunguliwa kwenye kichupo kingine ambacho hakikujibu. Angalia kama imehifadhiwa kabla ya kujaribu tena, na ufunge vichupo vingine.
fail-unexpected = Kuna hitilafu ndani ya programu. Kilichohifadhiwa kiko salama. Pakia ukurasa upya.
fail-session-ended = Seva imefunga kipindi chako. Ingia tena; hakuna kilichopotea.
fail-unavailable = Seva ina kazi nyingi, huenda mtu mwingine anapakua taarifa. Kazi yako kwenye kifaa hiki iko salama; jaribu tena baada ya dakika chache.
fail-server = Seva haikuweza kulifanya ({ $problem }). Kazi yako kwenye kifaa hiki iko salama; jaribu tena baadaye.
fail-attempts = Umejaribu mara nyingi mno. Subiri dakika chache, kisha jaribu tena.
fail-set-up-done = Seva hii imeshaandaliwa. Ingia badala yake.
fail-link = Kiungo hiki hakitumiki tena. Omba kipya.
fail-login-taken = Jina hili la kuingilia linatumika tayari. Chagua jingine.
fail-password-weak = Chagua nenosiri refu zaidi: herufi 8 au zaidi.
fail-not-allowed = Jukumu lako halikuruhusu kufanya hili hapa. Msimamizi anaweza kubadilisha.
fail-not-yours-to-grant = Unaweza kutoa tu majukumu ambayo haki zake unazo wewe mwenyewe.
fail-name = Jina lina herufi 1 hadi { $max }.
fail-price = Bei haikubaliki.
fail-validity = Muda wa matumizi ni kati ya 1 na 1,000.
fail-limit = Kikomo hiki ni kikubwa mno.
fail-description = Maelezo yasizidi herufi { $max }.
fail-speed = Andika kasi kwa Mbit/s, kwa mfano 5 au 0.5.
fail-email = Hiyo si anwani ya barua pepe.
fail-code = Namba ya vocha ni tupu, ndefu mno au ina herufi isiyoonekana.
fail-block-count = Fungu lina namba 1 hadi 1,000.
fail-no-package = Kifurushi hiki hakipo tena kwenye orodha.
fail-text = Herufi { $max } kwa wingi.
fail-position = Latitudo ni kati ya -90 na 90, longitudo kati ya -180 na 180. Mfano: -6.7692 na 39.2401.
fail-too-many-fixtures = Kituo kinaweza kuwa na { $max } kwa wingi.
fail-no-site = Kituo hiki hakijulikani kwenye kifaa hiki.
fail-not-yourself = Huwezi kujizima mwenyewe. Msimamizi mwingine anaweza.
fail-last-owner = Biashara itabaki bila mmiliki. Mfanye mtu mwingine kuwa mmiliki kwanza.
fail-site-closed = Kituo hiki kimezimwa na hakipokei mauzo mapya. Yaliyouzwa awali yamehifadhiwa.
fail-link-expired = Kiungo hiki kimeisha muda. Omba kipya.
fail-link-used = Kiungo hiki kimeshatumika. Ingia kwa jina na nenosiri ulilochagua, au omba kiungo kipya.
fail-link-revoked = Kiungo hiki kimefutwa au kimebadilishwa na kipya. Omba kile kipya.
fail-device-refused = Kifaa hiki kimefutwa, au ni cha mtu mwingine. Kilichouzwa kwenye kifaa hiki kimehifadhiwa hadi ofisi iamue.
fail-not-contested = Mtu mwingine ameshachagua. Hakuna kilichobadilishwa.
fail-no-person = Mtu huyu si mfanyakazi.
fail-no-block = Fungu hili halijulikani kwenye kifaa hiki.
fail-block-leased = Kuna mtu ana fungu hili. Lirudishe kwanza.
fail-reason = Tafadhali toa sababu.
fail-block-long = Namba za fungu hili kwa pamoja ni ndefu mno. Tengeneza mafungu madogo zaidi.
fail-too-many-blocks = Mafungu haya ni mengi mno kwa mara moja. Yaingize kwa sehemu ndogo zaidi.
fail-place = Mahali pana herufi zisizozidi { $max }.
fail-timezone = Huu si ukanda wa saa. Hakuna kilichobadilishwa; chagua kwenye orodha.
fail-reason-long = Sababu hii ni ndefu mno. Tafadhali ifupishe.
fail-quantity = Mauzo moja yana vocha 1 hadi 20.
fail-nothing-left = { $left ->
        [one] Imebaki 1 tu kwenye kifaa hiki.
       *[other] Zimebaki { $left } tu kwenye kifaa hiki.
    }
fail-none-left = Hakuna iliyobaki kwenye kifaa hiki. Omba vocha.
fail-not-in-your-block = Vocha hii haimo kwenye fungu la kifaa hiki.
fail-already-sold = Vocha hii imeshauzwa.
fail-handed-over = Unakabidhi fungu hili. Vocha zake haziuzwi tena hapa.
fail-hand-over-not-yours = Fungu hili halipo tena kwenye kifaa hiki, au limebadilika. Angalia tena.
fail-hand-over-turn = Lazima seva ithibitishe fungu hili mara moja kabla ya kulikabidhi. Unganisha mtandao, kisha jaribu tena.
fail-hand-over-given = Fungu hili tayari linakabidhiwa.
fail-hand-over-self = Chagua mtu mwingine: hili tayari ni lako.
fail-hand-over-cannot-sell = Mtu huyu haruhusiwi kuuza kwenye kituo hiki.
fail-hand-over-not-open = Makabidhiano haya yamekwisha.
fail-hand-over-site = Namba hii ni ya kituo ambacho huuzi. Hakiki namba.
fail-hand-over-not-for-you = Makabidhiano haya ni ya mtu mwingine.
fail-hand-over-taken = Tayari umepokea. Seva huhamisha vocha simu zote mbili zikishakuwa mtandaoni.
fail-hand-over-code = Hiyo si namba ya makabidhiano. Ina herufi na tarakimu 8; hakiki kila moja.
fail-already-asked = Tayari umeomba kifurushi hiki. Ondoa ombi hilo kwanza ili kubadilisha.
fail-ask-not-open = Ombi hili limekwisha.
fail-void = Vocha hii imebatilishwa.
fail-reference = Kumbukumbu ni ndefu mno: herufi 64 tu.
fail-no-sale = Mauzo haya hayajulikani hapa.
fail-not-contradicted = Mauzo haya ni halali, au mteja ameshapewa namba mpya.
fail-phone = Hiyo si namba ya simu.
fail-phone-short = Namba ya simu ni fupi mno.
fail-phone-long = Namba ya simu ni ndefu mno.
fail-amount = Andika kiasi kwa tarakimu, kama 5,000.
fail-needed = Tafadhali jaza hapa.
fail-decimal = Andika namba isiyozidi { $max }, kwa mfano 5 au 1.5.
fail-number = Andika namba kamili kati ya { $min } na { $max }.
error-title = Skrini hii haikuweza kuonyeshwa
no-permission = Jukumu lako halifungui skrini hii
no-permission-who = Wanaoweza: { $roles }.
not-found = Hakuna ukurasa kama huo
not-found-hint = Huenda anwani ni ya zamani au imekosewa.
go-home = Nenda mwanzo
no-worker = Kivinjari hiki hakiwezi kuendesha programu
no-worker-hint = Tumia Chrome, Firefox au Safari ya karibuni, na fungua anwani kwa HTTPS.

## Person, site and preferences

person-menu = Menyu ya { $name }
language = Lugha
theme = Mwonekano
theme-light = Mwanga
theme-dark = Giza
theme-system = Kama kifaa
lock = Funga skrini
sign-out = Toka
sign-out-title = Kutoka?
sign-out-pending = { $count ->
        [one] Kitu 1 bado kiko kwenye kifaa hiki tu. Kitabaki hapa, kimefungwa, na kitatumwa na mtu atakayeunganisha baadaye.
       *[other] Vitu { $count } bado viko kwenye kifaa hiki tu. Vitabaki hapa, vimefungwa, na vitatumwa na mtu atakayeunganisha baadaye.
    }
sign-out-many = Huenda si vyote vitatumwa bila wewe. Vilivyobaki vitatumwa utakapofungua tena hapa.
add-site = Ongeza kituo
site-name = Jina la kituo
site-place = Mahali
site-added = Kituo kimeongezwa
no-site = Bado hakuna kituo
no-site-hint = Hujapewa kituo chochote. Muulize msimamizi wako.
palette = Tafuta au amuru
palette-empty = Hakuna kilichopatikana
shortcuts = Vitufe: / kutafuta, Ctrl-K amri, g kisha s mauzo

## Set-up

setup-title = Andaa ViorNet
setup-intro = Hili hufanyika mara moja. Utakuwa mmiliki na utaweza kualika wengine baadaye.
setup-no-token = Fungua kiungo cha kuandaa cha mara moja ambacho seva ilionyesha ilipoanza.
setup-business = Biashara yako
setup-you = Wewe
organisation = Jina la biashara
currency = Sarafu
currency-hint = Unaichagua sasa moja kwa moja: haiwezi kubadilishwa baada ya kuandaa.
timezone = Ukanda wa saa
first-site = Kituo cha kwanza
first-site-hint = Mahali unapouza WiFi, kwa mfano Mwenge
your-name = Jina lako
create-organisation = Fungua biashara

## Sign-in

sign-in = Ingia
sign-in-who = Nani anauza?
login = Jina la kuingilia
login-hint = Namba ya simu, barua pepe au jina fupi
password = Nenosiri
password-new-hint = Herufi 8 au zaidi. Maneno machache ni rahisi kukumbuka.
password-show = Onyesha nenosiri
password-hide = Ficha nenosiri
unlock = Fungua
unlock-as = Fungua kama { $name }
another-person = Mtu mwingine
another-person-hint = Kuingia mara ya kwanza kwenye kifaa hiki kunahitaji mtandao.
old-password = Nenosiri la zamani
old-password-hint = Nenosiri lako limebadilishwa. Ambayo kifaa hiki hakijatuma bado yako chini ya lile la zamani: andika la zamani mara moja, na hakuna kitakachopotea.
old-password-forgotten = Silijui
old-password-forgotten-hint = Bila hilo, mauzo ya zamani zaidi yanayosubiri hapa yanatumwa sasa. Mengine yanayosubiri yanabaki yamefungwa kwenye kifaa hiki hadi utakapolikumbuka: hapo yafungue chini ya "Sawazisha". Yote ambayo ofisi inayo yanaletwa tena.
fail-old-password = Hili si nenosiri la zamani.
needs-set-up = Seva hii bado haina biashara

## Invite

invite-title = Jiunge na { $organisation }
invite-welcome = Karibu, { $name }. Chagua utakavyoingia.
invite-join = Jiunge
invite-no-token = Kiungo hiki cha mwaliko hakijakamilika. Kiombe tena.

## Sell

choose-package = Unauza nini?
left = Zimebaki { $count }
none-left = hakuna
client = Mteja
walk-in = Mpita njia
client-button = Mteja: { $name }
quantity = Idadi
quantity-fewer = Punguza moja
quantity-more = Ongeza moja
cash-paid = Amelipa taslimu
cash = Taslimu
mpesa = M-Pesa
bank = Benki
card = Kadi
other-method = Nyingine
method = Malipo
reference = Kumbukumbu ya malipo
reference-hint = Kutoka kwenye ujumbe wa malipo, kwa mfano SJK4H7L2QW
paid-by = Imelipwa kwa { $method }
other-methods = Njia nyingine za malipo
new-client = Mteja mpya
choose-client = Chagua mteja
use-client = Tumia mteja huyu
phone = Simu
email = Barua pepe
no-client-found = Hakuna mteja wa jina hilo. Ongeza hapa chini.
sell-empty = Huna vocha za kuuza
sell-empty-hint = Iombe ofisi fungu la vocha. Litakuja lenyewe ukiwa na mtandao.
sell-empty-office-hint = Jipe fungu la vocha. Litakuja lenyewe ukiwa na mtandao.
sell-no-packages = Bado hakuna vifurushi
sell-no-packages-hint = Vifurushi ndivyo unavyouza: jina, bei na muda wake.
cash-in-hand = Taslimu mkononi
cash-waiting = kati yake { $amount } zinasubiri uamuzi
cash-refused = kati yake { $amount } ni za mauzo ambayo seva haikuweza kuyapokea: angalia "Sawazisha"
sold-today = Umeuza leo
ask-for-stock = Omba vocha
ask-for-more = omba zaidi
asked-for = umeomba
none-left-here = Hakuna zilizobaki hapa.
little-left-here = Zimebaki chache hapa.
ask-open-hint = Umeomba zaidi. Ofisi itaona ukiwa mtandaoni.
selling = Inahifadhi

## Receipt

sold = Imeuzwa
receipt = Risiti
receipt-number = Namba ya risiti
voucher-code = Namba ya vocha
username = Jina la mtumiaji
code-qr = QR ya namba ya vocha
code-not-here = Namba haipo kwenye kifaa hiki
code-replaced = Imebadilishwa na
sell-again = Uza tena
show-qr = Onyesha QR

## My stock

stock-empty = Hakuna vocha kwenye kifaa hiki
stock-left = { $count ->
        [one] Imebaki vocha 1
       *[other] Zimebaki vocha { $count }
    }
left-of = Zimebaki { $left } kati ya { $count }
first-code = Namba ya kwanza { $code }
stock-value = Thamani { $amount }

hand-over = Kabidhi
hand-over-title = Kabidhi fungu hili
hand-over-to = Mkabidhi
hand-over-block = Kabidhi
hand-over-consequence = Kuanzia sasa kifaa hiki hakiuzi kutoka fungu hili. Seva huhamisha vocha simu zote mbili zikishakuwa mtandaoni. Mwenzako lazima athibitishe.
hand-over-given = Umekabidhi. Mwenzako atathibitisha kwenye simu yake.
hand-over-code = Namba ya makabidhiano
hand-over-code-hint = { $name } ataona akiwa mtandaoni. Bila mtandao, { $name } aandike au apige picha namba hii kwenye Vocha zangu.
hand-over-code-office-hint = Ofisi itaona ikiwa mtandaoni na kuthibitisha. Bila mtandao, waandike namba hii.
hand-over-taken = Imethibitishwa. Vocha zitafika simu zote mbili zikishakuwa mtandaoni.
hand-over-withdrawing = Umeomba kuondoa makabidhiano
withdraw-hand-over = Baki nalo
withdraw-waits = Unataka kubaki nalo. Seva ikithibitisha, utaweza kuuza tena; kama limepokelewa kwanza, limekwenda.
show-hand-over = Onyesha namba
back-to-office = Rudisha ofisini
leaving-to = Linakwenda kwa { $name }
leaving-to-office = Linarudi ofisini
moves-when-both-online = Seva huhamisha vocha simu zote mbili zikishakuwa mtandaoni.
since = tangu { $when }
vouchers-of = { $count ->
        [one] Vocha 1 ya { $package }
       *[other] Vocha { $count } za { $package }
    }
offered-to-you = Unakabidhiwa
offer-from = Kutoka kwa { $name }
handed-over = Yaliyokabidhiwa
taken-by = Limepokelewa na { $name }
hand-over-overtaken = Umechelewa: fungu lilikuwa limehama
hand-over-not-allowed = Haiwezekani: haruhusiwi kuuza hapa
take-block = Pokea
confirm-return = Thibitisha kurudi
take-by-code = Andika namba
take-title = Pokea fungu
take-hint = Herufi na tarakimu 8 kwenye simu nyingine
taken-waiting = Inasubiri seva
taken-by-you = Umepokea
your-asks = Ulizoomba
ask-open = Inasubiri ofisi
ask-met = Zimefika
ask-declined = Imekataliwa
ask-hint = Ofisi itaona kifaa hiki kikiwa mtandaoni.
withdraw-ask = Ondoa
asked-for-stock = Umeomba
declined-by-because = { $name }: { $reason }
how-many = Ngapi

## Sales
## Sales

sales-count = { $count ->
        [one] Mauzo 1
       *[other] Mauzo { $count }
    }
sales-empty = Bado hakuna mauzo
sales-empty-hint = Mauzo yanaonekana hapa mara tu yanapofanyika, kwenye kifaa hiki au kingine.
sales-none-match = Hakuna mauzo yanayolingana
clear-filters = Ondoa vichujio
search-sales = Tafuta risiti, mteja, kumbukumbu au namba
period = Kipindi
period-today = Leo
period-week = Siku 7 zilizopita
period-month = Siku 30 zilizopita
period-all = Muda wote
all-methods = Njia zote
all-agents = Mawakala wote
all-sites = Vituo vyote
agent = Wakala
time = Muda
state = Hali
cash-by-agent = Taslimu kwa wakala
sale-not-found = Mauzo haya hayapo kwenye kifaa hiki
sale-not-found-hint = Huenda ni ya zamani kuliko yanayotunzwa kwenye kifaa hiki, au ni ya kituo usichofanyia kazi.
double-sold = Imeuzwa ×2
double-sale-told = Namba { $code } iliuzwa mara mbili simu zikiwa hazina mtandao: na { $first } ({ $first-time }) na { $second } ({ $second-time }). Mauzo ya { $first } ndiyo halali.
double-sale-told-codeless = Namba moja iliuzwa mara mbili simu zikiwa hazina mtandao: na { $first } ({ $first-time }) na { $second } ({ $second-time }). Mauzo ya { $first } ndiyo halali.
double-sale-client = Mteja wa { $second } anaweza kupewa namba mpya. Mauzo yote mawili yanabaki kwenye taslimu.
double-sale-replaced = Mteja wa { $second } ameshapewa namba mpya. Mauzo yote mawili yanabaki kwenye taslimu.
give-replacement = Toa vocha mbadala
replacement-given = Namba mpya imetolewa
replacement-waits = Namba mpya imeshatolewa. Inasubiri uamuzi wa meneja, na hadi hapo hakuna nyingine.
after-recall = Imeuzwa baada ya fungu kurudishwa
after-recall-hint = Simu ilikuwa haijajua bado. Mauzo yanahesabiwa; taslimu inadaiwa.

## Single vouchers
all-vouchers = Vocha zote
search-codes = Tafuta kwa namba
voucher-state-unused = Haijatumika
voucher-state-sold = Imeuzwa
voucher-state-void = Imebatilishwa
all-states = Zote
all-batches = Makundi yote
batch = Kundi
vouchers-none-match = Hakuna vocha inayolingana
voucher-not-found = Vocha hii haipo kwenye kifaa hiki
voucher-not-found-hint = Huenda fungu lake limeenda kwa mwingine, au kwenye kituo ambacho hufanyi kazi.
voucher-story = Kilichotokea
voucher-made = Ilitengenezwa na kundi { $label }
voucher-sold-by = Iliuzwa na { $name }
voucher-replaced-by = Ilitolewa kama namba mpya na { $name }
voucher-stands = Mauzo haya ndiyo halali
voucher-falls = Mteja anahitaji namba mpya
voucher-sold-elsewhere = Iliuzwa na mtu ambaye huoni mauzo yake
voucher-taken = Ilitolewa katika mauzo yanayosubiri uamuzi
voucher-duplicate = Imebatilishwa: namba hii ilikuja na kundi la awali
voucher-unused-hint = Bado hakuna aliyeiuza.
hidden-code = Imefichwa

## The day
my-day = Siku yangu
seven-days = Mauzo ya siku saba
day = Siku
cash-to-hand-over = Fedha za kukabidhi
stock-left-figure = Vocha zilizobaki
needs-you-open = Angalia
nothing-needs-you = Hakuna kinachokusubiri.

## Keys
keys-title = Vitufe
keys-open = Onyesha vitufe
key-search = Tafuta kwenye ukurasa huu
key-palette = Nenda popote, fanya lolote
key-new = Mpya
key-go = Nenda { $screen }
key-list = Songa kwenye orodha, fungua
key-close = Funga
key-help = Vitufe hivi

## Vouchers

import-vouchers = Leta vocha
vouchers-empty = Bado hakuna vocha
vouchers-empty-hint = Leta namba za ruta zako kutoka faili ya CSV, kisha wape mawakala wako mafungu.
blocks-count = { $count ->
        [one] fungu 1
       *[other] mafungu { $count }
    }
vouchers-count = { $count ->
        [one] vocha 1
       *[other] vocha { $count }
    }
block = Fungu
block-of = Fungu { $code }
holder = Aliye nalo
holder-office = Ofisini
holder-asked = Limeombwa kwa { $name }
holder-waiting = { $name }, linasubiri simu
holder-leased = Kwa { $name }
unused = Hazijatumika
unused-count = { $count } hazijatumika
sold-count = { $count } zimeuzwa
double-sold-count = { $count } zimeuzwa mara mbili
void-count = { $count } zimebatilishwa
lease = Mpe wakala
all-holders = Wenye mafungu wote
all-blocks = Mafungu yote
blocks-with-unused = Yenye vocha zisizouzwa
blocks-empty = Yaliyoisha
blocks-leaving = Yanayokabidhiwa
blocks-none-match = Hakuna fungu linalolingana
choose-block = Chagua fungu { $code }
marked-blocks = Mafungu yaliyochaguliwa
clear-marks = Futa uchaguzi
lease-blocks = { $count ->
        [one] Toa fungu 1
       *[other] Toa mafungu { $count }
    }
recall-blocks-short = { $count ->
        [one] Rudisha fungu 1
       *[other] Rudisha mafungu { $count }
    }
recall-blocks = { $count ->
        [one] Urudishe fungu 1 kutoka kwa { $name }?
       *[other] Urudishe mafungu { $count } kutoka kwa { $name }?
    }
unsold-worth = Hazijauzwa, thamani
asks-title = Zilizoombwa
ask-of = { $name } anaomba { $what }
find-block = Chagua fungu
decline-ask-title = Ukatae ombi la { $name }?
returns-title = Yanayorudi ofisini
running-low = { $count ->
        [one] 1 anakaribia kuishiwa
       *[other] { $count } wanakaribia kuishiwa
    }
who-holds-what = Nani ana nini
the-office = ofisi
voided = Imebatilishwa
block-history = Historia
history-made = { $name } alilitengeneza
history-leased = { $name } alimpa { $to }
history-reached = Vocha zilifika kwenye kifaa cha { $name }
history-recalled = { $name } alilirudisha kwa { $to }: { $reason }
history-handed-over = { $count ->
        [one] { $name } alimkabidhi { $to }, vocha 1 imebaki
       *[other] { $name } alimkabidhi { $to }, vocha { $count } zimebaki
    }
history-returned = { $count ->
        [one] { $name } alilirudisha, vocha 1 imebaki; { $taker } alithibitisha
       *[other] { $name } alilirudisha, vocha { $count } zimebaki; { $taker } alithibitisha
    }
history-given = { $count ->
        [one] { $name } alilitoa kwa { $to }, vocha 1 imebaki
       *[other] { $name } alilitoa kwa { $to }, vocha { $count } zimebaki
    }
history-withdrawn = { $name } alibaki nalo
history-overtaken = Makabidhiano ya { $name } yalichelewa: fungu lilikuwa limehama
history-not-allowed = Makabidhiano ya { $name } yalikwisha: { $to } haruhusiwi kuuza hapa
history-moved = Lilikwenda kwa { $to }
stock-needs = Vocha
need-offered = { $count ->
        [one] Unakabidhiwa fungu 1
       *[other] Unakabidhiwa mafungu { $count }
    }
need-asks = { $count ->
        [one] Ombi 1 la vocha
       *[other] Maombi { $count } ya vocha
    }
need-returns = { $count ->
        [one] Fungu 1 linarudi
       *[other] Mafungu { $count } yanarudi
    }
need-low = { $count ->
        [one] Kifurushi cha muuzaji 1 kinakaribia kuisha
       *[other] Vifurushi vya wauzaji { $count } vinakaribia kuisha
    }
needs-more-sites = { $count ->
        [one] Kituo 1 zaidi
       *[other] Vituo { $count } zaidi
    }
lease-title = Toa fungu { $code }
lease-to = Mpe
lease-block = Toa fungu
lease-hint = Kifaa cha mtu huyu tu ndicho kitakachopata namba hizi.
lease-done = Fungu limeombwa lipewe { $name }
no-sellers = Hakuna anayeruhusiwa kuuza kwenye kituo hiki. Ongeza wakala kwanza.
recall = Rudisha
recall-title = Kurudisha fungu { $code } kutoka kwa { $name }?
recall-consequence = { $name } anaweza kuwa hana mtandao na akaendelea kuuza kutoka fungu hili. Namba itakayouzwa na wote wawili inabaki kuwa mauzo mawili, na mteja mmoja atahitaji namba mpya. Rudisha tu kama simu imepotea au wakala ameondoka.
recall-to = Lipewe
recall-to-office = Lirudi ofisini
reason = Sababu
recall-block = Rudisha fungu
recall-done = Fungu limeombwa lirudi
choose-person = Chagua mtu
choose-package-option = Chagua kifurushi

## Import

import-title = Leta vocha
import-file = Faili la vocha
import-file-hint = Kutoka MikHmon, router (.rsc) au jedwali (CSV). Bado hakuna kinachoandikwa.
choose-file = Chagua faili
other-file = Chagua faili nyingine
import-reading = Inasoma faili
import-good = { $count ->
        [one] Vocha 1 inaweza kuletwa
       *[other] Vocha { $count } zinaweza kuletwa
    }
import-bad = { $count ->
        [one] Mstari 1 haukubaliki
       *[other] Mistari { $count } haikubaliki
    }
import-no-passwords = Hakuna vocha yenye nenosiri katika faili hii. RouterOS 7 huyaacha: kama wateja wako huandika nenosiri, toa faili tena kwa “show-sensitive”.
import-line = Mstari { $line }
import-profile = { $profile } ({ $count })
import-no-profile = bila profaili
package = Kifurushi
batch-name = Jina la kundi
block-size = Vocha kwa kila fungu
block-size-hint = Fungu ndilo wakala hupewa kwa wakati mmoja.
import-button = { $count ->
        [one] Leta vocha 1
       *[other] Leta vocha { $count }
    }
import-done = { $count ->
        [one] Vocha 1 imeletwa
       *[other] Vocha { $count } zimeletwa
    }
column-code = namba
column-username = jina la mtumiaji
column-password = nenosiri
column-profile = profaili
column-uptime = kikomo cha muda
column-quota = kikomo cha data
column-price = bei
column-comment = maelezo
bad-empty-code = hakuna namba
bad-twice = namba hiyohiyo iko mstari { $line }
bad-quotes = alama ya nukuu haijafungwa
bad-columns = safu { $found }, wakati mstari wa kwanza una { $expected }
bad-control = { $column } ina herufi isiyoonekana
bad-blank = { $column } inaanza au kuishia na nafasi tupu
bad-long = { $column } ni ndefu mno
bad-unreadable = { $column } haisomeki
bad-range = hakuna anayeuza { $column } kama hiyo
bad-rounded = jedwali limekadiria { $column }; tarakimu za mwisho zimepotea
bad-differ = namba na jina la mtumiaji vinatofautiana
bad-device = hii ni anwani ya kifaa, si namba ya vocha
bad-used = imeshatumika: inaisha { $until }
bad-run-out = imeisha muda
file-empty = Faili ni tupu.
file-too-large = Faili ni kubwa mno. Igawanye na ulete sehemu zake.
file-columns = Faili ina safu nyingi mno. Je, ni orodha ya vocha?
file-encoding = Hifadhi faili kama "CSV UTF-8" kisha uichague tena.
file-no-code-column = Hakuna safu yenye jina Username au Code. Mstari wa kwanza ni: { $line }
file-column-twice = Safu mbili zina maana ya { $column }. Ondoa moja.
import-step-file = Faili
import-step-packages = Vifurushi
import-step-check = Hakiki
import-step-done = Tayari
import-kind = Hii ni
import-kind-hint = Imetambuliwa kwa mstari wa kwanza. Badilisha kama si hivyo.
kind-mikhmon = orodha ya watumiaji ya MikHmon (CSV)
kind-router = faili la router (.rsc)
kind-csv = orodha nyingine (CSV)
import-choose-columns = Chagua safu
import-read = Soma faili
import-stop = Simamisha
import-comparing = Inalinganisha na vocha zilizopo
import-saving = Inahifadhi { $part }
import-columns-hint = Sema maana ya kila safu. Chini yake ni mifano yake.
import-header = Mstari wa kwanza ni majina ya safu
import-column = Safu { $number }
import-ignore = Haitumiki
import-validity-column = muda (namba tupu ni siku)
import-needs-code = Chagua safu ya namba au jina la mtumiaji.
import-sold-as = Huuzwa kama
import-leave-out = Ziache hizi
import-new-package = Kifurushi kipya
import-samples = Kwa mfano { $codes }
import-speed = { $down } kushusha, { $up } kupandisha
import-devices = { $count ->
        [one] kifaa 1
       *[other] vifaa { $count }
    }
import-other-limits = vikomo vingine ({ $count })
import-grouping = Makundi
import-by-package = Kundi moja kwa kila kifurushi
import-by-tag = { $count ->
        [one] Kama zana ya zamani (kundi 1)
       *[other] Kama zana ya zamani (makundi { $count })
    }
import-choose-all = Sema kila kundi huuzwa kama nini, au liache.
next = Endelea
import-will-make = Hivi vitatengenezwa
import-batches = { $count ->
        [one] kundi 1
       *[other] makundi { $count }
    }
import-more-batches = { $count ->
        [one] na kundi 1 zaidi
       *[other] na makundi { $count } zaidi
    }
import-new-packages = Kwanza vifurushi vipya: { $names }
import-left-out = { $count ->
        [one] Vocha 1 inaachwa
       *[other] Vocha { $count } zinaachwa
    }
import-all-taken = Kila mstari wa faili unakubalika.
import-filter = Onyesha
refused-all = Sababu zote ({ $count })
refused-used = Zilizotumika au kuisha
refused-twice = Mara mbili kwenye faili
refused-there = Zipo tayari
refused-no-code = Bila namba
refused-device = Za kifaa kimoja
refused-disabled = Zilizozimwa
refused-no-password = Nenosiri halionyeshwi
refused-columns = Idadi ya safu si sahihi
refused-unreadable = Hazisomeki
import-download = Pakua kama CSV
csv-line = Mstari
csv-reason = Sababu
csv-row = Yaliyomo
import-stopped = Uletaji umesimamishwa. Hakuna vocha iliyoletwa.
import-discarded = Hakuna vocha iliyoletwa: yaliyoandikwa yamefutwa.
import-partly = Makundi { $made } kati ya { $all } yametengenezwa na yanabaki.
import-rest-discarded = Mengine yamefutwa.
import-rest-not-discarded = Mengine hayakuweza kufutwa pia. Hayawezi kuuzwa; yamalizie au yafute kwenye Vocha.
import-packages-stay = Vifurushi vipya vinabaki: { $names }
import-not-discarded = Haikuweza kufutwa pia. Hakuna inayoweza kuuzwa; malizia au futa kwenye Vocha.
import-undone = Uletaji umetenduliwa. Faili hilo linaweza kuletwa tena.
import-duplicates-hint = Namba ambazo kifaa kingine kimeleta wakati huo huwa batili; kundi linaonyesha ngapi.
undo-import = Tendua uletaji
import-again = Leta faili nyingine
undo-batch = Tendua kundi
undo-batch-title = Utendue kundi { $name }?
undo-batch-consequence = Vocha zake zote zitakuwa batili. Namba hizo zinaweza kuletwa tena. Kama mtu amepewa fungu au ameuza vocha yake, kundi litabaki.
undo-batch-done = Kundi limetenduliwa
batch-undone = Limetenduliwa
batch-kept-leased = Halijatenduliwa: fungu lilikabidhiwa
batch-kept-sold = Halijatenduliwa: vocha iliuzwa
batch-made-on = lilitengenezwa { $day } kwenye zana ya zamani
unfinished-title = Uletaji ulikatika
unfinished-text = { $count ->
        [one] Vocha 1 ya { $package } iliandikwa ({ $when }). Haiwezi kuuzwa hadi kundi likamilike.
       *[other] Vocha { $count } za { $package } ziliandikwa ({ $when }). Haziwezi kuuzwa hadi kundi likamilike.
    }
unfinished-finish = { $count ->
        [one] Tengeneza kundi la vocha hii
       *[other] Tengeneza kundi la hizi { $count }
    }
unfinished-discard = Futa
unfinished-finished = Kundi limetengenezwa
unfinished-discarded = Imefutwa
column-validity = muda wa matumizi
bad-bound = ni ya kifaa { $address }
bad-disabled = imezimwa kwenye router
bad-no-password = ina nenosiri ambalo faili haionyeshi: toa faili tena kwa “show-sensitive”
bad-not-an-add = mstari huu hubadilisha mtumiaji, hautengenezi
bad-encoding = maandishi yake si UTF-8
bad-too-many-words = ni ndefu kuliko amri yoyote ya router
bad-there = namba iko tayari kwenye kundi { $batch }
bad-there-unfinished = namba iko kwenye uletaji uliokatika
file-profiles = Profaili ni zaidi ya { $limit }: safu nyingine imechaguliwa kama profaili.
fail-stopped = Imesimamishwa. Hakuna kilichobadilika.
fail-no-batch = Kundi hili halipo tena. Hakuna kilichobadilika.
fail-batch-undone = Kundi hili lilitenduliwa kabla.
fail-batch-leased = Mtu ana fungu la kundi hili. Lirudishe kwanza, kisha tendua.
fail-batch-sold = Vocha ya kundi hili iliuzwa, hivyo linabaki.

## Staff

add-person = Ongeza mtu
staff-empty = Ni wewe tu kwa sasa
staff-empty-hint = Ongeza mawakala wako, kisha mtumie kila mmoja mwaliko.
you = wewe
inactive = Amezimwa
roles = Majukumu
role = Jukumu
role-where = Wapi
whole-organisation = Biashara nzima
role-at = { $role } · { $site }
add-role = Ongeza jukumu
remove-role = Ondoa { $role }
role-removed = Jukumu limeondolewa
undo = Tendua
no-roles = Hana jukumu
invite-link = Kiungo cha mwaliko
invite-made = Mwalike { $name }
invite-hint = Tuma kiungo hiki, au simu ikiskani. Kinatumika mara moja, hadi { $when }.
invite-qr = QR ya kiungo cha mwaliko
deactivate = Zima
activate = Washa
deactivate-title = Kumzima { $name }?
deactivate-consequence = { $name } hataweza tena kuingia wala kuuza. Mauzo aliyofanya bila mtandao yatazuiliwa hadi mtu aamue.
deactivated = { $name } amezimwa
activated = { $name } amewashwa
person-not-found = Mtu huyu si mfanyakazi
person-added = { $name } ameongezwa
role-super-admin = Msimamizi mkuu
role-owner = Mmiliki
role-admin = Msimamizi
role-manager = Meneja
role-finance = Fedha
role-marketing = Masoko
role-sales = Mauzo ya ofisini
role-technical = Fundi
role-recovery-agent = Mkusanya madeni
role-agent = Wakala
role-reseller = Msambazaji

## Values written at the same time

contested-now = { $field } iliandikwa na zaidi ya mtu mmoja kwa wakati mmoja. Sasa ni: { $value }
contested-also = Pia iliandikwa: { $value }
contested-keep = Baki na { $value }
contested-take = Chukua { $value }
contested-settled = Imechaguliwa: { $value }
nothing-written = (tupu)
yes = Ndiyo
no = Hapana

## People and sites

active = Hai
active-and-inactive = Hai na waliozimwa
active-only = Hai tu
inactive-only = Waliozimwa tu
search-staff = Tafuta jina, simu au jukumu
all-roles = Majukumu yote
staff-none-match = Hakuna anayelingana
contacts = Mawasiliano
no-contacts = Bado hakuna simu wala barua pepe
note = Maelezo
edit-person = Hariri { $name }
work = Kazi
time-left = (imebaki { $time })
time-over = (umeisha muda)
open-invites = Mialiko iliyo wazi
invite-open = Kuna kiungo kilicho wazi. Anayekishika tu ndiye anayeweza kukitumia; kipya kitachukua nafasi yake.
invite-link-hint = { $name } anafungua kiungo mara moja kwenye kifaa chake na kuchagua nenosiri.
new-sign-in-link = Kiungo kipya cha kuingia
new-sign-in-link-hint = Kwa aliyesahau nenosiri: { $name } anachagua jipya, na anatolewa kwenye vifaa vingine vyote.
withdraw = Futa kiungo
invite-withdrawn = Kiungo kimefutwa
invited-by = Umealikwa na { $name }.
invite-back = Karibu tena, { $name }. Chagua nenosiri jipya.
set-new-password = Hifadhi na uingie
devices = Vifaa
no-devices = Bado hajaingia kwenye kifaa chochote
devices-offline = Orodha ya vifaa inatoka kwenye seva na inahitaji mtandao.
unnamed-device = Kifaa kisicho na jina
last-seen = Kilionekana { $when }
this-device = Kifaa hiki
revoke = Futa
revoked-at = Kilifutwa { $when }
revoke-title = Kufuta { $device }?
revoke-device = Futa kifaa
revoke-consequence = Hili haliwezi kutenduliwa. Yaliyo kwenye kifaa na hayajatumwa yatazuiliwa hadi ofisi iamue. { $name } anatolewa kote na ataingia tena kwa nenosiri kwenye vifaa vingine.
revoke-then = Kisha rudisha vocha zilizokuwa kwenye kifaa, na tengeneza kiungo kipya cha kuingia kama kuna anayejua nenosiri.
device-revoked = { $device } kimefutwa
activate-consequence = { $name } ataweza kuingia tena kwa nenosiri lile lile.
search-sites = Tafuta jina, mahali, kanda au mhusika
sites-empty = Bado hakuna vituo
sites-empty-hint = Kituo ni mahali unapouza WiFi. Bei, akiba na watu ni vyake.
sites-none-match = Hakuna kituo kinacholingana
inactive-site = Kimezimwa
responsible = Watu wa hapa
responsible-empty = Bado hakuna mwenye jukumu hapa. Toa majukumu kwenye ukurasa wa mtu.
site-no-details = Kwa sasa jina tu ndilo linalojulikana.
place = Mahali
zone = Kanda
contact-person = Mtu wa kuwasiliana
position = Mahali kwenye ramani
latitude = Latitudo
longitude = Longitudo
open-map = Fungua ramani
use-my-position = Tumia mahali kifaa hiki kilipo
no-position = Mahali hapakupatikana. Ruhusu kwenye kivinjari, au andika.
deactivate-site = Zima kituo
activate-site = Washa kituo
deactivate-site-consequence = Kituo kilichozimwa hakipokei mauzo mapya. Kilichouzwa na simu bila mtandao kinahifadhiwa na kuhesabiwa.
activated-site = { $name } kimewashwa
deactivated-site = { $name } kimezimwa
routers = Ruta
access-points = Vituo vya redio
areas = Maeneo
add-router = Ongeza ruta
add-access-point = Ongeza kituo cha redio
add-area = Ongeza eneo
nothing-here-yet = Bado hakuna kitu
not-in-use = Hakitumiki
take-out-of-use = Acha kukitumia
put-into-use = Anza kukitumia
edit-thing = Hariri { $name }
model = Modeli
network-address = Anwani ya mtandao
serial = Namba ya serial
no-router-secrets = Usiandike kamwe nenosiri la ruta hapa: si mahali pake.
people-count = { $count ->
        [one] Mtu 1
       *[other] Watu { $count }
    }
sites-count = { $count ->
        [one] Kituo 1
       *[other] Vituo { $count }
    }
routers-count = { $count ->
        [one] Ruta 1
       *[other] Ruta { $count }
    }
access-points-count = { $count ->
        [one] Kituo cha redio 1
       *[other] Vituo vya redio { $count }
    }
holds-vouchers = { $count ->
        [one] Ana vocha 1 ya kuuza
       *[other] Ana vocha { $count } za kuuza
    }

## Packages

add-package = Ongeza kifurushi
edit-package = Hariri kifurushi
packages-empty = Bado hakuna vifurushi
all-packages = Vifurushi vyote
all-connections = Miunganisho yote
search-packages = Tafuta vifurushi
packages-none-match = Hakuna kifurushi kinacholingana
packages-empty-hint = Anza na hivi vinne na uvibadilishe upendavyo.
add-these = { $count ->
        [one] Ongeza kifurushi hiki
       *[other] Ongeza vifurushi hivi { $count }
    }
packages-added = Vifurushi vimeongezwa
package-saved = Kifurushi kimehifadhiwa
package-name-hint = Kwa mfano Wiki 1
validity = Muda wa matumizi
validity-count = Ngapi
validity-unit = Kipimo
use-within-days = Siku hadi matumizi ya kwanza
quota-gb = Kikomo cha data kwa GB
uptime-hours = Muda wa intaneti kwa saa
download-mbit = Kupakua, Mbit/s
upload-mbit = Kupakia, Mbit/s
connection = Muunganisho
devices-label = Vifaa kwa pamoja
low-stock-label = Onya zikibaki chini ya
low-stock-hint = Ukiacha wazi: { $count }.
description = Maelezo
package-off-sale = { $name } haiuzwi tena
package-back-on-sale = { $name } inauzwa
price-hint = Kwa makundi mapya; vocha zilizopo zinabaki na bei yake.
on-sale = Inauzwa
not-on-sale = Haiuzwi
take-off-sale = Acha kuuza
put-on-sale = Anza kuuza
contested = Imebadilishwa sehemu mbili kwa pamoja: ihakiki
package-not-found = Kifurushi hiki hakipo kwenye orodha

## Home

hello = Habari, { $name }
sales-today = Mauzo ya leo
package-gives = Kinachotolewa
held-since = Tangu lini
latest-sales = Mauzo ya karibuni
see-all = Ona yote
first-steps = Hatua za kwanza
step-packages = Chagua vifurushi vyako
step-vouchers = Leta vocha zako
step-staff = Ongeza mawakala wako

## Sync screen

sync-now = Sawazisha sasa
sync-started = Inasawazisha
last-contact = Mawasiliano ya mwisho na seva
never = bado
pending = Kwenye { $device ->
        [computer] kompyuta
       *[phone] simu
    } hii tu
pending-none = Vyote viko salama kwenye seva.
pending-hint = Hivi vinatumwa vyenyewe mtandao ukipatikana. Usifute data za kivinjari kabla ya hapo.
needs-you = Inakuhitaji
to-decide = Ya kuamua
to-decide-hint = Hivi vimetoka kwenye kifaa au kwa mtu asiye na ruhusa wakati huo. Kubali ili vihesabiwe.
held-not-allowed = Imezuiliwa: jukumu halikuruhusu ilipofika
held-revoked = Imezuiliwa: kifaa kiliondolewa
held-of-later = Imezuiliwa, kwa sababu ambayo toleo jipya la ViorNet ndilo linaijua
held-more = na { $count } zaidi
held-unlisted = Zisizotajwa hapa: { $count }.
held-given = Mteja ameshapewa namba mpya. Hii inaweza kukataliwa tu.
held-waiting = Meneja lazima aamue. Hakuna kilichopotea.
declined-by = Imekataliwa na { $name }
declined-reason = Imekataliwa na { $name }: { $reason }
refused-code = Seva haikuweza kuipokea ({ $code }). Waonyeshe wasaidizi.
refused-much-held = Kazi zako nyingi mno zinasubiri uamuzi, hivyo seva haipokei zaidi. Hii imehifadhiwa hapa tu. Iombe ofisi iamue zinazosubiri, na uionyeshe ujumbe huu.
refused-many-begun = Umeanzisha miezi ya mauzo na orodha za wateja nyingi kuliko seva inavyopokea kwa mtu mmoja. Hii imehifadhiwa hapa tu. Angalia kama tarehe ni sahihi, na uionyeshe ofisi ujumbe huu.
refused-of-later = Seva haikuipokea, kwa sababu ambayo toleo hili la ViorNet haliijui. Pakia upya upate toleo jipya: itatumwa tena yenyewe.
accept = Kubali
decline = Kataa
decline-title = Kukataa hiki?
decline-consequence = Haitahesabiwa. { $name } ataambiwa, pamoja na sababu yako.
accepted = Imekubaliwa
declined = Imekataliwa
dismiss = Ondoa
dismiss-keeps = Namba zake haziuzwi tena kutoka hapa.
sent-by = Kutoka kwa { $name }
rescue-title = Faili ya uokoaji
rescue-hint = Kama { $device ->
        [computer] kompyuta
       *[phone] simu
    } hii haiwezi kuunganisha, hifadhi kazi ambayo haijatumwa kama faili iliyofungwa. Mfanyakazi yeyote anaituma kutoka kifaa kingine, chini ya "Sawazisha", kwa "Tuma faili ya uokoaji". Usifute chochote hapa kabla haijasema kuwa ni salama.
rescue-save = Hifadhi faili ya uokoaji
rescue-saved = Faili ya uokoaji imehifadhiwa
rescue-carry = Tuma faili ya uokoaji
rescue-carry-hint = Faili iliyohifadhiwa kwenye kifaa kisichoweza kuunganisha. Huwezi kuona kilichomo. Kuituma mara mbili hakuna madhara.
rescue-sending = Faili inatumwa
rescue-safe = { $count ->
        [one] Ingizo 1 la faili liko salama kwenye seva.
       *[other] Maingizo { $count } ya faili yako salama kwenye seva.
    }
rescue-held = { $count ->
        [one] Ingizo 1 limewekwa kwenye seva hadi ofisi iamue.
       *[other] Maingizo { $count } yamewekwa kwenye seva hadi ofisi iamue.
    }
rescue-left = { $count ->
        [one] Ingizo 1 halikuweza kuchukuliwa kutoka kwenye faili. Tunza kifaa kingine: lazima kiunganishe chenyewe.
       *[other] Maingizo { $count } hayakuweza kuchukuliwa kutoka kwenye faili. Tunza kifaa kingine: lazima kiunganishe chenyewe.
    }
fail-rescue-unreadable = Hii si faili ya uokoaji, au si nzima. Ihifadhi tena kwenye kifaa kingine.
fail-rescue-newer = Faili hii ya uokoaji ni ya toleo jipya zaidi la programu. Sasisha programu hapa kwanza.
fail-rescue-foreign = Faili hii ya uokoaji ni ya shirika lingine. Inabaki ilivyo.
file-is-too-large = Faili ni kubwa mno kusomwa hapa.
file-not-read = Kivinjari hakikuweza kusoma faili. Ichague tena.

# What is still locked under a forgotten password
earlier = Kazi ya awali bado imefungwa
earlier-hint = Nenosiri lilibadilishwa, na la zamani halikujulikana hapa. Ambayo { $device ->
        [computer] kompyuta hii ilikuwa haijatuma
       *[phone] simu hii ilikuwa haijatuma
    } yako chini ya nenosiri hilo la zamani. Liandike, na yatatumwa; hakuna kitakachorudiwa.
earlier-open = Fungua na utume
earlier-size = { $entries ->
        [one] Si zaidi ya ingizo 1, kB { $kilobytes }
       *[other] Si zaidi ya maingizo { $entries }, kB { $kilobytes }
    }
earlier-opened = { $entries ->
        [one] Imefunguliwa. Ingizo 1 linatumwa kutoka hapa.
       *[other] Imefunguliwa. Maingizo { $entries } yanatumwa kutoka hapa.
    }
earlier-rest-safe = Mengine yalikuwa salama tayari.
earlier-was-safe = Imefunguliwa. Yote yalikuwa salama tayari.
earlier-was-empty = Imefunguliwa. Hakuna kilichokuwa kinasubiri.
earlier-partly = Sehemu yake haisomeki sasa na inabaki hapa.
fail-earlier-password = Hakuna kazi ya awali inayofunguka kwa nenosiri hili. Hakuna kilichopotea; jaribu jingine.
earlier-discard = Tupa
earlier-discard-title = Utupe kazi ya awali?
earlier-discard-consequence = Iliyoko kwenye { $device ->
        [computer] kompyuta hii
       *[phone] simu hii
    } tu itapotea kabisa: mauzo, wateja, makabidhiano. Hakuna anayeweza kuirudisha.
earlier-discarded = Kazi ya awali imetupwa
earlier-note = Kazi ya awali kwenye { $device ->
        [computer] kompyuta hii
       *[phone] simu hii
    } bado imefungwa na haijatumwa.
earlier-note-link = Ifungue
clock-off = Saa ya kifaa hiki imekosea kwa { $duration }. Muda unasahihishwa.
what-sale = Mauzo { $receipt }
what-replacement = Namba mpya kwa mteja
what-client = Mteja { $name }
what-new-client = Mteja mpya
what-package = Kifurushi { $name }
what-staff = Mfanyakazi: { $name }
what-site = Kituo { $name }
what-batch = { $count ->
        [one] Kundi { $label }, namba 1
       *[other] Kundi { $label }, namba { $count }
    }
what-import-part = { $count ->
        [one] Uletaji, namba 1
       *[other] Uletaji, namba { $count }
    }
what-undo-batch = Kutendua { $label }
what-lease = Fungu kwa { $name }
what-hand-over = { $count ->
        [one] Makabidhiano ya vocha 1
       *[other] Makabidhiano ya vocha { $count }
    }
what-hand-over-withdrawn = Makabidhiano yameondolewa
what-hand-over-taken = Imepokewa kwa makabidhiano { $code }
what-stock-ask = { $count ->
        [one] Ombi la vocha 1 ya { $package }
       *[other] Ombi la vocha { $count } za { $package }
    }
what-stock-ask-over = Jibu la ombi la vocha
what-recall = Kurudisha fungu
what-decision = Uamuzi wa kilichozuiliwa
what-other = Badiliko

## Before the first sync, or without any role

no-screen-yet = Ukurasa huu bado haupo kwenye kifaa hiki
no-screen-yet-hint = Utakuja mtandao ukipatikana. Kuuza kunaendelea, na hakuna kinachopotea.
first-sync = Bado hakuna cha kuonyesha
first-sync-hint = Majukumu na vituo vyako huja na usawazishaji wa kwanza. Hali ikibaki hivi, muombe msimamizi akupe jukumu.

## Clients

clients = Wateja
register-client = Sajili mteja
edit-client = Hariri mteja
client-saved = Mteja amehifadhiwa
clients-empty = Hakuna wateja bado
clients-empty-hint = Sajili watu na familia wanaonunua kwako, uwapate kwa jina au simu na uone muda wao unaisha lini.
clients-none-match = Hakuna mteja anayelingana
clients-count = { $count ->
        [one] Mteja 1
       *[other] Wateja { $count }
    }
search-clients = Tafuta jina, simu au barua pepe
all-clients = Wote
sort-by = Mpangilio
sort-name = Kwa jina
sort-expiry = Wanaoisha kwanza
sort-last-purchase = Walionunua karibuni
sort-newest = Wapya kwanza
client-open = Bila tarehe ya mwisho
client-running = Hai
client-expiring = Anaisha ndani ya siku 7
client-expired = Muda umeisha
client-off = Amesimamishwa
client-is-served = Hai
client-not-found = Mteja huyu hayupo kwenye kifaa hiki
client-not-found-hint = Wateja wa maeneo na mawakala wengine hubaki kwa wanaowahudumia.
client-not-yours = Ofisi pekee ndiyo inayohariri wateja waliosajiliwa na mwingine.
client-deactivated = { $name } amesimamishwa
client-activated = { $name } amerudishwa
deactivate-client = Simamisha
activate-client = Rudisha
last-bought = alinunua { $when }
until = hadi { $day }
address = Anwani
mac-address = Anwani ya MAC
registered-on = Alisajiliwa
expires-on = Muda unaisha
sms-reminder = Vikumbusho kwa SMS
sms-reminder-wanted = Anataka vikumbusho kwa SMS
notes = Maelezo
not-known = Haijulikani
call = Piga
send-sms = SMS
purchases = Manunuzi
latest-purchase = Alichonunua mwisho
no-purchases = Hakuna ununuzi unaojulikana kwenye kifaa hiki.
has-this-number = { $name } ana namba hii.
open-client = Fungua
today = leo
fail-date = Chagua siku ya kalenda.
fail-mac = Anwani ya MAC ina tarakimu au herufi A hadi F 12, kwa mfano 44:15:A4:9C:91:E1.
fail-too-long = Yasizidi herufi { $max }.
fail-no-client = Mteja huyu hajulikani kwenye kifaa hiki.
import-clients = Ingiza orodha
import-clients-preview = Wateja wa kwanza
import-clients-hint = Faili ya CSV yenye safu "name", na yoyote kati ya phone, email, address, site, mac address, expiry date, sms reminder, notes. Hakuna anayesajiliwa kabla hujaona.
import-clients-good = { $count ->
        [one] Mteja 1 yuko tayari kusajiliwa.
       *[other] Wateja { $count } wako tayari kusajiliwa.
    }
register-clients = { $count ->
        [one] Sajili mteja 1
       *[other] Sajili wateja { $count }
    }
clients-imported = { $count ->
        [one] Mteja 1 amesajiliwa
       *[other] Wateja { $count } wamesajiliwa
    }
bad-date = "{ $text }" si siku; andika 2026-12-31 au 31/12/2026
bad-yes-or-no = "{ $text }" si ndiyo wala hapana
bad-connection = "{ $text }" si hotspot wala PPPoE
bad-formula = kisanduku kina fomula; hifadhi faili likiwa na thamani zake
bad-twice-number = namba hii ipo tayari kwenye mstari wa { $line }
bad-no-site = hakuna eneo lililotajwa wala kuchaguliwa
bad-site = hakuna eneo { $name } unaloweza kuona
bad-not-at-site = huruhusiwi kusajili wateja kwenye eneo { $name }
fail-no-name-column = Hakuna safu inayoitwa "name". Mstari wa kwanza ni: { $line }
fail-column-twice-clients = Safu mbili za faili zina maana moja. Ondoa moja.
fail-too-many-clients = Wateja hawa ni wengi mno kwa mara moja.

## Settings

settings-organisation = Biashara
settings-device = Kifaa hiki
settings-timezone-hint = Siku na miezi ya ripoti huanza kwa ukanda huu.
settings-currency-hint = Ilichaguliwa wakati wa kuandaa, haiwezi kubadilishwa.
settings-backup = Nakala rudufu
settings-backup-hint = Nakala rudufu hufanywa kwenye seva na anayeitunza, hata watu wakiendelea kuuza. Ina kila kitu, pamoja na funguo; weka faili mahali unapoweza kuisoma wewe tu.
export-everything = Pakua kila kitu
export-hint = Hesabu na taarifa zako kwenye ZIP: faili za CSV kwa Excel na za JSON kwa programu. Hazimo: nenosiri (hata za vocha), majina ya kuingilia, funguo, na undani wa mauzo yaliyozuiwa. Kumbukumbu zinaonyesha nani alipakua.
export-offline = Hili linahitaji mtandao. Sasa huna mtandao; kila kitu kwenye kifaa hiki kiko salama.
export-running = Inapakua: kB { $kilobytes } hadi sasa. Usifunge ukurasa huu.
export-done = Imepakuliwa. Faili ina taarifa zote za biashara yako; itunze salama.
