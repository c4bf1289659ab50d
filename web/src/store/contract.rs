//! What every store must do: one suite, run on memory and on encrypted memory by `cargo test`,
//! and on IndexedDB in a real browser by the e2e tests (`web/src/bin/contract.rs`).

use super::{Store, StoreError, Write};

#[cfg(all(target_arch = "wasm32", feature = "contract"))]
pub mod browser;

/// What the suite found. Passing means `failed` is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    pub passed: Vec<String>,
    pub failed: Vec<String>,
}

impl Report {
    pub fn record(&mut self, case: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.passed.push(case.to_owned()),
            Err(reason) => self.failed.push(format!("{case}: {reason}")),
        }
    }
}

pub(super) fn failed(error: StoreError) -> String {
    error.to_string()
}

pub(super) fn expect<T: PartialEq + std::fmt::Debug>(
    what: &str,
    got: T,
    wanted: T,
) -> Result<(), String> {
    if got == wanted {
        Ok(())
    } else {
        Err(format!("{what}: got {got:?}, wanted {wanted:?}"))
    }
}

/// Runs every case. `open` opens the store of that name: empty at first, the same one when opened again.
pub async fn run<S: Store>(open: impl AsyncFn(&'static str) -> Result<S, StoreError>) -> Report {
    let mut report = Report::default();
    report.record("an empty store holds nothing", empty(&open).await);
    report.record("a committed value is read back", reads_back(&open).await);
    report.record(
        "a value survives reopening",
        survives_reopening(&open).await,
    );
    report.record("writes of one commit apply in order", in_order(&open).await);
    report.record("a prefix selects exactly its keys", prefixes(&open).await);
    report.record(
        "some keys and all others come apart",
        some_keys(&open).await,
    );
    report.record("any bytes and any key are kept", any_bytes(&open).await);
    report.record("one commit holds many writes", many_writes(&open).await);
    report.record(
        "commits from one writer do not mix",
        interleaved(&open).await,
    );
    report.record("nobody writes before taking over", no_writer(&open).await);
    report.record("a stale writer is refused", stale_writer(&open).await);
    report
}

async fn empty<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("empty").await.map_err(failed)?;
    expect("get", store.get("a/1").await.map_err(failed)?, None)?;
    expect("all", store.load_all("").await.map_err(failed)?, vec![])
}

async fn reads_back<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("reads-back").await.map_err(failed)?;
    store.take_over().await.map_err(failed)?;
    store
        .commit(&[Write::put("a/1", *b"one")])
        .await
        .map_err(failed)?;
    expect(
        "get",
        store.get("a/1").await.map_err(failed)?,
        Some(b"one".to_vec()),
    )?;
    store
        .commit(&[Write::put("a/1", *b"two")])
        .await
        .map_err(failed)?;
    expect(
        "after overwriting",
        store.get("a/1").await.map_err(failed)?,
        Some(b"two".to_vec()),
    )?;
    store
        .commit(&[Write::delete("a/1"), Write::delete("a/none")])
        .await
        .map_err(failed)?;
    expect(
        "after deleting",
        store.get("a/1").await.map_err(failed)?,
        None,
    )
}

async fn survives_reopening<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("reopen").await.map_err(failed)?;
    store.take_over().await.map_err(failed)?;
    store
        .commit(&[Write::put("a/1", *b"kept")])
        .await
        .map_err(failed)?;
    drop(store);
    let store = open("reopen").await.map_err(failed)?;
    expect(
        "get",
        store.get("a/1").await.map_err(failed)?,
        Some(b"kept".to_vec()),
    )
}

async fn in_order<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("in-order").await.map_err(failed)?;
    store.take_over().await.map_err(failed)?;
    let writes = [
        Write::put("a/1", *b"first"),
        Write::delete("a/1"),
        Write::put("a/1", *b"last"),
        Write::put("a/2", *b"gone"),
        Write::delete("a/2"),
    ];
    store.commit(&writes).await.map_err(failed)?;
    let all = store.load_all("").await.map_err(failed)?;
    expect("all", all, vec![("a/1".to_owned(), b"last".to_vec())])
}

async fn prefixes<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("prefixes").await.map_err(failed)?;
    store.take_over().await.map_err(failed)?;
    let keys = [
        "doc/1",
        "doc/10",
        "doc/2",
        "docs/1",
        "do",
        "row/a\u{10ffff}b",
        "row/ä",
    ];
    let writes: Vec<Write> = keys
        .iter()
        .map(|key| Write::put(*key, key.as_bytes()))
        .collect();
    store.commit(&writes).await.map_err(failed)?;
    for prefix in [
        "", "d", "do", "doc", "doc/", "doc/1", "row/", "row/a", "none/", "docs/1",
    ] {
        let mut got: Vec<String> = store
            .load_all(prefix)
            .await
            .map_err(failed)?
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        got.sort();
        let mut wanted: Vec<String> = keys
            .iter()
            .filter(|key| key.starts_with(prefix))
            .map(|key| (*key).to_owned())
            .collect();
        wanted.sort();
        expect(&format!("prefix {prefix:?}"), got, wanted)?;
    }
    Ok(())
}

async fn some_keys<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("some-keys").await.map_err(failed)?;
    store.take_over().await.map_err(failed)?;
    let key = |n: u32| format!("k/{n:02}");
    let writes: Vec<Write> = (0..40).map(|n| Write::put(key(n), key(n))).collect();
    store.commit(&writes).await.map_err(failed)?;
    // Runs of several lengths, at both ends and between, all of them and none.
    let choices: [&dyn Fn(u32) -> bool; 5] = [
        &|n| n % 7 < 3,
        &|n| n % 7 >= 3,
        &|n| n == 0 || n == 39,
        &|_| true,
        &|_| false,
    ];
    for is_chosen in choices {
        let number = |key: &str| key.get(2..).and_then(|n| n.parse().ok());
        let mut found = store
            .load_where(&|key| number(key).is_some_and(is_chosen))
            .await
            .map_err(failed)?;
        found.sort();
        let wanted: Vec<(String, Vec<u8>)> = (0..40)
            .filter(|n| is_chosen(*n))
            .map(|n| (key(n), key(n).into_bytes()))
            .collect();
        expect("some", found, wanted)?;
    }
    Ok(())
}

async fn any_bytes<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("any-bytes").await.map_err(failed)?;
    store.take_over().await.map_err(failed)?;
    let large: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let entries: Vec<(String, Vec<u8>)> = vec![
        ("x/empty".into(), vec![]),
        ("x/zero".into(), vec![0; 3]),
        ("x/all".into(), (0..=255).collect()),
        ("x/ spaces and / slashes / é 😀".into(), vec![1]),
        ("x/large".into(), large),
    ];
    let writes: Vec<Write> = entries
        .iter()
        .map(|(key, value)| Write::put(key.clone(), value.clone()))
        .collect();
    store.commit(&writes).await.map_err(failed)?;
    for (key, value) in entries {
        expect(&key, store.get(&key).await.map_err(failed)?, Some(value))?;
    }
    Ok(())
}

async fn many_writes<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("many-writes").await.map_err(failed)?;
    store.take_over().await.map_err(failed)?;
    store.commit(&[]).await.map_err(failed)?;
    let writes: Vec<Write> = (0..1_000)
        .map(|n| Write::put(format!("n/{n}"), format!("{n}").into_bytes()))
        .collect();
    store.commit(&writes).await.map_err(failed)?;
    expect(
        "count",
        store.load_all("n/").await.map_err(failed)?.len(),
        1_000,
    )
}

async fn interleaved<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("interleaved").await.map_err(failed)?;
    store.take_over().await.map_err(failed)?;
    let write = async |letter: &'static str| {
        for _ in 0..10 {
            store
                .commit(&[Write::put("t/1", letter), Write::put("t/2", letter)])
                .await?;
            let all = store.load_all("t/").await?;
            if all.len() == 2 && all[0].1 != all[1].1 {
                return Err(StoreError::Failed("half of a commit was seen".into()));
            }
        }
        Ok(())
    };
    let (a, b) = futures::join!(write("a"), write("b"));
    a.and(b).map_err(failed)
}

async fn no_writer<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let store = open("no-writer").await.map_err(failed)?;
    let refused = store.commit(&[Write::put("a/1", *b"no")]).await;
    expect("commit", refused, Err(StoreError::NotTheWriter))?;
    expect("get", store.get("a/1").await.map_err(failed)?, None)
}

async fn stale_writer<S: Store>(
    open: &impl AsyncFn(&'static str) -> Result<S, StoreError>,
) -> Result<(), String> {
    let first = open("stale").await.map_err(failed)?;
    let earlier = first.take_over().await.map_err(failed)?;
    first
        .commit(&[Write::put("a/1", *b"first")])
        .await
        .map_err(failed)?;
    let second = open("stale").await.map_err(failed)?;
    let later = second.take_over().await.map_err(failed)?;
    if later <= earlier {
        return Err(format!("incarnation {later} is not later than {earlier}"));
    }
    let refused = first
        .commit(&[Write::put("a/1", *b"late"), Write::put("a/2", *b"late")])
        .await;
    expect("the stale commit", refused, Err(StoreError::NotTheWriter))?;
    second
        .commit(&[Write::put("a/1", *b"second")])
        .await
        .map_err(failed)?;
    expect(
        "a/1",
        first.get("a/1").await.map_err(failed)?,
        Some(b"second".to_vec()),
    )?;
    expect("a/2", first.get("a/2").await.map_err(failed)?, None)?;
    first.take_over().await.map_err(failed)?;
    first
        .commit(&[Write::put("a/2", *b"again")])
        .await
        .map_err(failed)
}
