//! What everybody at a browser shares: people, sealed batches, keys and tickets.

use super::{Outcome, delete_database, javascript, key, open_person};
use crate::keys::sign::SigningKey;
use crate::keys::{Cost, WrappedKey, browser_rng, ticket};
use crate::store::Write;
use crate::store::contract::{expect, failed};
use crate::store::journal::Entry;
use crate::store::profile::Person;
use crate::store::profile::browser::Profile;
use crate::store::sentinel::Start;

fn person(id: &str) -> Person {
    let cost = Cost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };
    Person {
        id: id.into(),
        revision: 1,
        name: "Asha".into(),
        login: "asha@example.com".into(),
        organisation: "org".into(),
        organisation_name: "Net".into(),
        device: None,
        store: format!("store-{id}"),
        wrapped_key: WrappedKey::wrap(&key(), id, "pw", cost, &mut browser_rng()),
        relay_key: vec![1; 32],
        sealed_before: Vec::new(),
        leftovers: Vec::new(),
        recovery: vec![2; 32],
    }
}

pub async fn people_kept_twice() -> Outcome {
    let asha = person("asha");
    let profile = Profile::open().await.map_err(failed)?;
    profile.save(&asha).await.map_err(failed)?;
    drop(profile);
    delete_database("profile").await?;
    let profile = Profile::open().await.map_err(failed)?;
    expect(
        "from OPFS",
        profile.people().await.map_err(failed)?,
        vec![asha.clone()],
    )?;
    javascript(
        "return navigator.storage.getDirectory()
         .then(root => root.removeEntry('viornet', { recursive: true }))",
    )
    .await?;
    let profile = Profile::open().await.map_err(failed)?;
    let people = profile.people().await.map_err(failed)?;
    expect("from the repaired database", people, vec![asha.clone()])?;
    let opened = asha
        .wrapped_key
        .unwrap_with("asha", "pw")
        .map_err(|error| error.to_string())?;
    expect("data key", opened.expose(), key().expose())
}

pub async fn a_store_that_is_done_with() -> Outcome {
    let profile = Profile::open().await.map_err(failed)?;
    let mut before = person("neema");
    before.store = "gone".into();
    profile.save(&before).await.map_err(failed)?;
    let (stores, _) = open_person("gone", None).await?;
    let (writes, entries) = (
        [Write::put("a/1", *b"x")],
        [Entry::pending(*b"1", *b"sale")],
    );
    stores.commit(&writes, &entries).await.map_err(failed)?;
    drop(stores);

    // In another tab this browser went on with a new store; who has the old one open does not undo that.
    let mut now = before.clone();
    (now.store, now.revision) = ("goes-on".into(), 2);
    profile.save(&now).await.map_err(failed)?;
    let stale = profile.edit(&before, |person| person.name = "stale".into());
    expect("stale", stale.await.map_err(failed)?, None)?;
    let edited = profile.edit(&now, |person| person.device = Some("phone".into()));
    let edited = edited
        .await
        .map_err(failed)?
        .ok_or("it is the person's store")?;
    let again = profile.edit(&now, |person| person.name = "Neema".into());
    let again = again
        .await
        .map_err(failed)?
        .ok_or("it is the person's store")?;
    expect(
        "both edits",
        (again.device, again.revision),
        (edited.device, 4),
    )?;

    profile.remove_store("gone").await.map_err(failed)?;
    let left = javascript(
        "return Promise.all([indexedDB.databases(), navigator.storage.getDirectory()
         .then(root => root.getDirectoryHandle('viornet'))
         .then(root => Promise.all(['stores', 'people'].map(name => root.getDirectoryHandle(name))))
         .then(folders => Promise.all(folders.map(folder => Array.fromAsync(folder.keys()))))])
         .then(([databases, names]) =>
             [...databases.map(({ name }) => name), ...names.flat()].filter(name => /gone/.test(name)).join())",
    )
    .await?;
    expect("left of it", left.as_string(), Some(String::new()))?;
    // Once is enough, and an empty place is no error.
    profile.remove_store("gone").await.map_err(failed)?;
    let (_, opened) = open_person("gone", None).await?;
    expect("start", opened.start, Start::New)
}

pub async fn ready_batches() -> Outcome {
    let profile = Profile::open().await.map_err(failed)?;
    let ready = async || {
        let found = profile.ready_batches().await.map_err(failed)?;
        let found = found.into_iter().map(|batch| (batch.store, batch.sealed));
        Ok::<_, String>(found.collect::<Vec<_>>())
    };
    let set = async |store: &str, sealed: Option<&[u8]>| {
        profile.set_ready_batch(store, sealed).await.map_err(failed)
    };
    let one = |store: &str, sealed: &[u8]| (store.to_owned(), sealed.to_vec());
    // As a version before left it.
    javascript(
        "return new Promise((ok, no) => {
            const request = indexedDB.open('viornet-profile');
            request.onerror = no;
            request.onsuccess = () => {
                const tx = request.result.transaction('kv', 'readwrite');
                tx.objectStore('kv').put(new TextEncoder().encode('old'), 'ready/asha');
                tx.oncomplete = () => { request.result.close(); ok(); };
            };
        })",
    )
    .await?;
    expect("of before", ready().await?, vec![one("asha", b"old")])?;
    set("asha", Some(b"first")).await?;
    expect("in its place", ready().await?, vec![one("asha", b"first")])?;
    let first = profile.ready_batch("asha").await.map_err(failed)?;
    let first = first.ok_or("nothing lies ready")?;
    // While the first one was sent, its person came back and sealed more.
    set("asha", Some(b"second")).await?;
    profile.forget_ready_batch(&first).await.map_err(failed)?;
    expect("it stays", ready().await?, vec![one("asha", b"second")])?;
    set("asha2", Some(b"hers")).await?;
    set("asha", None).await?;
    expect("another's", ready().await?, vec![one("asha2", b"hers")])?;
    set("asha2", None).await
}

pub async fn signing() -> Outcome {
    let profile = Profile::open().await.map_err(failed)?;
    let made = SigningKey::generate().await.map_err(failed)?;
    profile
        .save_signing_key("asha", &made)
        .await
        .map_err(failed)?;
    let stored = Profile::open()
        .await
        .map_err(failed)?
        .signing_key("asha")
        .await
        .map_err(failed)?;
    let stored = stored.ok_or("no key was stored")?;
    let public = stored.public_key().await.map_err(failed)?;
    expect(
        "public key",
        public == made.public_key().await.map_err(failed)?,
        true,
    )?;
    expect("its form", (public.len(), public[0]), (65, 4))?;
    let signature = stored.sign(b"batch").await.map_err(failed)?;
    expect("signature length", signature.len(), 64)?;
    let code = format!(
        "const bytes = hex => new Uint8Array(hex.match(/../g).map(it => parseInt(it, 16)));
         const ecdsa = {{ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }};
         return crypto.subtle.importKey('raw', bytes('{}'), ecdsa, true, ['verify']).then(key =>
         crypto.subtle.verify(ecdsa, key, bytes('{}'), new TextEncoder().encode('batch')))",
        hex(&public),
        hex(&signature)
    );
    expect("verified", javascript(&code).await?.as_bool(), Some(true))?;
    expect(
        "nobody else's",
        profile
            .signing_key("baraka")
            .await
            .map_err(failed)?
            .is_none(),
        true,
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn tickets() -> Outcome {
    let profile = Profile::open().await.map_err(failed)?;
    let ticket = ticket::issue(&profile, "asha", &key())
        .await
        .map_err(failed)?;
    let redeem = async |person: &str, ticket: &[u8]| {
        let found = ticket::redeem(&profile, person, ticket)
            .await
            .map_err(failed)?;
        Ok::<_, String>(found.map(|key| *key.expose()))
    };
    expect(
        "redeemed",
        redeem("asha", &ticket).await?,
        Some(*key().expose()),
    )?;
    expect("another person", redeem("baraka", &ticket).await?, None)?;
    expect("cut", redeem("asha", &ticket[..9]).await?, None)?;
    let newer = ticket::issue(&profile, "asha", &key())
        .await
        .map_err(failed)?;
    expect("older", redeem("asha", &ticket).await?, None)?;
    ticket::revoke(&profile, "asha").await.map_err(failed)?;
    expect("revoked", redeem("asha", &newer).await?, None)
}
