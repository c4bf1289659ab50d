//! What only the server can answer, and what takes long. The desk does not wait for it: a sale must not stand behind a
//! dead connection, nor behind another store.

use std::rc::Rc;

use futures::channel::oneshot;

use super::{Input, SESSION_CALL, Shared, earlier};
use crate::protocol::{Answer, Failure, Request};
use crate::worker::rescue;

pub(super) const fn is_for_server(request: &Request) -> bool {
    matches!(
        request,
        Request::SignInAgain { .. }
            | Request::Invite { .. }
            | Request::Invites
            | Request::RevokeInvite { .. }
            | Request::Devices { .. }
            | Request::RevokeDevice { .. }
            | Request::ExportAccess
            | Request::CarryRescue { .. }
            | Request::OpenSealed { .. }
            | Request::DiscardSealed { .. }
    )
}

pub(super) async fn ask_server(shared: Rc<Shared>, request: Request) -> Result<Answer, Failure> {
    let me = shared.person.borrow().clone();
    let account = &shared.account;
    match request {
        Request::SignInAgain { password } => sign_in_again(&shared, &password).await,
        Request::Invite { person } => account.invite(&me, person).await,
        Request::Invites => account.invites(&me).await,
        Request::RevokeInvite { person } => account.revoke_invite(&me, person).await,
        Request::Devices { person } => account.devices(&me, person).await,
        Request::RevokeDevice { device } => account.revoke_device(&me, device).await,
        Request::ExportAccess => account.access(&me).await,
        Request::CarryRescue { bytes } => rescue::carry(&bytes).await,
        Request::OpenSealed { password } => earlier::open(&shared, &password).await,
        Request::DiscardSealed { store } => earlier::discard(&shared, &store).await,
        _ => Err(Failure::Unexpected),
    }
}

/// Signs in, then has the desk try the connection.
async fn sign_in_again(shared: &Shared, password: &str) -> Result<Answer, Failure> {
    let mut person = shared.person.borrow().clone();
    let revision = person.revision;
    let signed_in = shared
        .account
        .sign_in_again(&shared.profile, &mut person, &shared.data_key, password)
        .await;
    if signed_in == Err(Failure::Locked) {
        shared.tell(Input::Replaced);
    }
    signed_in?;
    shared.has_edited(person, revision);
    shared.tell(Input::Welcome(None));
    let (reply, tried) = oneshot::channel();
    shared.tell(Input::Ask {
        request: SESSION_CALL,
        reply,
    });
    tried
        .await
        .unwrap_or(Err(Failure::Locked))
        .map(|_| Answer::Done)
}
