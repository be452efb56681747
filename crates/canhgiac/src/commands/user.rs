//! `canhgiac user`: the people who may log in.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, Result, bail};
use model::Role;
use store::{NewUser, ProposalKind, Store};

/// A person to be added.
pub struct Wanted<'a> {
    /// Log-in name.
    pub login: &'a str,
    /// Role id.
    pub role: &'a str,
    /// Receiving unit, for officers.
    pub unit: Option<&'a str>,
    /// Who proposes it.
    pub actor: Option<&'a str>,
}

/// Adds the first people unattended; later ones are proposed by an administrator and approved by another person.
pub async fn add(store: &Store, wanted: &Wanted<'_>, now_ms: i64) -> Result<()> {
    let role: Role = wanted.role.parse().with_context(|| {
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.id()).collect();
        format!("no such role; the roles are {}", roles.join(", "))
    })?;
    let first = store.has_no_users().await?;
    if !first && wanted.actor.is_none() {
        bail!("there are users already: name an administrator with --as; another person then approves in the console");
    }
    let password_hash = web::hash_password(&ask_password()?).context("the password cannot be hashed")?;
    let user = NewUser {
        login: wanted.login.into(),
        name: wanted.login.into(),
        role,
        unit_id: wanted.unit.map(str::to_owned),
        password_hash,
    };
    match wanted.actor {
        Some(actor) if !first => {
            let by = user_id(store, actor).await?;
            let body = serde_json::json!({
                "login": user.login, "name": user.name, "role": user.role, "unit": user.unit_id,
                "password_hash": user.password_hash,
            });
            let reason = "đề nghị từ dòng lệnh";
            let id = store.propose(&by, ProposalKind::AddUser, &body, reason, now_ms).await?;
            writeln!(std::io::stdout(), "proposed ({id}); another person approves it in the console under Người dùng")?;
        }
        _ => {
            store.add_user("setup", &user, now_ms).await?;
            writeln!(std::io::stdout(), "added {}", user.login)?;
        }
    }
    Ok(())
}

/// Lists the people.
pub async fn list(store: &Store) -> Result<()> {
    for user in store.users().await? {
        let state = if user.disabled_at_ms.is_some() { "disabled" } else { "active" };
        writeln!(
            std::io::stdout(),
            "{}\t{}\t{}\t{state}",
            user.login,
            user.role,
            user.unit_id.as_deref().unwrap_or("-")
        )?;
    }
    Ok(())
}

/// Locks a person out and ends their sessions.
pub async fn disable(store: &Store, login: &str, actor: &str, now_ms: i64) -> Result<()> {
    let by = user_id(store, actor).await?;
    let id = user_id(store, login).await?;
    store.disable_user(&by, &id, now_ms).await?;
    writeln!(std::io::stdout(), "disabled {login}")?;
    Ok(())
}

/// The id of a log-in name.
pub async fn user_id(store: &Store, login: &str) -> Result<String> {
    match store.user_by_login(login).await? {
        Some(user) => Ok(user.id),
        None => bail!("there is no user {login}"),
    }
}

/// The password comes from standard input, never from the command line, where others could read it.
fn ask_password() -> Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("password (shown while you type): ");
        std::io::stderr().flush()?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    if password.chars().count() < 12 {
        bail!("a password needs at least 12 characters; give it on standard input");
    }
    Ok(password)
}
