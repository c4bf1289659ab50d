//! How many requests of one kind may ask the database at a time, and how many may wait for that.
//!
//! When the power comes back to a town, thousands of devices return at once. Whoever finds the queue full is told so
//! at once and comes back later: what was begun gets done, and other work still finds a connection to the database.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

pub struct Gate {
    places: Semaphore,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl Gate {
    pub const fn new(at_once: usize, waiting_max: usize) -> Self {
        Self {
            places: Semaphore::const_new(at_once),
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// A place, held until it is dropped, after those who came before. `None`: too many wait.
    pub async fn enter(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(place) = self.places.try_acquire() {
            return Some(place);
        }
        let _waiting = self.wait()?;
        self.places.acquire().await.ok()
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn wait(&self) -> Option<Waiting<'_>> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(&self.waiting);
        (before < self.waiting_max).then_some(waiting)
    }
}

/// Counts as waiting until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn whoever_finds_the_queue_full_is_told_at_once() {
        let gate = Gate::new(1, 1);
        let inside = gate.enter().await.unwrap();
        let mut waits = Box::pin(gate.enter());
        assert!(waits.as_mut().now_or_never().is_none());
        assert_eq!(gate.waiting(), 1);
        assert!(gate.enter().await.is_none());
        drop(inside);
        assert!(waits.await.is_some());
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test]
    async fn whoever_gives_up_makes_room_for_another() {
        let gate = Gate::new(1, 1);
        let inside = gate.enter().await.unwrap();
        let mut waits = Box::pin(gate.enter());
        assert!(waits.as_mut().now_or_never().is_none());
        drop(waits);
        let mut other = Box::pin(gate.enter());
        assert!(other.as_mut().now_or_never().is_none());
        drop(inside);
        assert!(other.await.is_some());
    }
}
