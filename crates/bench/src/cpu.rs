//! CPU time of the calling thread, and medians over interleaved rounds.

/// Nanoseconds that this thread has run on a core.
pub fn thread_ns() -> u64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next().and_then(|first| first.parse().ok()))
        .unwrap_or(0)
}

/// One contestant: a name, and a pass over the whole corpus that gives a number to keep the work from being left out.
pub struct Contestant<'a> {
    /// What the table calls it.
    pub name: String,
    /// How many posts a pass reads.
    pub posts: usize,
    /// One pass.
    pub pass: Box<dyn FnMut() -> u64 + 'a>,
}

/// Median CPU microseconds a post of each contestant, all taking turns in each round.
pub fn interleaved(contestants: &mut [Contestant<'_>], rounds: usize) -> Vec<f64> {
    let mut spent: Vec<Vec<f64>> = vec![Vec::new(); contestants.len()];
    for round in 0..=rounds {
        for (contestant, spent) in contestants.iter_mut().zip(&mut spent) {
            let before = thread_ns();
            std::hint::black_box((contestant.pass)());
            // The first round warms caches and is not counted.
            if round > 0 {
                spent.push((thread_ns() - before) as f64 / 1_000.0 / contestant.posts as f64);
            }
        }
    }
    spent
        .into_iter()
        .map(|mut times| {
            times.sort_by(f64::total_cmp);
            times.get(times.len() / 2).copied().unwrap_or(0.0)
        })
        .collect()
}
