# English. Side by side with sw.ftl, section by section: a message missing there stops the build.

## Names of screens and of the app

app-name = ViorNet
home = Home
sell = Sell
stock = My stock
sales = Sales
vouchers = Vouchers
staff = Staff
packages = Packages
sync = Sync
settings = Settings
navigation = Main menu
group-sell = Sell
group-money = Money
group-network = Network
group-team = Team
skip-to-content = Skip to content

## Words used everywhere

add = Add
all = All
back = Back
cancel = Cancel
close = Close
copy = Copy
copied = Copied
copy-failed = The browser did not copy it. Select the text and copy it by hand.
done = Done
edit = Edit
more = More
less = Less
name = Name
none = None
optional = optional
price = Price
save = Save
search = Search
share = Share
print = Print
site = Site
sites = Sites
total = Total
try-again = Try again
reload = Reload
loading = Loading
show-more = Show more
as-of = as of { $when }
saved = Saved
today-at = today { $time }
yesterday-at = yesterday { $time }
tomorrow-at = tomorrow { $time }

## Days and months, as dates show them

weekday-0 = Mon
weekday-1 = Tue
weekday-2 = Wed
weekday-3 = Thu
weekday-4 = Fri
weekday-5 = Sat
weekday-6 = Sun
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

## How long: short ("2 h") in the sync pill, in words elsewhere

age-moments = just now
age-minutes = { $count } min
age-hours = { $count } h
age-days = { $count ->
        [one] 1 day
       *[other] { $count } days
    }
minutes = { $count ->
        [one] 1 minute
       *[other] { $count } minutes
    }
hours = { $count ->
        [one] 1 hour
       *[other] { $count } hours
    }
days = { $count ->
        [one] 1 day
       *[other] { $count } days
    }
months = { $count ->
        [one] 1 month
       *[other] { $count } months
    }
unit-minutes = minutes
unit-hours = hours
unit-days = days
unit-weeks = weeks
unit-months = months

## The sentence about a package or voucher: "Use within 30 days · 7 days from first login · 5 GB"

use-within = Use within { $duration }
from-first-login = { $duration } from first login
time-online = { $duration } of internet
data-volume = { $volume } of data
speed-down = { $speed } down
speed-up = { $speed } up
devices-at-once = { $count ->
        [one] 1 device at once
       *[other] { $count } devices at once
    }
kind-hotspot = Hotspot
kind-pppoe = PPPoE line

## Sync in words

pill-safe = All safe { $when }
pill-safe-never = All safe
pill-here = { $count } on this { $device ->
        [computer] computer
       *[phone] phone
    } · { $age }
pill-needs-you = Needs you ({ $count })
pill-offline = Offline since { $when }
pill-offline-never = Offline
pill-starting = Starting
pill-label = Sync: { $state }
pill-fetching = Fetching data…
pill-signed-out = Sign in again
pill-device-refused = Device revoked
signed-out = The server has ended your session on this { $device ->
        [computer] computer
       *[phone] phone
    }. You can go on working; all of it is kept here. Sign in with your password while you are online, and it is sent.
password-refused = The server does not take the password that opens this { $device ->
        [computer] computer
       *[phone] phone
    }: it was changed, or your account was closed. What you did here is kept and sent to the office. If you have a new password, sign in with it.
device-refused = The office has revoked this { $device ->
        [computer] computer
       *[phone] phone
    }. What was done on it is kept and sent to the office, which decides about it. Speak to your administrator.
signed-in-again = Signed in again
fetching = Fetching your data
fetching-hint = The first time on a device takes a little while. Keep the app open and stay online.
not-fetched = Your data is not here yet
not-fetched-hint = This device has not fetched it, and there is no connection. Go online once; then the app works without a signal. What was saved here before is safe.
safety-here = Saved on this { $device ->
        [computer] computer
       *[phone] phone
    }
safety-server = Safe on server
safety-needs-you = Needs you
warn-database = The app's main store on this device failed. Sales are kept in the second store; connect soon.
warn-journal = The app's second store on this device failed. Sales are kept in the main store; connect soon.
warn-recovering = The browser lost this app's store. It is being rebuilt; nothing that was saved is gone.
warn-not-persistent = This browser may clear its storage when space runs out. Install the app, and connect at least once a day.

## What went wrong, what is safe, what to do

fail-offline = This needs a connection. Your work on this device is safe; try again when you are online.
fail-wrong-password = The sign-in name or password is not right.
fail-wrong-unlock = The password is not right.
fail-locked = The screen is locked. Sign in again; nothing is lost.
fail-not-saved = This device could not save it, so it did not happen. Free some space or restart the browser, then try again.
fail-busy = The app is open in another tab that did not answer. Look whether this was saved before you try again, and close the other tabs.
fail-unexpected = Something went wrong in the app. What was saved is safe. Reload the page.
fail-session-ended = The server has ended your session. Sign in again; nothing is lost.
fail-unavailable = The server is busy, perhaps with somebody's export. Your work on this device is safe; try again in a few minutes.
fail-server = The server could not do it ({ $problem }). Your work on this device is safe; try again later.
fail-attempts = Too many attempts. Wait a few minutes, then try again.
fail-set-up-done = This server is already set up. Sign in instead.
fail-link = This link is not valid any more. Ask for a new one.
fail-login-taken = Somebody already uses this sign-in name. Choose another.
fail-password-weak = Choose a longer password: 8 characters or more.
fail-not-allowed = Your role does not allow this here. An administrator can change that.
fail-not-yours-to-grant = You can only give roles whose rights you have yourself.
fail-name = A name has 1 to { $max } characters.
fail-price = The price is out of range.
fail-validity = The validity is 1 to 1,000 units.
fail-limit = This limit is too large.
fail-description = A description has at most { $max } characters.
fail-speed = Write a speed in Mbit/s, for example 5 or 0.5.
fail-email = That is not an e-mail address.
fail-code = A code is empty, too long or has a character that cannot be seen.
fail-block-count = A block has 1 to 1,000 codes.
fail-no-package = This package is not in the catalog any more.
fail-text = At most { $max } characters.
fail-position = Latitude lies between -90 and 90, longitude between -180 and 180. Example: -6.7692 and 39.2401.
fail-too-many-fixtures = A site has at most { $max } of these.
fail-no-site = This site is not known on this device.
fail-not-yourself = You cannot deactivate yourself. Another administrator can.
fail-last-owner = The organisation would be without an owner. Make somebody else owner first.
fail-site-closed = This site is inactive and takes no new sales. What was sold before is kept.
fail-link-expired = This link has expired. Ask for a new one.
fail-link-used = This link was used already. Sign in with the name and password chosen then, or ask for a new link.
fail-link-revoked = This link was withdrawn or replaced by a newer one. Ask for the new one.
fail-device-refused = This device was revoked, or belongs to another person. What was sold on it is kept until the office decides.
fail-not-contested = Somebody has chosen already. Nothing was changed.
fail-no-person = This person is not on the staff.
fail-no-block = This block is not known on this device.
fail-block-leased = Somebody holds this block. Recall it first.
fail-reason = Please give a reason.
fail-block-long = The codes of this block are too long together. Make smaller blocks.
fail-too-many-blocks = These are too many blocks at once. Import them in smaller parts.
fail-place = A place has at most { $max } characters.
fail-timezone = This is not a time zone. Nothing was changed; choose one from the list.
fail-reason-long = This reason is too long. Please shorten it.
fail-quantity = A sale has 1 to 20 vouchers.
fail-nothing-left = { $left ->
        [one] Only 1 is left on this device.
       *[other] Only { $left } are left on this device.
    }
fail-none-left = None are left on this device. Ask for stock.
fail-not-in-your-block = This voucher is not in a block of this device.
fail-already-sold = This voucher is already sold.
fail-handed-over = You are handing this block over. Vouchers of it are not sold here any more.
fail-hand-over-not-yours = This block is not on this device any more, or it has changed. Look again.
fail-hand-over-turn = The server has to confirm this block once before it can be handed over. Connect, then try again.
fail-hand-over-given = This block is already being handed over.
fail-hand-over-self = Choose another person: it is yours already.
fail-hand-over-cannot-sell = This person may not sell at this site.
fail-hand-over-not-open = This hand-over is over.
fail-hand-over-site = This code belongs to a site where you do not sell. Check the code.
fail-hand-over-not-for-you = This hand-over is for somebody else.
fail-hand-over-taken = You have already taken this. The server moves the vouchers when both phones have been online.
fail-hand-over-code = That is not a hand-over code. It has 8 letters and digits; check each one.
fail-already-asked = You have already asked for this package. Withdraw that ask first to change it.
fail-ask-not-open = This ask is over.
fail-void = This voucher is void.
fail-reference = The reference is too long: at most 64 characters.
fail-no-sale = This sale is not known here.
fail-not-contradicted = This sale stands, or its client already has a new code.
fail-phone = That is not a phone number.
fail-phone-short = The phone number is too short.
fail-phone-long = The phone number is too long.
fail-amount = Write the amount in digits, such as 5,000.
fail-needed = Please fill this in.
fail-decimal = Write a number up to { $max }, for example 5 or 1.5.
fail-number = Write a whole number from { $min } to { $max }.
error-title = This screen could not be shown
no-permission = Your role does not open this screen
no-permission-who = Who can: { $roles }.
not-found = There is no such page
not-found-hint = The address may be old or mistyped.
go-home = Go to the start
no-worker = This browser cannot run the app
no-worker-hint = Use a recent Chrome, Firefox or Safari, and open the address over HTTPS.

## Person, site and preferences

person-menu = Menu of { $name }
language = Language
theme = Theme
theme-light = Light
theme-dark = Dark
theme-system = As the device
lock = Lock
sign-out = Sign out
sign-out-title = Sign out?
sign-out-pending = { $count ->
        [one] 1 item is still only on this device. It stays here, sealed, and is sent by the next person who connects.
       *[other] { $count } items are still only on this device. They stay here, sealed, and are sent by the next person who connects.
    }
sign-out-many = Not all of them may fit into what is sent without you. The rest goes once you unlock here again.
add-site = Add site
site-name = Site name
site-place = Place
site-added = Site added
no-site = No site yet
no-site-hint = Nobody has given you a site. Ask your administrator.
palette = Search or command
palette-empty = Nothing found
shortcuts = Keys: / search, Ctrl-K commands, g then s sales

## Set-up

setup-title = Set up ViorNet
setup-intro = This is done once. You become the owner and can invite others afterwards.
setup-no-token = Open the one-time set-up link that the server printed when it started.
setup-business = Your business
setup-you = You
organisation = Organisation
currency = Currency
currency-hint = Chosen now and for good: it cannot be changed after set-up.
timezone = Time zone
first-site = First site
first-site-hint = Where you sell WiFi, for example Mwenge
your-name = Your name
create-organisation = Create organisation

## Sign-in

sign-in = Sign in
sign-in-who = Who is selling?
login = Sign-in name
login-hint = Phone number, e-mail or a short name
password = Password
password-new-hint = 8 characters or more. A few words are easy to remember.
password-show = Show password
password-hide = Hide password
unlock = Unlock
unlock-as = Unlock as { $name }
another-person = Another person
another-person-hint = The first sign-in on this device needs a connection.
old-password = Old password
old-password-hint = Your password was changed. What this device has not sent yet is still under the old one: type the old one once, and nothing is lost.
old-password-forgotten = I do not know it
old-password-forgotten-hint = Without it, the oldest sales that wait here are sent now. What else waits stays locked on this device until you remember it: then open it under "Sync". Everything that the office has is fetched again.
fail-old-password = This is not the old password.
needs-set-up = This server has no organisation yet

## Invite

invite-title = Join { $organisation }
invite-welcome = Welcome, { $name }. Choose how you will sign in.
invite-join = Join
invite-no-token = This invitation link is incomplete. Ask for it again.

## Sell

choose-package = What are you selling?
left = { $count } left
none-left = none left
client = Client
walk-in = Walk-in
client-button = Client: { $name }
quantity = Quantity
quantity-fewer = One fewer
quantity-more = One more
cash-paid = Cash paid
cash = Cash
mpesa = M-Pesa
bank = Bank
card = Card
other-method = Other
method = Payment
reference = Reference
reference-hint = From the payment message, for example SJK4H7L2QW
paid-by = Paid by { $method }
other-methods = Other payment methods
new-client = New client
choose-client = Choose client
use-client = Use this client
phone = Phone
email = E-mail
no-client-found = No client of that name. Add one below.
sell-empty = You have no vouchers to sell
sell-empty-hint = Ask the office for a block. It arrives by itself when you are online.
sell-empty-office-hint = Lease a block to yourself. It arrives by itself when you are online.
sell-no-packages = No packages yet
sell-no-packages-hint = Packages are what you sell: a name, a price and how long it lasts.
cash-in-hand = Cash in hand
cash-waiting = of this { $amount } waits for a decision
cash-refused = of this { $amount } is from sales the server could not take: see Sync
sold-today = Sold today
ask-for-stock = Ask for stock
ask-for-more = ask for more
asked-for = asked for
none-left-here = None of these are left here.
little-left-here = Few of these are left here.
ask-open-hint = You have asked for more. The office sees it when you are online.
selling = Saving

## Receipt

sold = Sold
receipt = Receipt
receipt-number = Receipt number
voucher-code = Code
username = User name
code-qr = QR of the code
code-not-here = The code is not on this device
code-replaced = Replaced by
sell-again = Sell again
show-qr = Show QR

## My stock

stock-empty = No vouchers on this device
stock-left = { $count ->
        [one] 1 voucher left
       *[other] { $count } vouchers left
    }
left-of = { $left } of { $count } left
first-code = First code { $code }
stock-value = Worth { $amount }

hand-over = Hand over
hand-over-title = Hand over this block
hand-over-to = Hand over to
hand-over-block = Hand over
hand-over-consequence = From now on this device does not sell from the block. The server moves the codes when both phones have been online. The other person has to confirm.
hand-over-given = Given. The other person confirms it on their own phone.
hand-over-code = Hand-over code
hand-over-code-hint = { $name } sees this hand-over when online. With no signal, { $name } types or scans this code under My stock.
hand-over-code-office-hint = The office sees this return when online and confirms it. With no signal, they can type this code.
hand-over-taken = Confirmed. The vouchers arrive when both phones have been online.
hand-over-withdrawing = Withdrawal asked for
withdraw-hand-over = Keep it after all
withdraw-waits = You want to keep it. When the server has confirmed that, you can sell from it again; if it was taken first, it is gone.
show-hand-over = Show code
back-to-office = Back to the office
leaving-to = Going to { $name }
leaving-to-office = Going back to the office
moves-when-both-online = The server moves the codes when both phones have been online.
since = since { $when }
vouchers-of = { $count ->
        [one] 1 voucher of { $package }
       *[other] { $count } vouchers of { $package }
    }
offered-to-you = Handed over to you
offer-from = From { $name }
handed-over = Handed over
taken-by = Taken by { $name }
hand-over-overtaken = Too late: the block had moved
hand-over-not-allowed = Not possible: they may not sell here
take-block = Take
confirm-return = Confirm return
take-by-code = Enter code
take-title = Take over a block
take-hint = The 8 letters and digits on the other phone
taken-waiting = Waiting for the server
taken-by-you = Taken by you
your-asks = Asked for
ask-open = Waiting for the office
ask-met = Arrived
ask-declined = Declined
ask-hint = The office sees it as soon as this device is online.
withdraw-ask = Withdraw
asked-for-stock = Asked for
declined-by-because = { $name }: { $reason }
how-many = How many

## Sales
## Sales

sales-count = { $count ->
        [one] 1 sale
       *[other] { $count } sales
    }
sales-empty = No sales yet
sales-empty-hint = Sales show here the moment they are made, on this device or another.
sales-none-match = No sales match
clear-filters = Clear filters
search-sales = Search receipt, client, reference or code
period = Period
period-today = Today
period-week = Last 7 days
period-month = Last 30 days
period-all = All time
all-methods = All methods
all-agents = All agents
all-sites = All sites
agent = Agent
time = Time
state = State
cash-by-agent = Cash by agent
sale-not-found = This sale is not on this device
sale-not-found-hint = It may be older than what this device keeps, or of a site you do not work at.
double-sold = Sold twice
double-sale-told = Code { $code } was sold twice while phones were offline: by { $first } ({ $first-time }) and { $second } ({ $second-time }). { $first }'s sale stands.
double-sale-told-codeless = A code was sold twice while phones were offline: by { $first } ({ $first-time }) and { $second } ({ $second-time }). { $first }'s sale stands.
double-sale-client = { $second }'s client can have a new code. Both sales stay in the cash.
double-sale-replaced = { $second }'s client has a new code. Both sales stay in the cash.
give-replacement = Give replacement
replacement-given = New code given
replacement-waits = A new code was given. It waits for a manager's decision, and until then there is no second one.
after-recall = Sold after the block was recalled
after-recall-hint = The phone did not know yet. The sale counts; the cash is owed.

## Single vouchers
all-vouchers = All vouchers
search-codes = Search by code
voucher-state-unused = Unused
voucher-state-sold = Sold
voucher-state-void = Void
all-states = All
all-batches = All batches
batch = Batch
vouchers-none-match = No vouchers match
voucher-not-found = This voucher is not on this device
voucher-not-found-hint = Its block may have gone to somebody else, or to a site you do not work at.
voucher-story = What happened
voucher-made = Made with batch { $label }
voucher-sold-by = Sold by { $name }
voucher-replaced-by = Given as a new code by { $name }
voucher-stands = This sale stands
voucher-falls = The client needs a new code
voucher-sold-elsewhere = Sold by somebody whose sales you do not see
voucher-taken = Handed out in a sale that somebody still has to decide about
voucher-duplicate = Void: this code came with an earlier batch
voucher-unused-hint = Nobody has sold it yet.
hidden-code = Hidden

## The day
my-day = My day
seven-days = Sales of seven days
day = Day
cash-to-hand-over = Cash to hand over
stock-left-figure = Vouchers left
needs-you-open = Look at it
nothing-needs-you = Nothing needs you.

## Keys
keys-title = Keys
keys-open = Show the keys
key-search = Search on this screen
key-palette = Go anywhere, do anything
key-new = New
key-go = Go to { $screen }
key-list = Move in a list, open
key-close = Close
key-help = These keys

## Vouchers

import-vouchers = Import vouchers
vouchers-empty = No vouchers yet
vouchers-empty-hint = Import the codes of your routers from a file, then lease blocks of them to your agents.
blocks-count = { $count ->
        [one] 1 block
       *[other] { $count } blocks
    }
vouchers-count = { $count ->
        [one] 1 voucher
       *[other] { $count } vouchers
    }
block = Block
block-of = Block { $code }
holder = Holder
holder-office = In the office
holder-asked = Asked for { $name }
holder-waiting = { $name }, waiting for the phone
holder-leased = With { $name }
unused = Unused
unused-count = { $count } unused
sold-count = { $count } sold
double-sold-count = { $count } sold twice
void-count = { $count } void
lease = Lease
all-holders = All holders
all-blocks = All blocks
blocks-with-unused = With unsold vouchers
blocks-empty = Sold out
blocks-leaving = Being handed over
blocks-none-match = No blocks match
choose-block = Choose block { $code }
marked-blocks = Chosen blocks
clear-marks = Clear choice
lease-blocks = { $count ->
        [one] Lease 1 block
       *[other] Lease { $count } blocks
    }
recall-blocks-short = { $count ->
        [one] Recall 1 block
       *[other] Recall { $count } blocks
    }
recall-blocks = { $count ->
        [one] Recall 1 block from { $name }?
       *[other] Recall { $count } blocks from { $name }?
    }
unsold-worth = Unsold, worth
asks-title = Asked for
ask-of = { $name } asks for { $what }
find-block = Choose a block
decline-ask-title = Decline what { $name } asks for?
returns-title = Coming back to the office
running-low = { $count ->
        [one] 1 runs low
       *[other] { $count } run low
    }
who-holds-what = Who holds what
the-office = the office
voided = Void
block-history = History
history-made = { $name } made it
history-leased = { $name } leased it to { $to }
history-reached = The codes reached { $name }'s device
history-recalled = { $name } recalled it to { $to }: { $reason }
history-handed-over = { $count ->
        [one] { $name } handed it over to { $to }, 1 voucher left
       *[other] { $name } handed it over to { $to }, { $count } vouchers left
    }
history-returned = { $count ->
        [one] { $name } returned it, 1 voucher left; confirmed by { $taker }
       *[other] { $name } returned it, { $count } vouchers left; confirmed by { $taker }
    }
history-given = { $count ->
        [one] { $name } gave it to { $to }, 1 voucher left
       *[other] { $name } gave it to { $to }, { $count } vouchers left
    }
history-withdrawn = { $name } kept it after all
history-overtaken = { $name }'s hand-over came too late: the block had moved
history-not-allowed = { $name }'s hand-over ended: { $to } may not sell here
history-moved = It went to { $to }
stock-needs = Vouchers
need-offered = { $count ->
        [one] 1 block is handed over to you
       *[other] { $count } blocks are handed over to you
    }
need-asks = { $count ->
        [one] 1 ask for vouchers
       *[other] { $count } asks for vouchers
    }
need-returns = { $count ->
        [one] 1 block comes back
       *[other] { $count } blocks come back
    }
need-low = { $count ->
        [one] 1 seller's package runs low
       *[other] { $count } sellers' packages run low
    }
needs-more-sites = { $count ->
        [one] 1 more site
       *[other] { $count } more sites
    }
lease-title = Lease block { $code }
lease-to = Lease to
lease-block = Lease block
lease-hint = Only this person's device will get the codes.
lease-done = Lease to { $name } asked for
no-sellers = Nobody at this site may sell yet. Add an agent first.
recall = Recall
recall-title = Recall block { $code } from { $name }?
recall-consequence = { $name } may be offline and go on selling from it. A code sold by both is kept as two sales, and one client needs a new code. Recall only if the phone is lost or the agent is gone.
recall-to = Give it to
recall-to-office = Back to the office
reason = Reason
recall-block = Recall block
recall-done = Recall asked for
choose-person = Choose a person
choose-package-option = Choose a package

## Import

import-title = Import vouchers
import-file = File with vouchers
import-file-hint = From MikHmon, a router’s export (.rsc) or a spreadsheet (CSV). Nothing is written yet.
choose-file = Choose file
other-file = Choose another file
import-reading = Reading the file
import-good = { $count ->
        [one] 1 voucher can be imported
       *[other] { $count } vouchers can be imported
    }
import-bad = { $count ->
        [one] 1 row cannot be taken
       *[other] { $count } rows cannot be taken
    }
import-no-passwords = No voucher of this file has a password. RouterOS 7 leaves passwords out: if your clients type one, export again with “show-sensitive”.
import-line = Line { $line }
import-profile = { $profile } ({ $count })
import-no-profile = no profile
package = Package
batch-name = Batch name
block-size = Vouchers in a block
block-size-hint = A block is what one agent gets at a time.
import-button = { $count ->
        [one] Import 1 voucher
       *[other] Import { $count } vouchers
    }
import-done = { $count ->
        [one] 1 voucher imported
       *[other] { $count } vouchers imported
    }
column-code = code
column-username = user name
column-password = password
column-profile = profile
column-uptime = time limit
column-quota = data limit
column-price = price
column-comment = comment
bad-empty-code = there is no code
bad-twice = the same code stands in line { $line }
bad-quotes = a quotation mark is not closed
bad-columns = { $found } columns, where the first line has { $expected }
bad-control = the { $column } has a character that cannot be seen
bad-blank = the { $column } begins or ends with a blank
bad-long = the { $column } is too long
bad-unreadable = the { $column } cannot be read
bad-range = nobody sells such a { $column }
bad-rounded = a spreadsheet has rounded the { $column }; its last digits are gone
bad-differ = code and user name differ
bad-device = this is a device's address, not a code
bad-used = already used: it runs until { $until }
bad-run-out = it has run out
file-empty = The file is empty.
file-too-large = The file is too large. Split it and import the parts.
file-columns = The file has too many columns. Is it a list of vouchers?
file-encoding = Save the file as "CSV UTF-8" and choose it again.
file-no-code-column = No column is named Username or Code. The first line is: { $line }
file-column-twice = Two columns mean the { $column }. Remove one.
import-step-file = File
import-step-packages = Packages
import-step-check = Check
import-step-done = Done
import-kind = This is
import-kind-hint = Detected from its first line. Change it if it is something else.
kind-mikhmon = the user list of MikHmon (CSV)
kind-router = an export of a router (.rsc)
kind-csv = another list (CSV)
import-choose-columns = Choose columns
import-read = Read the file
import-stop = Stop
import-comparing = Comparing with the vouchers that are here
import-saving = Saving { $part }
import-columns-hint = Say what each column means. Below each are its first cells.
import-header = The first line names the columns
import-column = Column { $number }
import-ignore = Not used
import-validity-column = validity (a plain number is days)
import-needs-code = Choose which column is the code or the user name.
import-sold-as = Sold as
import-leave-out = Leave these out
import-new-package = A new package
import-samples = For example { $codes }
import-speed = { $down } down, { $up } up
import-devices = { $count ->
        [one] 1 device
       *[other] { $count } devices
    }
import-other-limits = other limits ({ $count })
import-grouping = Batches
import-by-package = One batch a package
import-by-tag = { $count ->
        [one] As the old tool made them (1 batch)
       *[other] As the old tool made them ({ $count } batches)
    }
import-choose-all = Say for each group what it is sold as, or leave it out.
next = Next
import-will-make = This will be made
import-batches = { $count ->
        [one] 1 batch
       *[other] { $count } batches
    }
import-more-batches = { $count ->
        [one] and 1 more batch
       *[other] and { $count } more batches
    }
import-new-packages = New packages first: { $names }
import-left-out = { $count ->
        [one] 1 voucher is left out
       *[other] { $count } vouchers are left out
    }
import-all-taken = Every row of the file can be taken.
import-filter = Show
refused-all = All reasons ({ $count })
refused-used = Used or run out
refused-twice = Twice in the file
refused-there = Already here
refused-no-code = No code
refused-device = Bound to a device
refused-disabled = Switched off
refused-no-password = Password not shown
refused-columns = Wrong number of columns
refused-unreadable = Cannot be read
import-download = Download as CSV
csv-line = Line
csv-reason = Reason
csv-row = Row
import-stopped = The import was stopped. No voucher was imported.
import-discarded = No voucher was imported: what had been written is discarded.
import-partly = { $made } of { $all } batches were made and stay.
import-rest-discarded = The rest is discarded.
import-rest-not-discarded = The rest could not be discarded either. It cannot be sold; finish or discard it under Vouchers.
import-packages-stay = The new packages stay: { $names }
import-not-discarded = It could not be discarded either. None of it can be sold; finish or discard it under Vouchers.
import-undone = The import is undone. The same file can be imported again.
import-duplicates-hint = Codes that another device imported meanwhile become void; the batch shows how many.
undo-import = Undo the import
import-again = Import another file
undo-batch = Undo batch
undo-batch-title = Undo the batch { $name }?
undo-batch-consequence = All its vouchers become void. The same codes can be imported again. If somebody got a block or sold a voucher of it meanwhile, the batch stays.
undo-batch-done = Batch undone
batch-undone = Undone
batch-kept-leased = Not undone: a block was leased
batch-kept-sold = Not undone: a voucher was sold
batch-made-on = made { $day } in the old tool
unfinished-title = An import was cut short
unfinished-text = { $count ->
        [one] 1 voucher of { $package } was written ({ $when }). It cannot be sold until the batch is finished.
       *[other] { $count } vouchers of { $package } were written ({ $when }). None can be sold until the batch is finished.
    }
unfinished-finish = { $count ->
        [one] Make a batch of this voucher
       *[other] Make a batch of these { $count }
    }
unfinished-discard = Discard
unfinished-finished = Batch made
unfinished-discarded = Discarded
column-validity = validity
bad-bound = bound to the device { $address }
bad-disabled = switched off on the router
bad-no-password = it has a password that the file does not show: export again with “show-sensitive”
bad-not-an-add = this line changes a user and makes none
bad-encoding = its text is not UTF-8
bad-too-many-words = longer than any command of a router
bad-there = the code is in the batch { $batch } already
bad-there-unfinished = the code is in an import that was cut short
file-profiles = More than { $limit } different profiles: another column was chosen as profile.
fail-stopped = Stopped. Nothing was changed.
fail-no-batch = This batch is not here any more. Nothing was changed.
fail-batch-undone = This batch was undone before.
fail-batch-leased = Somebody holds a block of this batch. Recall it first, then undo.
fail-batch-sold = A voucher of this batch was sold, so it stays.

## Staff

add-person = Add person
staff-empty = Only you so far
staff-empty-hint = Add your agents, then send each an invitation.
you = you
inactive = Inactive
roles = Roles
role = Role
role-where = Where
whole-organisation = Whole organisation
role-at = { $role } · { $site }
add-role = Add role
remove-role = Remove { $role }
role-removed = Role removed
undo = Undo
no-roles = No role
invite-link = Invite link
invite-made = Invite { $name }
invite-hint = Send this link, or let the phone scan it. It works once, until { $when }.
invite-qr = QR of the invite link
deactivate = Deactivate
activate = Activate
deactivate-title = Deactivate { $name }?
deactivate-consequence = { $name } can no longer sign in or sell. Sales made while offline are held until somebody decides.
deactivated = { $name } is inactive
activated = { $name } is active
person-not-found = This person is not on the staff
person-added = { $name } added
role-super-admin = Super admin
role-owner = Owner
role-admin = Admin
role-manager = Manager
role-finance = Finance
role-marketing = Marketing
role-sales = Sales desk
role-technical = Technical
role-recovery-agent = Recovery agent
role-agent = Agent
role-reseller = Reseller

## Values written at the same time

contested-now = { $field } was written by more than one person at the same time. Now: { $value }
contested-also = Also written: { $value }
contested-keep = Keep { $value }
contested-take = Take { $value }
contested-settled = Chosen: { $value }
nothing-written = (empty)
yes = Yes
no = No

## People and sites

active = Active
active-and-inactive = Active and inactive
active-only = Active only
inactive-only = Inactive only
search-staff = Search name, phone or role
all-roles = All roles
staff-none-match = Nobody matches
contacts = Contacts
no-contacts = No phone or e-mail yet
note = Note
edit-person = Edit { $name }
work = Work
time-left = ({ $time } left)
time-over = (expired)
open-invites = Open invitations
invite-open = A link is open. Only who has it can use it; a new one replaces it.
invite-link-hint = { $name } opens the link once on their own device and chooses a password there.
new-sign-in-link = New sign-in link
new-sign-in-link-hint = For a forgotten password: { $name } chooses a new one, and is signed out everywhere else.
withdraw = Withdraw link
invite-withdrawn = Link withdrawn
invited-by = Invited by { $name }.
invite-back = Welcome back, { $name }. Choose a new password.
set-new-password = Save and sign in
devices = Devices
no-devices = Not signed in on any device yet
devices-offline = The list of devices comes from the server and needs a connection.
unnamed-device = Unnamed device
last-seen = Last seen { $when }
this-device = This device
revoke = Revoke
revoked-at = Revoked { $when }
revoke-title = Revoke { $device }?
revoke-device = Revoke device
revoke-consequence = This cannot be undone. What is on the device and not sent yet is held until the office decides. { $name } is signed out everywhere and signs in again with the password on the other devices.
revoke-then = Then recall the vouchers that were on it, and make a new sign-in link if somebody may know the password.
device-revoked = { $device } is revoked
activate-consequence = { $name } can sign in again with the same password.
search-sites = Search name, place, zone or contact
sites-empty = No sites yet
sites-empty-hint = A site is a place where you sell WiFi. Prices, stock and people belong to it.
sites-none-match = No site matches
inactive-site = Inactive
responsible = People here
responsible-empty = Nobody has a role here yet. Give roles on the page of a person.
site-no-details = Only the name is known so far.
place = Place
zone = Zone
contact-person = Contact person
position = Position
latitude = Latitude
longitude = Longitude
open-map = Open map
use-my-position = Use this device's position
no-position = The position could not be found. Allow it in the browser, or type it.
deactivate-site = Deactivate site
activate-site = Activate site
deactivate-site-consequence = An inactive site takes no new sales. What phones sold there while offline is kept and counts.
activated-site = { $name } is active
deactivated-site = { $name } is inactive
routers = Routers
access-points = Access points
areas = Areas
add-router = Add router
add-access-point = Add access point
add-area = Add area
nothing-here-yet = Nothing here yet
not-in-use = Not in use
take-out-of-use = Take out of use
put-into-use = Put into use
edit-thing = Edit { $name }
model = Model
network-address = Network address
serial = Serial number
no-router-secrets = Never write a router's password here: it does not belong in these notes.
people-count = { $count ->
        [one] 1 person
       *[other] { $count } people
    }
sites-count = { $count ->
        [one] 1 site
       *[other] { $count } sites
    }
routers-count = { $count ->
        [one] 1 router
       *[other] { $count } routers
    }
access-points-count = { $count ->
        [one] 1 access point
       *[other] { $count } access points
    }
holds-vouchers = { $count ->
        [one] Holds 1 voucher to sell
       *[other] Holds { $count } vouchers to sell
    }

## Packages

add-package = Add package
edit-package = Edit package
packages-empty = No packages yet
all-packages = All packages
all-connections = All connections
search-packages = Search packages
packages-none-match = No package matches
packages-empty-hint = Start with these four and change them as you like.
add-these = { $count ->
        [one] Add this package
       *[other] Add these { $count } packages
    }
packages-added = Packages added
package-saved = Package saved
package-name-hint = For example 1 Week
validity = Validity
validity-count = How many
validity-unit = Unit
use-within-days = Days until first use
quota-gb = Data limit in GB
uptime-hours = Time online in hours
download-mbit = Download, Mbit/s
upload-mbit = Upload, Mbit/s
connection = Connection
devices-label = Devices at once
low-stock-label = Warn when fewer are left
low-stock-hint = Left empty: { $count }.
description = Description
package-off-sale = { $name } is off sale
package-back-on-sale = { $name } is on sale
price-hint = For new batches; vouchers already made keep their price.
on-sale = On sale
not-on-sale = Not on sale
take-off-sale = Take off sale
put-on-sale = Put on sale
contested = Changed in two places at once: check it
package-not-found = This package is not in the catalog

## Home

hello = Hello, { $name }
sales-today = Sales today
package-gives = What it gives
held-since = Held since
latest-sales = Latest sales
see-all = See all
first-steps = First steps
step-packages = Choose your packages
step-vouchers = Import your vouchers
step-staff = Add your agents

## Sync screen

sync-now = Sync now
sync-started = Syncing
last-contact = Last contact with the server
never = never
pending = Only on this { $device ->
        [computer] computer
       *[phone] phone
    }
pending-none = Everything is safe on the server.
pending-hint = These are sent by themselves when there is a connection. Do not clear the browser's data before.
needs-you = Needs you
to-decide = To decide
to-decide-hint = These came from a device or person without the right at that time. Accept to count them.
held-not-allowed = Held: the role did not allow it when it arrived
held-revoked = Held: the device was revoked
held-of-later = Held, for a reason that only a newer version of ViorNet can tell
held-more = and { $count } more
held-unlisted = Not named here: { $count } more.
held-given = The client has a new code by now. This can only be declined.
held-waiting = A manager must decide. Nothing is lost.
declined-by = Declined by { $name }
declined-reason = Declined by { $name }: { $reason }
refused-code = The server could not take it ({ $code }). Show this to support.
refused-much-held = So much of your work waits for a decision that the server takes no more of it. This is kept on this device only. Ask the office to decide about what waits, and show them this.
refused-many-begun = You have begun more months of sales and lists of clients than the server takes from one person. This is kept on this device only. Look whether the date is right, and show this to the office.
refused-of-later = The server did not take it, for a reason that this version of ViorNet cannot tell. Reload to get the newest version: it is sent again by itself.
accept = Accept
decline = Decline
decline-title = Decline this item?
decline-consequence = It will not be counted. { $name } is told, with your reason.
accepted = Accepted
declined = Declined
dismiss = Dismiss
dismiss-keeps = Its codes are not sold again from here.
sent-by = From { $name }
rescue-title = Rescue file
rescue-hint = If this { $device ->
        [computer] computer
       *[phone] phone
    } cannot connect, save its unsent work as a sealed file. Anybody on the staff sends it from another device, under "Sync", with "Send a rescue file". Clear nothing here before that says it is safe.
rescue-save = Save rescue file
rescue-saved = Rescue file saved
rescue-carry = Send a rescue file
rescue-carry-hint = A file that was saved on a device that cannot connect. You cannot see what is in it. Sending it twice does no harm.
rescue-sending = Sending the file
rescue-safe = { $count ->
        [one] 1 entry of the file is safe on the server.
       *[other] { $count } entries of the file are safe on the server.
    }
rescue-held = { $count ->
        [one] 1 entry is kept on the server until the office decides.
       *[other] { $count } entries are kept on the server until the office decides.
    }
rescue-left = { $count ->
        [one] 1 entry could not be taken from the file. Keep the other device: it must connect itself.
       *[other] { $count } entries could not be taken from the file. Keep the other device: it must connect itself.
    }
fail-rescue-unreadable = This is not a rescue file, or not all of it. Save it again on the other device.
fail-rescue-newer = This rescue file is from a newer version of the app. Update the app here first.
fail-rescue-foreign = This rescue file belongs to another organisation. It stays as it is.
file-is-too-large = The file is too large to be read here.
file-not-read = The browser could not read the file. Choose it again.

# What is still locked under a forgotten password
earlier = Earlier work is still locked
earlier-hint = The password was changed, and nobody knew the old one here. What this { $device ->
        [computer] computer
       *[phone] phone
    } had not sent by then is under that old password. Type it, and it is sent; nothing is doubled.
earlier-open = Open and send
earlier-size = { $entries ->
        [one] At most 1 entry, { $kilobytes } kB
       *[other] At most { $entries } entries, { $kilobytes } kB
    }
earlier-opened = { $entries ->
        [one] Opened. 1 entry is sent from here.
       *[other] Opened. { $entries } entries are sent from here.
    }
earlier-rest-safe = The rest was safe already.
earlier-was-safe = Opened. All of it was safe already.
earlier-was-empty = Opened. Nothing waited in it.
earlier-partly = Part of it cannot be read now and stays here.
fail-earlier-password = No earlier work opens with this password. Nothing was lost; try another.
earlier-discard = Discard
earlier-discard-title = Discard earlier work?
earlier-discard-consequence = What only this { $device ->
        [computer] computer
       *[phone] phone
    } has of it is lost for good: sales, clients, hand-overs. Nobody can bring it back.
earlier-discarded = Earlier work discarded
earlier-note = Earlier work on this { $device ->
        [computer] computer
       *[phone] phone
    } is still locked and not sent.
earlier-note-link = Open it
clock-off = This device's clock is off by { $duration }. Times are corrected.
what-sale = Sale { $receipt }
what-replacement = New code for a client
what-client = Client { $name }
what-new-client = New client
what-package = Package { $name }
what-staff = Staff: { $name }
what-site = Site { $name }
what-batch = { $count ->
        [one] Batch { $label }, 1 code
       *[other] Batch { $label }, { $count } codes
    }
what-import-part = { $count ->
        [one] Import, 1 code
       *[other] Import, { $count } codes
    }
what-undo-batch = Undo of { $label }
what-lease = Block for { $name }
what-hand-over = { $count ->
        [one] Hand-over of 1 voucher
       *[other] Hand-over of { $count } vouchers
    }
what-hand-over-withdrawn = Hand-over withdrawn
what-hand-over-taken = Taken by hand-over { $code }
what-stock-ask = { $count ->
        [one] Ask for 1 voucher of { $package }
       *[other] Ask for { $count } vouchers of { $package }
    }
what-stock-ask-over = Answer to an ask for stock
what-recall = Recall of a block
what-decision = Decision on a held item
what-other = Change

## Before the first sync, or without any role

no-screen-yet = This screen is not on this device yet
no-screen-yet-hint = It comes with the next connection. Selling works, and nothing is lost.
first-sync = Nothing to show yet
first-sync-hint = Your roles and sites come with the first sync. If this stays, ask your administrator for a role.

## Clients

clients = Clients
register-client = Register client
edit-client = Edit client
client-saved = Client saved
clients-empty = No clients yet
clients-empty-hint = Register the people and households who buy from you, to find them by name or phone and see when their time ends.
clients-none-match = No client matches
clients-count = { $count ->
        [one] 1 client
       *[other] { $count } clients
    }
search-clients = Search name, phone or e-mail
all-clients = All
sort-by = Order
sort-name = By name
sort-expiry = First to expire
sort-last-purchase = Last to buy
sort-newest = Newest first
client-open = No end date
client-running = Active
client-expiring = Expires within 7 days
client-expired = Expired
client-off = Deactivated
client-is-served = Active
client-not-found = This client is not on this device
client-not-found-hint = Clients of other sites and of other agents stay with those who serve them.
client-not-yours = Only the office edits clients that somebody else registered.
client-deactivated = { $name } is deactivated
client-activated = { $name } is active again
deactivate-client = Deactivate
activate-client = Activate again
last-bought = bought { $when }
until = until { $day }
address = Address
mac-address = MAC address
registered-on = Registered on
expires-on = Expires on
sms-reminder = Reminders by SMS
sms-reminder-wanted = Wants reminders by SMS
notes = Notes
not-known = Not known
call = Call
send-sms = SMS
purchases = Purchases
latest-purchase = Bought last
no-purchases = No purchase is known on this device.
has-this-number = { $name } has this number.
open-client = Open
today = today
fail-date = Choose a day of the calendar.
fail-mac = A MAC address has 12 digits or letters A to F, for example 44:15:A4:9C:91:E1.
fail-too-long = At most { $max } characters.
fail-no-client = This client is not known on this device.
import-clients = Import a list
import-clients-preview = The first clients
import-clients-hint = A CSV file with a column "name", and any of phone, email, address, site, mac address, expiry date, sms reminder, notes. Nothing is registered before you have seen it.
import-clients-good = { $count ->
        [one] 1 client is ready to register.
       *[other] { $count } clients are ready to register.
    }
register-clients = { $count ->
        [one] Register 1 client
       *[other] Register { $count } clients
    }
clients-imported = { $count ->
        [one] 1 client registered
       *[other] { $count } clients registered
    }
bad-date = "{ $text }" is no day; write 2026-12-31 or 31/12/2026
bad-yes-or-no = "{ $text }" is neither yes nor no
bad-connection = "{ $text }" is neither hotspot nor PPPoE
bad-formula = a cell holds a formula; save the file with its values
bad-twice-number = this number stands in line { $line } already
bad-no-site = no site is named, and none is chosen
bad-site = there is no site { $name } that you may see
bad-not-at-site = you may not register clients at { $name }
fail-no-name-column = No column is called "name". The first line is: { $line }
fail-column-twice-clients = Two columns of the file mean the same. Remove one.
fail-too-many-clients = These are too many clients at once.

## Settings

settings-organisation = Organisation
settings-device = This device
settings-timezone-hint = Days and months of reports begin in this zone.
settings-currency-hint = It was chosen at set-up and cannot be changed.
settings-backup = Backup
settings-backup-hint = A backup is made on the server, by whoever keeps it, also while people sell. It holds everything, keys included; keep the file where only you can read it.
export-everything = Export everything
export-hint = Your books as a ZIP of CSV files for Excel and JSON files for programs. Not in it: passwords (those of vouchers too), sign-in names, keys, and what held sales are about. The audit trail notes who exported.
export-offline = This needs a connection. You are offline now; everything on this device is safe.
export-running = Downloading: { $kilobytes } kB so far. Keep this page open.
export-done = Downloaded. The file holds all your business data; keep it safe.
