//! Passwords: argon2id, off the async threads, two at a time.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// What a log-in with an unknown name is checked against, so that it takes as long as a known one.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody has this password").ok());

/// Hashes a password with argon2id into PHC form. Takes some 20 ms of one core: never call it on an async thread.
///
/// # Errors
/// When the system gives no random salt.
pub fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether the password fits the hash; without a hash never, in the same time.
pub async fn fits(gate: &Semaphore, password: String, hash: Option<String>) -> bool {
    let Ok(_turn) = gate.acquire().await else { return false };
    tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let fits = hash.as_deref().or(NOBODY.as_deref()).is_some_and(|hash| verify(&password, hash));
        fits && known
    })
    .await
    .unwrap_or(false)
}

/// [`hash`] off the async threads.
pub async fn hash_apart(gate: &Semaphore, password: String) -> Option<String> {
    let _turn = gate.acquire().await.ok()?;
    tokio::task::spawn_blocking(move || hash(&password).ok()).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_name_fits() {
        let gate = Semaphore::new(2);
        let stored = hash("mật khẩu thử 1").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(fits(&gate, "mật khẩu thử 1".into(), Some(stored.clone())).await);
        assert!(!fits(&gate, "mật khẩu thử 2".into(), Some(stored)).await);
        assert!(!fits(&gate, "nobody has this password".into(), None).await);
        assert!(!fits(&gate, "x".into(), Some("not a hash".into())).await);
    }
}
