//! The screens. Each asks the worker for its view, parses its forms into the protocol's types, and shows the result;
//! no rule lives here.

use yew::prelude::*;

use crate::route::Route;

pub mod clients;
pub mod home;
pub mod import;
pub mod invite;
pub mod not_found;
pub mod package;
pub mod packages;
pub mod person;
pub mod receipt;
pub mod relief;
pub mod sale;
pub mod sales;
pub mod sell;
pub mod set_up;
pub mod settings;
pub mod shell;
pub mod sign_in;
pub mod site;
pub mod sites;
pub mod staff;
pub mod stock;
pub mod sync;
pub mod voucher;
pub mod voucher_list;
pub mod vouchers;

/// The screens of the first download: signing in, and a day of selling.
pub fn till(route: Route) -> Option<Html> {
    Some(match route {
        Route::Day => html! { <home::DayPage /> },
        Route::Sell => html! { <sell::SellPage /> },
        Route::Receipt { sale } => {
            html! { <receipt::ReceiptPage key={sale.to_string()} {sale} /> }
        }
        Route::Stock => html! { <stock::StockPage /> },
        Route::Take => html! { <stock::TakePage /> },
        Route::Sales => html! { <sales::SalesPage /> },
        Route::Sale { sale } => html! { <sale::SalePage key={sale.to_string()} {sale} /> },
        Route::Sync => html! { <sync::SyncPage /> },
        Route::Invite => html! { <invite::InvitePage /> },
        Route::NotFound => html! { <not_found::NotFound /> },
        _ => return None,
    })
}

/// All screens.
pub fn office(route: Route) -> Option<Html> {
    let page = match route {
        Route::Home => html! { <home::HomePage /> },
        Route::SetUp => html! { <set_up::SetUpPage /> },
        Route::Vouchers => html! { <vouchers::VouchersPage /> },
        Route::Block { block } => {
            html! { <vouchers::BlockPage key={block.to_string()} {block} /> }
        }
        Route::VoucherList => html! { <voucher_list::VoucherListPage /> },
        Route::Voucher { block, index } => {
            html! { <voucher::VoucherPage key={format!("{block}-{index}")} {block} {index} /> }
        }
        Route::Import => html! { <import::ImportPage /> },
        Route::Staff => html! { <staff::StaffPage /> },
        Route::NewPerson => html! { <person::NewPersonPage /> },
        Route::Person { person } => {
            html! { <person::PersonPage key={person.to_string()} {person} /> }
        }
        Route::Clients => html! { <clients::ClientsPage /> },
        Route::NewClient => html! { <clients::edit::NewClientPage /> },
        Route::ImportClients => html! { <clients::import::ImportClientsPage /> },
        Route::Client { client } => {
            html! { <clients::one::ClientPage key={client.to_string()} {client} /> }
        }
        Route::EditClient { client } => {
            html! { <clients::edit::EditClientPage key={client.to_string()} {client} /> }
        }
        Route::Sites => html! { <sites::SitesPage /> },
        Route::NewSite => html! { <site::NewSitePage /> },
        Route::Site { site } => html! { <site::SitePage key={site.to_string()} {site} /> },
        Route::Packages => html! { <packages::PackagesPage /> },
        Route::NewPackage => html! { <package::PackagePage key="new" package={None} /> },
        Route::Package { package } => {
            html! { <package::PackagePage key={package.to_string()} package={Some(package)} /> }
        }
        Route::Settings => html! { <settings::SettingsPage /> },
        other => return till(other),
    };
    Some(page)
}
