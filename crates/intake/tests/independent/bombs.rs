//! Decompression bombs: those of Scrapy's own tests stay small here.

use intake::fetch::content::{Caps, ContentError, decode};

use crate::pypi_source;

#[test]
fn scrapy_s_bombs_do_not_go_off() {
    let folder = pypi_source("scrapy", "tests/sample_data/compressed");
    for (file, encoding) in
        [("bomb-br.bin", "br"), ("bomb-gzip.bin", "gzip"), ("bomb-deflate.bin", "deflate"), ("bomb-zstd.bin", "zstd")]
    {
        let body = std::fs::read(folder.join(file))
            .unwrap_or_else(|error| panic!("scrapy's source package has no {file}: {error}"));
        let outcome = decode(&body, Some(encoding), &Caps::default());
        assert!(
            matches!(outcome, Err(ContentError::Bomb(_) | ContentError::TooLarge(_))),
            "{file}: {:?} of {} bytes",
            outcome.map(|decoded| decoded.len()),
            body.len()
        );
    }
}
