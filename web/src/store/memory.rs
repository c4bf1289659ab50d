//! The store of tests, and of a browser that offers none: a map in memory, with the same contract except that it forgets.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use super::{Incarnation, Store, StoreError, Write};

#[derive(Debug, Default)]
struct Disk {
    entries: BTreeMap<String, Vec<u8>>,
    writer: u64,
    /// Commits that succeed before the next one fails; for tests of failure.
    fails_after: Option<usize>,
}

/// A connection to a map in memory; [`MemoryStore::reopen`] gives another tab's connection to the same map.
#[derive(Debug, Default)]
pub struct MemoryStore {
    disk: Rc<RefCell<Disk>>,
    incarnation: Cell<Option<Incarnation>>,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// What a second tab, or the same tab after a reload, would open.
    pub fn reopen(&self) -> Self {
        Self {
            disk: Rc::clone(&self.disk),
            incarnation: Cell::new(None),
        }
    }

    /// The commit after `commits` successful ones fails once with [`StoreError::Full`].
    pub fn fail_after(&self, commits: usize) {
        self.disk.borrow_mut().fails_after = Some(commits);
    }

    /// What Chromium was measured to do to a whole IndexedDB after a kill.
    pub fn wipe(&self) {
        *self.disk.borrow_mut() = Disk::default();
    }

    /// Everything as it lies on the disk, for tests of what a thief would see.
    pub fn raw(&self) -> Vec<(String, Vec<u8>)> {
        self.disk.borrow().entries.clone().into_iter().collect()
    }
}

impl Store for MemoryStore {
    async fn load_all(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let disk = self.disk.borrow();
        let from_prefix = disk.entries.range(prefix.to_owned()..);
        Ok(from_prefix
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn load_where(
        &self,
        is_wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut entries = self.load_all("").await?;
        entries.retain(|(key, _)| is_wanted(key));
        Ok(entries)
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.disk.borrow().entries.get(key).cloned())
    }

    async fn commit(&self, writes: &[Write]) -> Result<(), StoreError> {
        let mut disk = self.disk.borrow_mut();
        if self.incarnation.get() != Some(Incarnation(disk.writer)) {
            return Err(StoreError::NotTheWriter);
        }
        match disk.fails_after {
            Some(0) => {
                disk.fails_after = None;
                return Err(StoreError::Full);
            }
            Some(commits) => disk.fails_after = Some(commits - 1),
            None => {}
        }
        for write in writes {
            match write {
                Write::Put { key, value } => {
                    disk.entries.insert(key.clone(), value.clone());
                }
                Write::Delete { key } => {
                    disk.entries.remove(key);
                }
            }
        }
        Ok(())
    }

    async fn take_over(&self) -> Result<Incarnation, StoreError> {
        let mut disk = self.disk.borrow_mut();
        disk.writer += 1;
        let incarnation = Incarnation(disk.writer);
        self.incarnation.set(Some(incarnation));
        Ok(incarnation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    #[test]
    fn memory_keeps_the_contract() {
        let report = futures::executor::block_on(contract::run(async |name: &'static str| {
            thread_local!(static DISKS: RefCell<BTreeMap<&'static str, MemoryStore>> = RefCell::default());
            Ok(DISKS.with_borrow_mut(|disks| disks.entry(name).or_default().reopen()))
        }));
        assert_eq!(report.failed, Vec::<String>::new());
    }

    #[test]
    fn a_failed_commit_writes_nothing() {
        futures::executor::block_on(async {
            let store = MemoryStore::new();
            store.take_over().await.unwrap();
            store.fail_after(1);
            store.commit(&[Write::put("a", *b"1")]).await.unwrap();
            assert_eq!(
                store
                    .commit(&[Write::put("a", *b"2"), Write::put("b", *b"2")])
                    .await,
                Err(StoreError::Full)
            );
            assert_eq!(store.raw(), vec![("a".into(), b"1".to_vec())]);
        });
    }
}
