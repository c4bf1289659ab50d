//! Reading a client list that is kept by hand: phones in every spelling, two styles of dates, five of yes and no.
//!
//! As with vouchers nothing is guessed and nothing vanishes: a row becomes a client, or is refused with its line and
//! the reason. It must not know which sites there are or who is registered already: see [`ClientFile::plan`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::columns::first_line;
use super::tokens::{Position, Records, SplitError, line_end, next_line, split};
use super::{ImportError, ImportLimits, line_number, shortened, text_of};
use crate::client::{ClientDetails, ClientError};
use crate::ids::SiteId;
use crate::package::Connection;
use crate::phone::{Country, Phone, PhoneError};
use crate::time::Date;

const SEPARATORS: [char; 3] = ['\t', ';', ','];

/// What a column of the file means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClientColumn {
    Name,
    Phone,
    Email,
    Address,
    Mac,
    Site,
    Connection,
    RegisteredOn,
    ExpiresOn,
    SmsReminder,
    Notes,
}

impl ClientColumn {
    const ALL: [Self; 11] = [
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Address,
        Self::Mac,
        Self::Site,
        Self::Connection,
        Self::RegisteredOn,
        Self::ExpiresOn,
        Self::SmsReminder,
        Self::Notes,
    ];

    /// Names in use, in lower case and without anything but letters.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Name => &["name", "fullname", "client", "customer", "jina", "mteja"],
            Self::Phone => &["phone", "phonenumber", "mobile", "tel", "simu", "namba"],
            Self::Email => &["email", "mail", "baruapepe"],
            Self::Address => &["address", "anwani", "mahali"],
            Self::Mac => &["mac", "macaddress"],
            Self::Site => &["site", "location", "eneo", "kituo"],
            Self::Connection => &["connection", "connectiontype", "type", "aina"],
            Self::RegisteredOn => &["registered", "registrationdate", "registeredon", "created"],
            Self::ExpiresOn => &["expiry", "expirydate", "expires", "expireson", "mwisho"],
            Self::SmsReminder => &["smsreminder", "reminder", "sms", "kikumbusho"],
            Self::Notes => &["notes", "note", "comment", "remarks", "maelezo"],
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        let letters: String = name
            .chars()
            .filter(|c| c.is_alphabetic())
            .flat_map(char::to_lowercase)
            .collect();
        Self::ALL
            .into_iter()
            .find(|column| column.names().contains(&letters.as_str()))
    }
}

/// What a file held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientFile {
    pub rows: Vec<ClientRow>,
    pub refused: Vec<RefusedClient>,
}

/// One client as the file has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRow {
    pub line: u32,
    pub details: ClientDetails,
    /// As written; empty where none is.
    pub site: String,
}

/// A row that is not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedClient {
    pub line: u32,
    /// The beginning of the row as the file has it.
    pub raw: String,
    pub reason: ClientRefusal,
}

/// Why a row is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ClientRefusal {
    #[error(transparent)]
    Details(#[from] ClientError),
    #[error("the phone: {0}")]
    Phone(PhoneError),
    #[error("the hardware address cannot be read")]
    Mac,
    #[error("this is no day: {text}")]
    Date { text: String },
    #[error("neither yes nor no: {text}")]
    YesOrNo { text: String },
    #[error("neither hotspot nor PPPoE: {text}")]
    Connection { text: String },
    /// A spreadsheet's formula that was saved instead of what it says.
    #[error("a cell holds a formula")]
    Formula,
    #[error("a quotation mark is not closed, or text follows the closing one")]
    BadQuotes,
    #[error("{found} columns, where the first line has {expected}")]
    Columns { found: u32, expected: u32 },
    #[error("the number stands in line {first_line} already")]
    TwiceInFile { first_line: u32 },
    #[error("{name} has this number already")]
    Registered { name: String },
    #[error("there is no site {name}")]
    NoSuchSite { name: String },
    /// One may see the site, and not register anybody there.
    #[error("nobody may be registered at the site {name} by this person")]
    NotAtSite { name: String },
}

/// Why a file cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ClientFileError {
    #[error(transparent)]
    File(#[from] ImportError),
    #[error("no column is named \"name\"")]
    NoNameColumn { first_line: String },
    #[error("two columns mean the same")]
    ColumnTwice { column: ClientColumn },
}

struct Header {
    columns: Vec<Option<ClientColumn>>,
    separator: char,
    body: Position,
}

/// Reads a CSV of clients: commas, semicolons or tabs, any line ends.
pub fn read_clients(
    bytes: &[u8],
    limits: &ImportLimits,
    country: Country,
) -> Result<ClientFile, ClientFileError> {
    let text = text_of(bytes, limits)?;
    let text = text.as_str();
    let header = header_of(text, limits)?;
    let mut file = ClientFile {
        rows: Vec::new(),
        refused: Vec::new(),
    };
    let mut first_lines = BTreeMap::new();
    for record in Records::new(text, header.body, header.separator, limits) {
        if record.is_blank() {
            continue;
        }
        if file.rows.len() + file.refused.len() >= limits.rows_max as usize {
            let limit = limits.rows_max;
            return Err(ImportError::TooManyRows { limit }.into());
        }
        let read = match record.cells {
            Ok(cells) => row(record.line, &cells, &header, country, &mut first_lines),
            Err(SplitError::TooManyCells) => Err(ClientRefusal::Columns {
                found: line_number(limits.columns_max + 1),
                expected: line_number(header.columns.len()),
            }),
            Err(SplitError::QuoteOpen | SplitError::TextAfterQuote) => {
                Err(ClientRefusal::BadQuotes)
            }
        };
        match read {
            Ok(row) => file.rows.push(row),
            Err(reason) => file.refused.push(RefusedClient {
                line: record.line,
                raw: shortened(record.raw, limits.raw_bytes_max).to_owned(),
                reason,
            }),
        }
    }
    Ok(file)
}

/// The first line that is not blank, parted by whatever makes the most sense of it.
fn header_of(text: &str, limits: &ImportLimits) -> Result<Header, ClientFileError> {
    let (hint, before, line) = first_line(text)?;
    let (_, body) = next_line(text, before, line_end(text)).ok_or(ImportError::Empty)?;
    let parted = |separator| -> Vec<Option<ClientColumn>> {
        split(line, separator, limits.columns_max).map_or_else(
            |_| Vec::new(),
            |cells| {
                cells
                    .iter()
                    .map(|cell| ClientColumn::of_name(cell))
                    .collect()
            },
        )
    };
    let (separator, columns) = SEPARATORS
        .into_iter()
        .filter(|separator| hint.is_none_or(|hint| hint == *separator))
        .map(|separator| (separator, parted(separator)))
        .max_by_key(|(_, columns)| columns.iter().flatten().count())
        .unwrap_or((',', Vec::new()));
    if !columns.contains(&Some(ClientColumn::Name)) {
        let first_line = shortened(line, limits.raw_bytes_max).to_owned();
        return Err(ClientFileError::NoNameColumn { first_line });
    }
    for (at, column) in columns.iter().enumerate() {
        if let Some(column) = column
            && columns[..at].contains(&Some(*column))
        {
            return Err(ClientFileError::ColumnTwice { column: *column });
        }
    }
    Ok(Header {
        columns,
        separator,
        body,
    })
}

fn row(
    line: u32,
    cells: &[Cow<'_, str>],
    header: &Header,
    country: Country,
    first_lines: &mut BTreeMap<Phone, u32>,
) -> Result<ClientRow, ClientRefusal> {
    let expected = header.columns.len();
    let is_longer = cells
        .iter()
        .skip(expected)
        .any(|cell| !cell.trim().is_empty());
    if cells.len() < expected || is_longer {
        return Err(ClientRefusal::Columns {
            found: line_number(cells.len()),
            expected: line_number(expected),
        });
    }
    // A plus begins a phone number, too.
    if cells
        .iter()
        .any(|cell| cell.trim_start().starts_with(['=', '@']))
    {
        return Err(ClientRefusal::Formula);
    }
    let cell = |wanted| {
        let at = header
            .columns
            .iter()
            .position(|column| *column == Some(wanted))?;
        Some(cells.get(at)?.trim()).filter(|cell| !cell.is_empty())
    };
    let text = |column| cell(column).map(ToString::to_string);
    let date = |column| cell(column).map(day).transpose();
    let phone = cell(ClientColumn::Phone)
        .map(|text| Phone::parse(text, country).map_err(ClientRefusal::Phone))
        .transpose()?;
    let details = ClientDetails {
        name: text(ClientColumn::Name).unwrap_or_default(),
        email: text(ClientColumn::Email),
        address: text(ClientColumn::Address),
        mac: cell(ClientColumn::Mac)
            .map(|text| text.parse().map_err(|_| ClientRefusal::Mac))
            .transpose()?,
        connection: cell(ClientColumn::Connection).map(connection).transpose()?,
        registered_on: date(ClientColumn::RegisteredOn)?,
        expires_on: date(ClientColumn::ExpiresOn)?,
        sms_reminder: cell(ClientColumn::SmsReminder)
            .map(yes_or_no)
            .transpose()?
            .unwrap_or(false),
        notes: text(ClientColumn::Notes),
        phone: phone.clone(),
    };
    details.check()?;
    if let Some(phone) = phone {
        if let Some(first_line) = first_lines.get(&phone).copied() {
            return Err(ClientRefusal::TwiceInFile { first_line });
        }
        first_lines.insert(phone, line);
    }
    Ok(ClientRow {
        line,
        details,
        site: text(ClientColumn::Site).unwrap_or_default(),
    })
}

/// `2026-12-31`, or day, month and year parted by `/`, `.` or `-`, as people here write them.
fn day(text: &str) -> Result<Date, ClientRefusal> {
    let refused = || ClientRefusal::Date { text: text.into() };
    if let Ok(date) = text.parse() {
        return Ok(date);
    }
    let parts: Vec<i64> = text
        .split(['/', '.', '-'])
        .map(|part| part.trim().parse().map_err(|_| refused()))
        .collect::<Result<_, _>>()?;
    match parts.as_slice() {
        [day, month, year] => Date::new(*year, *month, *day).ok_or_else(refused),
        _ => Err(refused()),
    }
}

fn yes_or_no(text: &str) -> Result<bool, ClientRefusal> {
    match text.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "ndiyo" | "ndio" => Ok(true),
        "no" | "n" | "false" | "0" | "hapana" => Ok(false),
        _ => Err(ClientRefusal::YesOrNo { text: text.into() }),
    }
}

fn connection(text: &str) -> Result<Connection, ClientRefusal> {
    Connection::from_code(&text.to_uppercase())
        .ok_or_else(|| ClientRefusal::Connection { text: text.into() })
}

/// What registering the rows comes to, before anything is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientPlan {
    pub ready: Vec<PlannedClient>,
    pub refused: Vec<RefusedClient>,
}

/// A row with the site it goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedClient {
    pub line: u32,
    pub site: SiteId,
    pub details: ClientDetails,
}

/// A site that a file may name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSite {
    pub id: SiteId,
    pub name: String,
    /// Whether whoever reads the file may register clients there.
    pub may_register: bool,
}

impl ClientFile {
    /// Maps sites by name, in any case; a row without one goes to `fallback`. Numbers that somebody has are left
    /// out: `holder` knows who.
    pub fn plan(
        self,
        sites: &[KnownSite],
        fallback: Option<SiteId>,
        holder: impl Fn(&Phone) -> Option<String>,
    ) -> ClientPlan {
        let mut plan = ClientPlan {
            ready: Vec::new(),
            refused: self.refused,
        };
        for row in self.rows {
            let wanted = row.site.to_lowercase();
            let site = match wanted.as_str() {
                "" => sites.iter().find(|site| Some(site.id) == fallback),
                wanted => sites
                    .iter()
                    .find(|site| site.name.trim().to_lowercase() == *wanted),
            };
            let reason = match (site, row.details.phone.as_ref().and_then(&holder)) {
                (None, _) => ClientRefusal::NoSuchSite { name: row.site },
                (Some(site), _) if !site.may_register => ClientRefusal::NotAtSite {
                    name: site.name.clone(),
                },
                (_, Some(name)) => ClientRefusal::Registered { name },
                (Some(site), None) => {
                    plan.ready.push(PlannedClient {
                        line: row.line,
                        site: site.id,
                        details: row.details,
                    });
                    continue;
                }
            };
            plan.refused.push(RefusedClient {
                line: row.line,
                raw: row.details.name,
                reason,
            });
        }
        plan.refused.sort_by_key(|row| row.line);
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name,phone,email,address,mac_address,site,expiry_date,sms_reminder,notes\n";

    fn read(rows: &str) -> ClientFile {
        let text = format!("{HEAD}{rows}");
        read_clients(text.as_bytes(), &ImportLimits::default(), Country::Tanzania).unwrap()
    }

    #[test]
    fn a_list_kept_by_hand_becomes_clients() {
        let file = read(concat!(
            "  Halima Mrema ,0742 179 679,,\"Nyumba ya 3, karibu na msikiti\",44-15-a4-9c-91-e1,Sinza,27/05/2026,TRUE,\"anadaiwa 5,000\"\n",
            ",,,,,,,,\n",
            "Anna Lema,00255712803459,anna@example.com,,,,2026-05-01,0,\n",
            "Peter Chuwa,,,,,Mwenge,,,\n",
        ));
        assert_eq!(file.refused, []);
        let [halima, anna, peter] = file.rows.as_slice() else {
            panic!("{:?}", file.rows);
        };
        assert_eq!(
            *halima,
            ClientRow {
                line: 2,
                site: "Sinza".into(),
                details: ClientDetails {
                    name: "Halima Mrema".into(),
                    phone: Phone::from_e164("+255742179679").ok(),
                    address: Some("Nyumba ya 3, karibu na msikiti".into()),
                    mac: "44:15:A4:9C:91:E1".parse().ok(),
                    expires_on: "2026-05-27".parse().ok(),
                    sms_reminder: true,
                    notes: Some("anadaiwa 5,000".into()),
                    ..ClientDetails::default()
                },
            }
        );
        assert_eq!((anna.line, anna.site.as_str()), (4, ""));
        assert_eq!(anna.details.expires_on, "2026-05-01".parse().ok());
        assert!(!anna.details.sms_reminder);
        assert_eq!(peter.details.phone, None);
    }

    #[test]
    fn a_row_that_means_nothing_is_refused_with_its_line() {
        let file = read(concat!(
            "Halima,0775002,,,,,,,\n",
            "Anna,0742179679,,,,,,,=SUM(A1)\n",
            "Anna,0742179679,,,,,,,\n",
            "Again,+255 742 179 679,,,,,,,\n",
            "Rose,,rose,,,,,,\n",
            "Musa,,,,43:F4,,,,\n",
            "Said,,,,,,31/02/2026,,\n",
            "Juma,,,,,,,perhaps,\n",
            ",0712345678,,,,,,,\n",
            "Short,0712345678\n",
            "\"Open,,,,,,,,\n",
        ));
        let reasons: Vec<(u32, &ClientRefusal)> = file
            .refused
            .iter()
            .map(|row| (row.line, &row.reason))
            .collect();
        let date = ClientRefusal::Date {
            text: "31/02/2026".into(),
        };
        let perhaps = ClientRefusal::YesOrNo {
            text: "perhaps".into(),
        };
        assert_eq!(
            reasons,
            [
                (
                    2,
                    &ClientRefusal::Phone(PhoneError::TooShort {
                        digits: 6,
                        expected: 9
                    })
                ),
                (3, &ClientRefusal::Formula),
                (5, &ClientRefusal::TwiceInFile { first_line: 4 }),
                (6, &ClientRefusal::Details(ClientError::Email)),
                (7, &ClientRefusal::Mac),
                (8, &date),
                (9, &perhaps),
                (10, &ClientRefusal::Details(ClientError::Name)),
                (
                    11,
                    &ClientRefusal::Columns {
                        found: 2,
                        expected: 9
                    }
                ),
                (12, &ClientRefusal::BadQuotes),
            ]
        );
        assert_eq!(file.rows.len(), 1);
    }

    #[test]
    fn a_file_without_names_is_no_client_list() {
        let read =
            |text: &str| read_clients(text.as_bytes(), &ImportLimits::default(), Country::Tanzania);
        assert_eq!(
            read("phone;site\n0712;x\n"),
            Err(ClientFileError::NoNameColumn {
                first_line: "phone;site".into()
            })
        );
        assert_eq!(
            read("name,mobile,phone\n"),
            Err(ClientFileError::ColumnTwice {
                column: ClientColumn::Phone
            })
        );
        assert_eq!(read(""), Err(ImportError::Empty.into()));
        assert_eq!(read("Jina;Simu\nAsha;0712345678\n").unwrap().rows.len(), 1);
        // Some spreadsheet programs are told the separator by a line of its own.
        let told = read("sep=;\r\nname;phone;notes\r\nAsha;0712345678;a, b\r\n").unwrap();
        assert_eq!((told.rows.len(), told.rows[0].line), (1, 3));
        assert_eq!(told.rows[0].details.notes.as_deref(), Some("a, b"));
    }

    #[test]
    fn sites_are_known_by_name_and_numbers_by_their_owner() {
        let known = |n, name: &str, may_register| KnownSite {
            id: SiteId::from_bytes([n; 16]),
            name: name.into(),
            may_register,
        };
        let sites = [known(1, "Sinza", true), known(2, "Kariakoo", false)];
        let plan = read(concat!(
            "Anna,0742179679,,,,sinza,,,\n",
            "Rose,0742179680,,,,Mbagala,,,\n",
            "Musa,0742179681,,,,,,,\n",
            "Zuwena,0742179682,,,,KARIAKOO,,,\n",
        ))
        .plan(&sites, None, |phone| {
            phone.as_str().ends_with("79").then(|| "Halima".into())
        });
        assert_eq!(plan.ready, []);
        let told: Vec<String> = plan
            .refused
            .iter()
            .map(|row| row.reason.to_string())
            .collect();
        assert_eq!(
            told,
            [
                "Halima has this number already",
                "there is no site Mbagala",
                "there is no site ",
                "nobody may be registered at the site Kariakoo by this person"
            ]
        );
        let musa =
            |fallback| read("Musa,0742179681,,,,,,,\n").plan(&sites, Some(fallback), |_| None);
        let plan = musa(sites[0].id);
        assert_eq!((plan.ready.len(), plan.ready[0].site), (1, sites[0].id));
        assert_eq!(musa(sites[1].id).ready, []);
    }
}
