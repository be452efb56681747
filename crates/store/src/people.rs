//! People, their units and their sessions.

use model::{Act, Person, Refusal, Role};
use serde_json::json;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::record::take;
use crate::{Error, Result, Store, audit, sql};

/// The program itself, as the actor of the steps that make a new store usable.
pub const SETUP: &str = "setup";
/// The operator of the machine at the command line, as an actor.
pub const OPERATOR: &str = "command line";

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
    /// Name that packets and logs that leave show instead: `NV-0007`.
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

/// A living session is prolonged only when this much has passed, so that a page costs no write.
const PROLONG_AFTER_MS: i64 = 60 * 1000;

impl UserRow {
    fn read(row: &AnyRow) -> Result<UserRow> {
        Ok(UserRow {
            id: sql::text(row, "id")?,
            login: sql::text(row, "login")?,
            name: sql::text(row, "name")?,
            role: sql::id_of(row, "role")?,
            unit_id: sql::text_or_none(row, "unit_id")?,
            pseudonym: sql::text(row, "pseudonym")?,
            password_hash: sql::text(row, "password_hash")?,
            disabled_at_ms: sql::int_or_none(row, "disabled_at_ms")?,
            failed_logins: sql::natural(row, "failed_logins")?,
            locked_until_ms: sql::int_or_none(row, "locked_until_ms")?,
            created_at_ms: sql::int(row, "created_at_ms")?,
        })
    }
}

/// The user of an id.
async fn user(db: &mut AnyConnection, id: &str) -> Result<UserRow> {
    let row = sql::row(db, "SELECT * FROM users WHERE id = $1", [id.into()]).await?;
    UserRow::read(&row.ok_or_else(|| Error::missing("người dùng", id))?)
}

/// The person who acts, as the store knows them now.
pub(crate) async fn person(db: &mut AnyConnection, id: &str) -> Result<Person> {
    let user = user(db, id).await?;
    if user.disabled_at_ms.is_some() {
        return Err(Refusal::new("disabled", "Tài khoản đã bị khoá.").into());
    }
    Ok(user.person())
}

/// Checks the right of whoever takes a step that the program itself and the operator of the machine may take as well.
pub(crate) async fn may_run(db: &mut AnyConnection, by: &str, act: Act) -> Result<()> {
    if by == SETUP || by == OPERATOR {
        return Ok(());
    }
    Ok(person(db, by).await?.must(act)?)
}

fn is_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// Adds a user inside a transaction.
pub(crate) async fn add(db: &mut AnyConnection, by: &str, user: &NewUser, now_ms: i64) -> Result<UserRow> {
    if !is_id(&user.login) {
        let reason = "Tên đăng nhập chỉ gồm chữ thường không dấu, chữ số, dấu chấm và gạch nối.";
        return Err(Refusal::new("login", reason).into());
    }
    must_have_unit(db, user.role, user.unit_id.as_deref()).await?;
    let number = take(db, "pseudonym", 1).await? + 1;
    let row = UserRow {
        id: sql::new_id(),
        login: user.login.clone(),
        name: user.name.clone(),
        role: user.role,
        unit_id: user.unit_id.clone(),
        pseudonym: format!("NV-{number:04}"),
        password_hash: user.password_hash.clone(),
        disabled_at_ms: None,
        failed_logins: 0,
        locked_until_ms: None,
        created_at_ms: now_ms,
    };
    let added = sql::run(
        db,
        "INSERT INTO users (id, login, name, role, unit_id, pseudonym, password_hash, failed_logins, created_at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8) ON CONFLICT (login) DO NOTHING",
        [
            (&row.id).into(),
            (&row.login).into(),
            (&row.name).into(),
            row.role.id().into(),
            (&row.unit_id).into(),
            (&row.pseudonym).into(),
            (&row.password_hash).into(),
            now_ms.into(),
        ],
    )
    .await?;
    if added == 0 {
        return Err(Refusal::new("login", format!("Tên đăng nhập {} đã có người dùng.", row.login)).into());
    }
    let detail = json!({ "role": row.role.id(), "pseudonym": row.pseudonym });
    audit::append(db, by, "user.add", &row.id, &detail, now_ms).await?;
    Ok(row)
}

async fn must_have_unit(db: &mut AnyConnection, role: Role, unit_id: Option<&str>) -> Result<()> {
    let Some(unit_id) = unit_id else {
        if role == Role::Officer {
            return Err(Refusal::new("unit", "Cán bộ công an phải thuộc một đơn vị tiếp nhận.").into());
        }
        return Ok(());
    };
    if sql::count(db, "SELECT COUNT(*) AS n FROM units WHERE id = $1", [unit_id.into()]).await? == 0 {
        return Err(Error::missing("đơn vị", unit_id));
    }
    Ok(())
}

/// Sets role and unit inside a transaction and ends the user's sessions.
pub(crate) async fn change_role(
    db: &mut AnyConnection,
    by: &str,
    id: &str,
    role: Role,
    unit_id: Option<&str>,
    now_ms: i64,
) -> Result<()> {
    let before = user(db, id).await?;
    must_have_unit(db, role, unit_id).await?;
    sql::run(
        db,
        "UPDATE users SET role = $2, unit_id = $3 WHERE id = $1",
        [id.into(), role.id().into(), unit_id.into()],
    )
    .await?;
    end_sessions(db, id).await?;
    let detail = json!({ "from": before.role.id(), "to": role.id(), "unit": unit_id });
    audit::append(db, by, "user.role", id, &detail, now_ms).await?;
    Ok(())
}

async fn end_sessions(db: &mut AnyConnection, user_id: &str) -> Result<u64> {
    sql::run(db, "DELETE FROM sessions WHERE user_id = $1", [user_id.into()]).await
}

impl Store {
    /// Whether there is nobody yet: the only time when a user is added unattended.
    ///
    /// # Errors
    /// `Database`.
    pub async fn has_no_users(&self) -> Result<bool> {
        let mut db = self.read().await?;
        Ok(sql::count(&mut db, "SELECT COUNT(*) AS n FROM users", []).await? == 0)
    }

    /// Adds a user: by [`SETUP`], or the [`OPERATOR`] who has read that there is nobody yet. People propose it
    /// ([`ProposalKind::AddUser`](crate::ProposalKind::AddUser)) and a second one approves.
    ///
    /// # Errors
    /// `Refused` (`second_person` for a user; `login` taken or malformed; `unit` missing for an officer).
    pub async fn add_user(&self, by: &str, user: &NewUser, now_ms: i64) -> Result<UserRow> {
        if by != SETUP && by != OPERATOR {
            return Err(Refusal::new("second_person", "Thêm người dùng cần một người thứ hai duyệt đề nghị.").into());
        }
        let mut tx = self.write().await?;
        let row = add(&mut tx, by, user, now_ms).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// All users by log-in name.
    ///
    /// # Errors
    /// `Database`.
    pub async fn users(&self) -> Result<Vec<UserRow>> {
        let mut db = self.read().await?;
        sql::rows(&mut db, "SELECT * FROM users ORDER BY login", []).await?.iter().map(UserRow::read).collect()
    }

    /// A user by id.
    ///
    /// # Errors
    /// `Missing`.
    pub async fn user(&self, id: &str) -> Result<UserRow> {
        user(&mut *self.read().await?, id).await
    }

    /// A user by log-in name.
    ///
    /// # Errors
    /// `Database`.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<UserRow>> {
        let mut db = self.read().await?;
        let row = sql::row(&mut db, "SELECT * FROM users WHERE login = $1", [login.into()]).await?;
        row.as_ref().map(UserRow::read).transpose()
    }

    /// Disables a user and ends their sessions.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn disable_user(&self, by: &str, id: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        may_run(&mut tx, by, Act::ProposePeople).await?;
        user(&mut tx, id).await?;
        sql::run(&mut tx, "UPDATE users SET disabled_at_ms = $2 WHERE id = $1", [id.into(), now_ms.into()]).await?;
        end_sessions(&mut tx, id).await?;
        audit::append(&mut tx, by, "user.disable", id, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Lets a disabled user in again.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn enable_user(&self, by: &str, id: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        may_run(&mut tx, by, Act::ProposePeople).await?;
        user(&mut tx, id).await?;
        sql::run(&mut tx, "UPDATE users SET disabled_at_ms = NULL WHERE id = $1", [id.into()]).await?;
        audit::append(&mut tx, by, "user.enable", id, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Sets the password hash and ends the user's sessions: the own one, or another's by an administrator.
    ///
    /// # Errors
    /// `Missing`, `Refused`.
    pub async fn set_password(&self, by: &str, id: &str, password_hash: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        if by != id {
            may_run(&mut tx, by, Act::ProposePeople).await?;
        }
        user(&mut tx, id).await?;
        sql::run(
            &mut tx,
            "UPDATE users SET password_hash = $2, failed_logins = 0, locked_until_ms = NULL WHERE id = $1",
            [id.into(), password_hash.into()],
        )
        .await?;
        end_sessions(&mut tx, id).await?;
        audit::append(&mut tx, by, "user.password", id, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// Adds or renames a receiving unit.
    ///
    /// # Errors
    /// `Refused` for a malformed id or without the right.
    pub async fn put_unit(&self, by: &str, unit: &Unit, now_ms: i64) -> Result<()> {
        if !is_id(&unit.id) || unit.name.trim().is_empty() {
            let reason = "Mã đơn vị chỉ gồm chữ thường không dấu, chữ số, gạch nối, và tên không được trống.";
            return Err(Refusal::new("unit", reason).into());
        }
        let mut tx = self.write().await?;
        may_run(&mut tx, by, Act::ProposePeople).await?;
        sql::run(
            &mut tx,
            "INSERT INTO units (id, name, contact) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, contact = excluded.contact",
            [(&unit.id).into(), (&unit.name).into(), (&unit.contact).into()],
        )
        .await?;
        audit::append(&mut tx, by, "unit.put", &unit.id, &json!({}), now_ms).await?;
        Ok(tx.commit().await?)
    }

    /// All receiving units by name.
    ///
    /// # Errors
    /// `Database`.
    pub async fn units(&self) -> Result<Vec<Unit>> {
        let mut db = self.read().await?;
        let rows = sql::rows(&mut db, "SELECT id, name, contact FROM units ORDER BY name, id", []).await?;
        let unit = |row: &AnyRow| {
            Ok(Unit {
                id: sql::text(row, "id")?,
                name: sql::text(row, "name")?,
                contact: sql::text_or_none(row, "contact")?,
            })
        };
        rows.iter().map(unit).collect()
    }

    /// Writes down a failed log-in. After [`LOGIN_TRIES`] the account is locked for [`LOGIN_LOCK_MS`]; returns until
    /// when. An unknown name is written to the audit without being stored.
    ///
    /// # Errors
    /// `Database`.
    pub async fn login_failed(&self, login: &str, now_ms: i64) -> Result<Option<i64>> {
        let mut tx = self.write().await?;
        let row = sql::row(
            &mut tx,
            "UPDATE users SET failed_logins = failed_logins + 1 WHERE login = $1 RETURNING id, failed_logins",
            [login.into()],
        )
        .await?;
        let mut locked_until_ms = None;
        let mut id = String::new();
        if let Some(row) = row {
            id = sql::text(&row, "id")?;
            if sql::int(&row, "failed_logins")? >= i64::from(LOGIN_TRIES) {
                locked_until_ms = Some(now_ms + LOGIN_LOCK_MS);
                sql::run(
                    &mut tx,
                    "UPDATE users SET locked_until_ms = $2, failed_logins = 0 WHERE id = $1",
                    [(&id).into(), locked_until_ms.into()],
                )
                .await?;
            }
        }
        let detail = json!({ "known": !id.is_empty(), "locked": locked_until_ms.is_some() });
        audit::append(&mut tx, "anonymous", "login.fail", &id, &detail, now_ms).await?;
        tx.commit().await?;
        Ok(locked_until_ms)
    }

    /// Opens a session for a user whose password was right. `token_sha256` is the hash of a random token of 256 bits
    /// that only the browser holds.
    ///
    /// # Errors
    /// `Missing`, `Refused` when disabled or locked.
    pub async fn open_session(&self, user_id: &str, token_sha256: &str, now_ms: i64) -> Result<Session> {
        let mut tx = self.write().await?;
        let mut user = user(&mut tx, user_id).await?;
        if user.disabled_at_ms.is_some() {
            return Err(Refusal::new("disabled", "Tài khoản đã bị khoá.").into());
        }
        if user.locked_until_ms.is_some_and(|until| until > now_ms) {
            let reason = "Tài khoản tạm khoá vì nhập sai nhiều lần; hãy thử lại sau.";
            return Err(Refusal::new("locked", reason).into());
        }
        sql::run(&mut tx, "UPDATE users SET failed_logins = 0, locked_until_ms = NULL WHERE id = $1", [user_id.into()])
            .await?;
        (user.failed_logins, user.locked_until_ms) = (0, None);
        sql::run(&mut tx, "DELETE FROM sessions WHERE expires_at_ms <= $1", [now_ms.into()]).await?;
        let expires_at_ms = now_ms + SESSION_ABSOLUTE_MS;
        sql::run(
            &mut tx,
            "INSERT INTO sessions (token_sha256, user_id, created_at_ms, last_seen_at_ms, expires_at_ms) \
             VALUES ($1, $2, $3, $3, $4)",
            [token_sha256.into(), user_id.into(), now_ms.into(), expires_at_ms.into()],
        )
        .await?;
        audit::append(&mut tx, user_id, "login", user_id, &json!({}), now_ms).await?;
        tx.commit().await?;
        Ok(Session { user, created_at_ms: now_ms, expires_at_ms })
    }

    /// The session of a token, while it lives; a living one is prolonged.
    ///
    /// # Errors
    /// `Database`.
    pub async fn session(&self, token_sha256: &str, now_ms: i64) -> Result<Option<Session>> {
        let row = sql::row(
            &mut *self.read().await?,
            "SELECT u.*, s.created_at_ms AS opened_at_ms, s.last_seen_at_ms AS last_seen_at_ms, \
             s.expires_at_ms AS expires_at_ms FROM sessions s JOIN users u ON u.id = s.user_id \
             WHERE s.token_sha256 = $1 AND s.expires_at_ms > $2 AND s.last_seen_at_ms > $3 AND u.disabled_at_ms IS NULL",
            [token_sha256.into(), now_ms.into(), (now_ms - SESSION_IDLE_MS).into()],
        )
        .await?;
        let Some(row) = row else { return Ok(None) };
        if now_ms - sql::int(&row, "last_seen_at_ms")? >= PROLONG_AFTER_MS {
            let mut tx = self.write().await?;
            sql::run(
                &mut tx,
                "UPDATE sessions SET last_seen_at_ms = $2 WHERE token_sha256 = $1",
                [token_sha256.into(), now_ms.into()],
            )
            .await?;
            tx.commit().await?;
        }
        Ok(Some(Session {
            user: UserRow::read(&row)?,
            created_at_ms: sql::int(&row, "opened_at_ms")?,
            expires_at_ms: sql::int(&row, "expires_at_ms")?,
        }))
    }

    /// Ends one session.
    ///
    /// # Errors
    /// `Database`.
    pub async fn close_session(&self, token_sha256: &str, now_ms: i64) -> Result<()> {
        let mut tx = self.write().await?;
        let row =
            sql::row(&mut tx, "DELETE FROM sessions WHERE token_sha256 = $1 RETURNING user_id", [token_sha256.into()])
                .await?;
        if let Some(row) = row {
            let user = sql::text(&row, "user_id")?;
            audit::append(&mut tx, &user, "logout", &user, &json!({}), now_ms).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of a user: the own ones, or another's by an administrator.
    ///
    /// # Errors
    /// `Refused`.
    pub async fn revoke_sessions(&self, by: &str, user_id: &str, now_ms: i64) -> Result<u64> {
        let mut tx = self.write().await?;
        if by != user_id {
            may_run(&mut tx, by, Act::ProposePeople).await?;
        }
        let ended = end_sessions(&mut tx, user_id).await?;
        audit::append(&mut tx, by, "session.revoke", user_id, &json!({ "sessions": ended }), now_ms).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
