//! Staff: the list, and one person's page.

use crdt_model::capability::{Capability, Grant, Role, Scope};
use crdt_model::contested::contested;
use crdt_model::document::DocumentKey;
use crdt_model::fact::{FactBody, VoucherRef};
use crdt_model::ids::PersonId;
use crdt_model::phone::Phone;
use crdt_model::replica::Replica;
use crdt_model::staff::{self, OWNER, Person};
use crdt_model::voucher::VoucherState;

use super::count;
use crate::protocol::{PersonView, StaffView};

pub(super) fn list(replica: &Replica) -> Vec<StaffView> {
    let mut staff: Vec<StaffView> = staff::people(replica.sheets().get(&DocumentKey::Staff))
        .into_values()
        .map(|person| view(replica, person))
        .collect();
    staff.sort_by(|one, two| {
        (!one.active, &one.name, one.person).cmp(&(!two.active, &two.name, two.person))
    });
    staff
}

fn view(replica: &Replica, person: Person) -> StaffView {
    let me = replica.principal();
    let contacts = replica.sheets().get(&DocumentKey::StaffPrivate);
    StaffView {
        person: person.id,
        can_manage: staff::manages(&me, &person),
        is_me: person.id == me.person,
        phone: staff::contacts(contacts, person.id)
            .phone
            .as_ref()
            .map(Phone::to_string),
        name: person.name,
        active: person.active,
        grants: person.grants.into_iter().collect(),
    }
}

pub(super) fn one(replica: &Replica, id: PersonId) -> Option<PersonView> {
    let sheets = replica.sheets();
    let staff_sheet = sheets.get(&DocumentKey::Staff);
    let person = staff::person(staff_sheet, id)?;
    let me = replica.principal();
    let private = sheets.get(&DocumentKey::StaffPrivate);
    let sees_contacts = me.may_somewhere(Capability::StaffContacts);
    let mut fields = contested(staff_sheet, DocumentKey::Staff, &format!("person/{id}/"));
    fields.extend(contested(
        private,
        DocumentKey::StaffPrivate,
        &format!("contact/{id}/"),
    ));
    let stock = replica.shared_stock();
    let held = stock.blocks.values().filter(|block| {
        block
            .lease
            .as_ref()
            .is_some_and(|lease| lease.person == Some(id))
    });
    let (mut blocks, mut vouchers) = (0, 0);
    for block in held {
        blocks += 1;
        vouchers += (0..block.count)
            .filter(|index| {
                let voucher = VoucherRef {
                    block: block.id,
                    index: *index,
                };
                stock.state(voucher) == VoucherState::Unused
            })
            .count();
    }
    let sales = sheets
        .iter()
        .filter(|(key, _)| matches!(key, DocumentKey::Till { person, .. } if *person == id))
        .flat_map(|(_, sheet)| sheet.known_facts())
        .filter(|(_, fact)| matches!(fact.body, FactBody::Sale(_)))
        .count();
    let is_owner = |person: &Person| person.active && person.grants.contains(&OWNER);
    let others = staff::people(staff_sheet);
    Some(PersonView {
        contacts: sees_contacts.then(|| staff::contacts(private, id)),
        contested: fields,
        grantable: grantable(replica),
        is_last_owner: is_owner(&person)
            && !others
                .values()
                .any(|other| other.id != id && is_owner(other)),
        blocks,
        vouchers: count(vouchers),
        sales: count(sales),
        staff: view(replica, person),
    })
}

/// Every role with every place where the signed-in person may give it.
pub(super) fn grantable(replica: &Replica) -> Vec<Grant> {
    let me = replica.principal();
    let sites = crdt_model::site::sites(replica.sheets());
    let places: Vec<Scope> = std::iter::once(Scope::Organisation)
        .chain(sites.into_iter().map(|site| Scope::Site(site.id)))
        .collect();
    Role::ALL
        .into_iter()
        .flat_map(|role| {
            places.iter().map(move |scope| Grant {
                role,
                scope: *scope,
            })
        })
        .filter(|grant| me.may_grant(*grant))
        .collect()
}
