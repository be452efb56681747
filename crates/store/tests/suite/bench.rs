//! How long bulk recording takes: `cargo test -p store --release -- --ignored --nocapture bulk`.

use std::time::Instant;

use crate::help::{Bed, NOW, harmless, lure, with_phone};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "it is there to be read")]
async fn bulk_recording() {
    let bed = Bed::new().await;
    let filler = "Cần bán gấp chiếc xe đạp điện còn mới, đi được hơn một năm, giá thương lượng cho bạn nào thiện chí. ";
    let (posts, size) = (40_000_u32, 500_usize);
    let all: Vec<_> = (0..posts)
        .map(|n| {
            let text = format!("{n} {}", filler.repeat(3));
            if n % 25 == 0 {
                with_phone(lure(&n.to_string(), &text, 3), &format!("+8490{:07}", n % 400))
            } else {
                harmless(&n.to_string(), &text)
            }
        })
        .collect();
    let began = Instant::now();
    for (n, chunk) in all.chunks(size).enumerate() {
        let now = NOW + i64::try_from(n).expect("a small number");
        let batch = bed.batch(chunk.to_vec(), now).await;
        bed.store.record(&batch, now).await.expect("recorded");
    }
    let took = began.elapsed();
    println!("{posts} posts in {took:?}: {:.1} us a post", took.as_secs_f64() * 1e6 / f64::from(posts));
    let began = Instant::now();
    for _ in 0..50 {
        bed.alerts(NOW).await;
    }
    println!("a page of the queue: {:?}", began.elapsed() / 50);
}
