//! Which addresses may be opened: global ones on ports 80 and 443, and loopback only where a test says so.
//!
//! A name is resolved once; every address it has must pass, and the connection goes to exactly those addresses, so a
//! name that answers differently the second time gains nothing.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The answer of a look-up.
pub type LookupAnswer = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// How names become addresses: the system's way, or a test's own.
pub type Lookup = Arc<dyn Fn(String) -> LookupAnswer + Send + Sync>;

/// Why an address may not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Only http and https.
    #[error("chỉ mở http và https, không mở `{0}`")]
    Scheme(String),
    /// Only ports 80 and 443.
    #[error("chỉ mở cổng 80 và 443, không mở cổng {0}")]
    Port(u16),
    /// The host is missing or makes no sense.
    #[error("địa chỉ không có máy chủ")]
    Host,
    /// The host is, or has, an address inside some network.
    #[error("{host} trỏ tới địa chỉ nội bộ {address}")]
    NotGlobal {
        /// The host as asked.
        host: String,
        /// The offending address.
        address: IpAddr,
    },
}

/// Why a host could not be admitted.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// It may not be opened.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its name has no address.
    #[error("không tìm được địa chỉ của {0}")]
    Unknown(String),
}

/// Checks addresses and holds the checked ones for the connector.
pub struct Guard {
    allow_loopback: bool,
    lookup: Lookup,
    checked: Arc<Checked>,
}

impl Guard {
    /// A guard; `allow_loopback` is for tests and demos on one machine.
    pub fn new(allow_loopback: bool, lookup: Lookup) -> Guard {
        Guard { allow_loopback, lookup, checked: Arc::default() }
    }

    /// The resolver through which alone connections may be made.
    pub fn resolver(&self) -> Arc<Checked> {
        self.checked.clone()
    }

    /// Resolves and checks the host of an address. The answer is every address that a connection may use.
    pub async fn admit(&self, url: &Url) -> Result<Vec<IpAddr>, AdmitError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().to_owned()).into());
        }
        let (host, addresses) = match url.host() {
            None => return Err(Refusal::Host.into()),
            Some(Host::Ipv4(address)) => (address.to_string(), vec![IpAddr::V4(address)]),
            Some(Host::Ipv6(address)) => (address.to_string(), vec![IpAddr::V6(address)]),
            Some(Host::Domain(name)) => {
                let found = (self.lookup)(name.to_owned()).await.map_err(|_| AdmitError::Unknown(name.to_owned()))?;
                if found.is_empty() {
                    return Err(AdmitError::Unknown(name.to_owned()));
                }
                (name.to_owned(), found)
            }
        };
        for address in &addresses {
            if !self.may_connect(*address) {
                return Err(Refusal::NotGlobal { host, address: *address }.into());
            }
        }
        let port = url.port_or_known_default().unwrap_or(0);
        if !matches!(port, 80 | 443) && !addresses.iter().all(IpAddr::is_loopback) {
            return Err(Refusal::Port(port).into());
        }
        if let Some(Host::Domain(name)) = url.host() {
            self.checked.put(name, &addresses);
        }
        Ok(addresses)
    }

    /// Whether a connection of this address's host may lead to `server`: it passed the check for that very host.
    pub fn has_admitted(&self, url: &Url, server: IpAddr) -> bool {
        self.may_connect(server)
            && match url.host() {
                Some(Host::Ipv4(address)) => server == IpAddr::V4(address),
                Some(Host::Ipv6(address)) => server == IpAddr::V6(address),
                Some(Host::Domain(name)) => self.checked.has_passed(name, server),
                None => false,
            }
    }

    /// Whether a connection to this address is allowed at all.
    pub fn may_connect(&self, address: IpAddr) -> bool {
        is_global(address) || (self.allow_loopback && address.is_loopback())
    }

    /// Whether loopback is allowed and the address is on it.
    pub fn is_allowed_loopback(&self, url: &Url) -> bool {
        let is_loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => {
                name == "localhost"
                    || name.ends_with(".localhost")
                    || self
                        .checked
                        .get(name)
                        .is_some_and(|found| found.iter().all(|address| address.ip().is_loopback()))
            }
            None => false,
        };
        self.allow_loopback && is_loopback
    }
}

/// Looks names up as the system does.
pub fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// Addresses of a name that are remembered beyond its last answer.
const FORMER_MAX: usize = 64;

/// The addresses that passed, by host name. A name that was never admitted resolves to nothing.
#[derive(Default)]
pub struct Checked {
    by_name: Mutex<HashMap<String, Passed>>,
}

/// What passed for one name.
#[derive(Clone, Default)]
struct Passed {
    now: Vec<SocketAddr>,
    /// Of earlier answers. A name with many servers answers with others each time, while a connection that is kept
    /// open still leads to the one it was made to.
    former: VecDeque<IpAddr>,
}

impl Checked {
    fn put(&self, name: &str, addresses: &[IpAddr]) {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = by_name.entry(name.to_owned()).or_default();
        for before in std::mem::take(&mut passed.now) {
            if !passed.former.contains(&before.ip()) {
                passed.former.push_back(before.ip());
            }
        }
        while passed.former.len() > FORMER_MAX {
            passed.former.pop_front();
        }
        passed.now = addresses.iter().map(|address| SocketAddr::new(*address, 0)).collect();
    }

    fn get(&self, name: &str) -> Option<Vec<SocketAddr>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(|passed| passed.now.clone())
    }

    /// Whether an address passed for a name, now or before.
    fn has_passed(&self, name: &str, address: IpAddr) -> bool {
        let by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name.get(name).is_some_and(|passed| {
            passed.former.contains(&address) || passed.now.iter().any(|known| known.ip() == address)
        })
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.get(name.as_str());
        Box::pin(async move {
            match found {
                Some(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                None => Err("host was not admitted".into()),
            }
        })
    }
}

/// Whether an address is reachable for everybody and leads into no network of somebody's own
/// (IANA special-purpose registries). Addresses that wrap an IPv4 address are refused whole.
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_global_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_broadcast()
        || address.is_multicast()
        || (a == 100 && (b & 0xc0) == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b & 0xfe) == 18)
        || a >= 240)
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast is 2000::/3; NAT64, mapped, unique-local, link-local and multicast addresses lie outside it.
    let is_unicast = (first & 0xe000) == 0x2000;
    let is_6to4 = first == 0x2002;
    // 2001::/23 is for protocols (Teredo, ORCHID, benchmarking); 2001:db8::/32 and 3fff::/20 are documentation.
    let is_protocol = first == 0x2001 && second < 0x0200;
    let is_documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    is_unicast && !is_6to4 && !is_protocol && !is_documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow_loopback: bool, answer: &[&str]) -> Guard {
        let answer: Vec<IpAddr> = answer.iter().map(|address| address.parse().unwrap()).collect();
        Guard::new(
            allow_loopback,
            Arc::new(move |_| {
                let answer = answer.clone();
                Box::pin(async move { Ok(answer) })
            }),
        )
    }

    async fn admits(guard: &Guard, url: &str) -> bool {
        match Url::parse(url) {
            Ok(url) => guard.admit(&url).await.is_ok(),
            Err(_) => false,
        }
    }

    #[tokio::test]
    async fn every_spelling_of_an_inner_address_is_refused() {
        let guard = guard(false, &["93.184.216.34"]);
        for url in [
            "http://127.0.0.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://127。0。0。1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[64:ff9b:1::1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:0:1::1]/",
            "http://[fc00::1]/",
            "http://[fe80::1]/",
            "http://[ff02::1]/",
            "http://[2001:db8::1]/",
            "http://[::127.0.0.1]/",
            "http://169.254.169.254/latest/",
            "http://10.0.0.1/",
            "http://172.16.3.4/",
            "http://192.168.1.1/",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://192.0.0.8/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://240.0.0.1/",
            "http://255.255.255.255/",
            "http://203.0.113.9/",
            "file:///etc/passwd",
            "ftp://a.example/",
            "gopher://a.example/",
            "http://a.example:22/",
            "http://a.example:8080/",
        ] {
            assert!(!admits(&guard, url).await, "{url}");
        }
        for url in [
            "http://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "https://a.example/",
            "http://a.example:80/",
            "https://a.example:443/",
        ] {
            assert!(admits(&guard, url).await, "{url}");
        }
    }

    #[tokio::test]
    async fn one_bad_address_of_a_name_refuses_the_name() {
        assert!(!admits(&guard(false, &["93.184.216.34", "10.0.0.1"]), "http://a.example/").await);
        assert!(!admits(&guard(false, &[]), "http://a.example/").await);
    }

    #[tokio::test]
    async fn a_name_with_many_servers_keeps_its_open_connections_and_gains_no_other() {
        let answers = Arc::new(Mutex::new(vec!["203.0.112.9", "93.184.216.34"]));
        let guard = Guard::new(
            false,
            Arc::new(move |_| {
                let answer: IpAddr = answers.lock().unwrap().pop().unwrap().parse().unwrap();
                Box::pin(async move { Ok(vec![answer]) })
            }),
        );
        let url = Url::parse("https://a.example/").unwrap();
        guard.admit(&url).await.unwrap();
        guard.admit(&url).await.unwrap();
        let of = |text: &str| guard.has_admitted(&url, text.parse().unwrap());
        assert!(of("93.184.216.34") && of("203.0.112.9"));
        assert!(!of("93.184.216.35") && !of("127.0.0.1"));
    }

    #[tokio::test]
    async fn the_loopback_flag_opens_loopback_only() {
        let local = guard(true, &["127.0.0.1"]);
        assert!(admits(&local, "http://127.0.0.1:8080/").await);
        assert!(admits(&local, "http://localhost:8080/").await);
        assert!(admits(&local, "http://[::1]:8080/").await);
        assert!(!admits(&local, "http://10.0.0.1/").await);
        assert!(!admits(&local, "http://[::ffff:127.0.0.1]:8080/").await);
        assert!(!admits(&guard(true, &["93.184.216.34"]), "http://a.example:8080/").await);
        assert!(!admits(&guard(true, &["127.0.0.1", "93.184.216.34"]), "http://a.example:8080/").await);
    }
}
