//! How long bulk recording takes: `cargo test -p store --release -- --ignored --nocapture bulk`.

use std::time::Instant;

use crate::help::{Bed, NOW, harmless, lure, with_phone};

/// CPU time of this process so far, in microseconds (Linux counts it in hundredths of a second).
fn cpu_us() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |n: usize| fields.get(n).and_then(|it| it.parse::<f64>().ok()).expect("a number of ticks");
    (ticks(11) + ticks(12)) * 10_000.0
}

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
    let (began, cpu) = (Instant::now(), cpu_us());
    for (n, chunk) in all.chunks(size).enumerate() {
        let now = NOW + i64::try_from(n).expect("a small number");
        let batch = bed.batch(chunk.to_vec(), now).await;
        bed.store.record(&batch, now).await.expect("recorded");
    }
    let took = began.elapsed();
    let cpu = (cpu_us() - cpu) / f64::from(posts);
    println!("{posts} posts in {took:?}: CPU {cpu:.1} us a post, one in 25 raised, originals and audit included");
    let began = Instant::now();
    for _ in 0..50 {
        bed.alerts(NOW).await;
    }
    println!("a page of the queue: {:?}", began.elapsed() / 50);
}
