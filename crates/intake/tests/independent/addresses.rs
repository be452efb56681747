//! Addresses: the WPT cases of the URL Standard, as crate url carries them.

use std::net::IpAddr;
use std::sync::Arc;

use intake::fetch::address::{Guard, is_global};
use intake::{canonical_address, canonical_url};
use url::{Host, Url};

use crate::crate_file;

#[tokio::test]
async fn wpt_cases_have_one_spelling_and_open_no_inner_address() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(&crate_file("url", "tests/urltestdata.json")).unwrap();
    let guard = Guard::new(false, Arc::new(|_| Box::pin(async { Ok(vec![IpAddr::from([93, 184, 216, 34])]) })));
    let (mut parsed, mut failures, mut inner) = (0, 0, 0);
    for case in cases.iter().filter(|case| case.is_object()) {
        let input = case["input"].as_str().unwrap();
        let base = case["base"].as_str().and_then(|base| Url::parse(base).ok());
        let found = canonical_address(input, base.as_ref());
        if case["failure"] == true {
            // Blanks around an address are taken off before it is read, and NFC may only make a host that is none.
            assert_eq!(found, None, "{input:?} is no address");
            failures += 1;
            continue;
        }
        let protocol = case["protocol"].as_str().unwrap();
        if !matches!(protocol, "http:" | "https:") {
            assert_eq!(found, None, "{input:?} is nothing that we open");
            continue;
        }
        let found = Url::parse(&found.unwrap_or_else(|| panic!("{input:?} is an address"))).unwrap();
        parsed += 1;
        assert_eq!(found.host_str().unwrap_or_default(), case["hostname"].as_str().unwrap(), "{input:?}");
        assert_eq!(
            found.port().map(|port| port.to_string()).unwrap_or_default(),
            case["port"].as_str().unwrap(),
            "{input:?}"
        );
        assert_eq!(found.fragment(), None, "{input:?}");
        assert_eq!((found.username(), found.password()), ("", None), "{input:?}");
        assert_eq!(canonical_url(&found), found, "{input:?} has one spelling");
        let address = match found.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if let Some(address) = address.filter(|address| !is_global(*address)) {
            inner += 1;
            assert!(guard.admit(&found).await.is_err(), "{input:?} leads to {address}");
        }
    }
    assert!(parsed > 200 && failures > 150 && inner > 10, "{parsed} parsed, {failures} failures, {inner} inner");
}
