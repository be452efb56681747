//! The same work on many values, on all cores, in their order.

/// Applies `work` to each value; a share of the values to each core.
pub fn each<In: Send, Out: Send>(values: Vec<In>, work: impl Fn(In) -> Out + Sync) -> Vec<Out> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = values.len().div_ceil(cores).max(1);
    let mut shares: Vec<Vec<In>> = Vec::new();
    let mut values = values.into_iter();
    loop {
        let part: Vec<In> = values.by_ref().take(share).collect();
        if part.is_empty() {
            break;
        }
        shares.push(part);
    }
    let work = &work;
    std::thread::scope(|scope| {
        let workers: Vec<_> = shares
            .into_iter()
            .map(|part| scope.spawn(move || part.into_iter().map(work).collect::<Vec<Out>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
