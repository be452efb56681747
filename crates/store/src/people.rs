//! People, their units and their sessions.

use model::{Person, Role};

use crate::{Error, Result, Store};

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Log-in name: lower case, no spaces.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Receiving unit, for officers.
    pub unit_id: Option<String>,
    /// Argon2id hash in PHC form, made by the caller.
    pub password_hash: String,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Id.
    pub id: String,
    /// Log-in name.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Receiving unit, for officers.
    pub unit_id: Option<String>,
    /// Name that packets and logs that leave show instead: `CV-0007`.
    pub pseudonym: String,
    /// Argon2id hash in PHC form.
    pub password_hash: String,
    /// When it was disabled.
    pub disabled_at_ms: Option<i64>,
    /// Failed log-ins since the last good one.
    pub failed_logins: u32,
    /// Until when no log-in is tried.
    pub locked_until_ms: Option<i64>,
    /// When it was added.
    pub created_at_ms: i64,
}

impl UserRow {
    /// As a legal move sees them.
    pub fn person(&self) -> Person {
        Person { id: self.id.clone(), name: self.name.clone(), role: self.role, unit: self.unit_id.clone() }
    }
}

/// A receiving unit of the police.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Id: lower case, dashes.
    pub id: String,
    /// Name shown.
    pub name: String,
    /// Telephone or other way to reach the desk.
    pub contact: Option<String>,
}

/// A session of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The user, not disabled.
    pub user: UserRow,
    /// When it was opened.
    pub created_at_ms: i64,
    /// When it ends at the latest.
    pub expires_at_ms: i64,
}

/// Failed log-ins after which the account is locked.
pub const LOGIN_TRIES: u32 = 5;
/// How long the account is then locked, in milliseconds.
pub const LOGIN_LOCK_MS: i64 = 15 * 60 * 1000;
/// A session ends after so long without a request, in milliseconds.
pub const SESSION_IDLE_MS: i64 = 60 * 60 * 1000;
/// A session ends after so long in any case, in milliseconds.
pub const SESSION_ABSOLUTE_MS: i64 = 12 * 60 * 60 * 1000;

impl Store {
    /// Whether there is nobody yet: the only time when a user is added unattended.
    ///
    /// # Errors
    /// `Database`.
    pub async fn has_no_users(&self) -> Result<bool> {
        Err(Error::Unfinished)
    }

    /// Adds a user. `by` is the actor of the audit: a user id, or `setup`. Past the first users this is the effect of
    /// an approved proposal.
    ///
    /// # Errors
    /// `Refused` (`login` taken or malformed; `unit` missing for an officer).
    pub async fn add_user(&self, by: &str, user: &NewUser, now_ms: i64) -> Result<UserRow> {
        Err(Error::Unfinished)
    }

    /// All users by log-in name.
    ///
    /// # Errors
    /// `Database`.
    pub async fn users(&self) -> Result<Vec<UserRow>> {
        Err(Error::Unfinished)
    }

    /// A user by id.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn user(&self, id: &str) -> Result<UserRow> {
        Err(Error::Unfinished)
    }

    /// A user by log-in name.
    ///
    /// # Errors
    /// `Database`.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<UserRow>> {
        Err(Error::Unfinished)
    }

    /// Disables a user and ends their sessions.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn disable_user(&self, by: &str, id: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Lets a disabled user in again.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn enable_user(&self, by: &str, id: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Sets the password hash and ends the user's sessions.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn set_password(&self, by: &str, id: &str, password_hash: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Sets role and unit and ends the user's sessions.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn set_role(&self, by: &str, id: &str, role: Role, unit_id: Option<&str>, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Adds or renames a receiving unit.
    ///
    /// # Errors
    /// `Refused` for a malformed id.
    pub async fn put_unit(&self, by: &str, unit: &Unit, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// All receiving units by name.
    ///
    /// # Errors
    /// `Database`.
    pub async fn units(&self) -> Result<Vec<Unit>> {
        Err(Error::Unfinished)
    }

    /// Writes down a failed log-in. After [`LOGIN_TRIES`] the account is locked for [`LOGIN_LOCK_MS`]; returns until
    /// when. An unknown name is written to the audit without being stored.
    ///
    /// # Errors
    /// `Database`.
    pub async fn login_failed(&self, login: &str, now_ms: i64) -> Result<Option<i64>> {
        Err(Error::Unfinished)
    }

    /// Opens a session for a user whose password was right. `token_sha256` is the hash of a random token of 256 bits
    /// that only the browser holds.
    ///
    /// # Errors
    /// `Missing`, `Refused` when disabled or locked.
    pub async fn open_session(&self, user_id: &str, token_sha256: &str, now_ms: i64) -> Result<Session> {
        Err(Error::Unfinished)
    }

    /// The session of a token, while it lives; a living one is prolonged.
    ///
    /// # Errors
    /// `Database`.
    pub async fn session(&self, token_sha256: &str, now_ms: i64) -> Result<Option<Session>> {
        Err(Error::Unfinished)
    }

    /// Ends one session.
    ///
    /// # Errors
    /// `Database`.
    pub async fn close_session(&self, token_sha256: &str, now_ms: i64) -> Result<()> {
        Err(Error::Unfinished)
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// `Database`.
    pub async fn revoke_sessions(&self, by: &str, user_id: &str, now_ms: i64) -> Result<u64> {
        Err(Error::Unfinished)
    }
}
