//! Password hashing: argon2id, a bounded number at a time, and never quicker for an unknown login.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::problem::Problem;

/// OWASP's recommendation for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Each takes about 30 ms of a core: a longer queue would only make people wait for an answer they gave up on.
const WAITING_MAX: usize = 64;
const BYTES_MAX: usize = 256;
const CHARACTERS_MIN: usize = 8;

/// A password as a person typed it; never printed.
pub struct Password(Vec<u8>);

impl Password {
    /// A password to be set.
    pub fn choose(text: &str) -> Result<Self, Problem> {
        if text.chars().count() < CHARACTERS_MIN {
            return Err(Problem::Invalid {
                field: "password",
                reason: "at least 8 characters",
            });
        }
        Self::enter(text)
    }

    /// A password to be compared.
    pub fn enter(text: &str) -> Result<Self, Problem> {
        match text.len() <= BYTES_MAX {
            true => Ok(Self(text.as_bytes().to_vec())),
            false => Err(Problem::Invalid {
                field: "password",
                reason: "at most 256 bytes",
            }),
        }
    }
}

/// The hasher of one process.
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// Compared when there is no such login, so that both answers take equally long.
    nobody: String,
}

impl Passwords {
    pub fn new(at_a_time: usize) -> Self {
        let nobody = hash(b"nobody's password").expect("a fixed password can be hashed");
        Self {
            running: Arc::new(Semaphore::new(at_a_time.max(1))),
            waiting: AtomicUsize::new(0),
            nobody,
        }
    }

    /// The PHC string to store.
    pub async fn hash(&self, password: Password) -> Result<String, Problem> {
        self.work(move || hash(&password.0))
            .await?
            .ok_or(Problem::Internal)
    }

    /// Whether this is the password; with no hash to compare, no, after the same time.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, Problem> {
        let is_somebody = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let matches = self
            .work(move || {
                let Ok(parsed) = PasswordHash::new(&stored) else {
                    tracing::error!("a stored password hash cannot be read");
                    return false;
                };
                hasher().verify_password(&password.0, &parsed).is_ok()
            })
            .await?;
        Ok(matches && is_somebody)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Place::take(&self.waiting).ok_or_else(Problem::unavailable)?;
        let permit = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(|_| Problem::unavailable())?;
        drop(place);
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|error| {
            tracing::error!(%error, "hashing a password failed");
            Problem::Internal
        })
    }
}

/// A place in the queue, given back even when the caller goes away.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .expect("the parameters are constants within bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &[u8]) -> Option<String> {
    let salt: [u8; 16] = crate::keys::random();
    hasher()
        .hash_password_with_salt(password, &salt)
        .ok()
        .map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::enter(text).unwrap()
    }

    #[tokio::test]
    async fn only_the_password_itself_matches() {
        let passwords = Passwords::new(1);
        let stored = passwords.hash(password("correct horse")).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert!(
            passwords
                .verify(password("correct horse"), Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(password("wrong horse"), Some(stored))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(password("nobody's password"), None)
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(password("x"), Some("damaged".into()))
                .await
                .unwrap()
        );
    }

    #[test]
    fn short_and_endless_passwords_cannot_be_chosen() {
        assert!(Password::choose("seven77").is_err());
        assert!(Password::choose("eight888").is_ok());
        assert!(Password::enter(&"x".repeat(257)).is_err());
    }
}
