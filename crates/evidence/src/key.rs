//! The organisation's signing key: Ed25519 in OpenSSH's own file format, so that stock tools verify.

use std::path::Path;

use rand::TryRngCore;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey, SshSig};

use crate::NAMESPACE;

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is not an OpenSSH Ed25519 key, or is encrypted.
    #[error("the signing key cannot be read: {0}")]
    Key(#[from] ssh_key::Error),
    /// The file cannot be read or written.
    #[error("the signing key file cannot be used: {0}")]
    Io(#[from] std::io::Error),
    /// The system has no randomness to make a key from.
    #[error("no randomness for a new signing key: {0}")]
    Random(String),
}

/// Signs packets.
#[derive(Debug)]
pub struct Signer {
    key: PrivateKey,
    principal: String,
}

impl Signer {
    /// Reads the key file, or makes a new key there, readable by its owner only. `principal` names the organisation in
    /// `allowed_signers`; characters that the format cannot hold become `-`.
    pub fn open(path: &Path, principal: &str) -> Result<Signer, KeyError> {
        let principal = as_principal(principal);
        if !path.exists() {
            let key = new_key(&principal)?;
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            key.write_openssh_file(path, LineEnding::LF)?;
            std::fs::File::open(path)?.sync_all()?;
        }
        Ok(Signer { key: PrivateKey::read_openssh_file(path)?, principal })
    }

    /// A key that is never written down, for tests.
    pub fn ephemeral(principal: &str) -> Result<Signer, KeyError> {
        let principal = as_principal(principal);
        Ok(Signer { key: new_key(&principal)?, principal })
    }

    /// `SHA256:…`, what the officer's paper copy says.
    pub fn fingerprint(&self) -> String {
        self.key.public_key().fingerprint(HashAlg::Sha256).to_string()
    }

    /// The name in `allowed_signers`.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    pub(crate) fn sign(&self, namespace: &str, message: &[u8]) -> Result<String, KeyError> {
        Ok(self.key.sign(namespace, HashAlg::Sha512, message)?.to_pem(LineEnding::LF)?)
    }

    /// The text of an `allowed_signers` file with this key.
    ///
    /// # Errors
    /// When the key cannot be written.
    pub fn allowed_signers(&self) -> Result<String, KeyError> {
        Ok(allowed_signers_line(&self.principal, self.key.public_key().key_data())?)
    }
}

/// The one line that lets `ssh-keygen -Y verify -f allowed_signers` accept our signature for our namespace only.
pub(crate) fn allowed_signers_line(principal: &str, key: &ssh_key::public::KeyData) -> Result<String, ssh_key::Error> {
    let public = ssh_key::PublicKey::new(key.clone(), "").to_openssh()?;
    Ok(format!("{principal} namespaces=\"{NAMESPACE}\" {}\n", public.trim_end()))
}

/// Checks an SSHSIG over `message`; gives the key that signed.
pub(crate) fn check(namespace: &str, message: &[u8], pem: &str) -> Result<ssh_key::public::KeyData, ssh_key::Error> {
    let signature = SshSig::from_pem(pem)?;
    let key = signature.public_key().clone();
    ssh_key::PublicKey::new(key.clone(), "").verify(namespace, message, &signature)?;
    if signature.to_pem(LineEnding::LF)? != pem {
        return Err(ssh_key::Error::FormatEncoding);
    }
    Ok(key)
}

fn as_principal(name: &str) -> String {
    let folded: String = text::fold(name)
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '_') { c } else { '-' })
        .collect();
    let trimmed = folded.trim_matches('-');
    if trimmed.is_empty() { "canh-giac".into() } else { trimmed.into() }
}

fn new_key(comment: &str) -> Result<PrivateKey, KeyError> {
    let mut seed = [0u8; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut seed).map_err(|error| KeyError::Random(error.to_string()))?;
    Ok(PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed)), comment)?)
}
