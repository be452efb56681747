//! Figures with their uncertainty: Wilson intervals, average precision, bootstrap over groups.
//!
//! Everything is deterministic: the bootstrap draws from a fixed generator.

use serde::Serialize;

/// A share `hits` of `of` with its 95 % Wilson interval (Wilson 1927).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// How many.
    pub hits: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    /// The share itself; absent when there is nothing to share.
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// Lower and upper bound of the 95 % Wilson interval.
    pub fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (n, z) = (self.of as f64, 1.959_963_984_540_054_f64);
        let p = self.hits as f64 / n;
        let centre = p + z * z / (2.0 * n);
        let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let scale = 1.0 + z * z / n;
        (((centre - half) / scale).max(0.0), ((centre + half) / scale).min(1.0))
    }

    /// Counts one more.
    pub fn count(&mut self, hit: bool) {
        self.hits += usize::from(hit);
        self.of += 1;
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value() {
            None => f.write_str("–"),
            Some(value) => {
                let (low, high) = self.interval();
                write!(f, "{value:.3} [{low:.2}, {high:.2}] ({}/{})", self.hits, self.of)
            }
        }
    }
}

/// Hits and misses of a yes-or-no decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Confusion {
    /// Lures that raised.
    pub true_alerts: usize,
    /// Benign posts that raised.
    pub false_alerts: usize,
    /// Lures that did not.
    pub missed: usize,
    /// Benign posts that did not.
    pub true_quiet: usize,
}

impl Confusion {
    /// Counts one decision.
    pub fn count(&mut self, lure: bool, alert: bool) {
        match (lure, alert) {
            (true, true) => self.true_alerts += 1,
            (false, true) => self.false_alerts += 1,
            (true, false) => self.missed += 1,
            (false, false) => self.true_quiet += 1,
        }
    }

    /// Alerts that are lures.
    pub fn precision(&self) -> Share {
        Share { hits: self.true_alerts, of: self.true_alerts + self.false_alerts }
    }

    /// Lures that raised.
    pub fn recall(&self) -> Share {
        Share { hits: self.true_alerts, of: self.true_alerts + self.missed }
    }

    /// Benign posts that raised.
    pub fn false_alarms(&self) -> Share {
        Share { hits: self.false_alerts, of: self.false_alerts + self.true_quiet }
    }

    /// Harmonic mean of precision and recall; 0 when there is neither.
    pub fn f1(&self) -> f64 {
        let of = 2 * self.true_alerts + self.false_alerts + self.missed;
        if of == 0 { 0.0 } else { 2.0 * self.true_alerts as f64 / of as f64 }
    }
}

/// One post's score and truth, and the number of its group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Higher means more likely a lure.
    pub score: f64,
    /// Whether it raised.
    pub alert: bool,
    /// Whether it must.
    pub lure: bool,
    /// Posts of a group are drawn together.
    pub group: usize,
}

/// Average precision; posts of equal score count as one step, so that the order of the input cannot matter.
pub fn average_precision(posts: &[Scored]) -> f64 {
    let mut sorted: Vec<(f64, bool)> = posts.iter().map(|p| (p.score, p.lure)).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let lures = sorted.iter().filter(|p| p.1).count();
    if lures == 0 {
        return 0.0;
    }
    let (mut seen, mut hits, mut sum) = (0usize, 0usize, 0.0);
    for step in sorted.chunk_by(|a, b| a.0 == b.0) {
        let fresh = step.iter().filter(|p| p.1).count();
        seen += step.len();
        hits += fresh;
        sum += fresh as f64 * hits as f64 / seen as f64;
    }
    sum / lures as f64
}

/// Recall at the lowest threshold that keeps the share of false alarms at most `most`.
pub fn recall_at(posts: &[Scored], most: f64) -> Share {
    let mut sorted: Vec<(f64, bool)> = posts.iter().map(|p| (p.score, p.lure)).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let benign = sorted.iter().filter(|p| !p.1).count();
    let lures = sorted.len() - benign;
    let allowed = (most * benign as f64).floor() as usize;
    let (mut hits, mut alarms) = (0, 0);
    for step in sorted.chunk_by(|a, b| a.0 == b.0) {
        alarms += step.iter().filter(|p| !p.1).count();
        if alarms > allowed {
            break;
        }
        hits += step.iter().filter(|p| p.1).count();
    }
    Share { hits, of: lures }
}

/// F1 of the posts' own decisions.
pub fn f1(posts: &[Scored]) -> f64 {
    let mut confusion = Confusion::default();
    for post in posts {
        confusion.count(post.lure, post.alert);
    }
    confusion.f1()
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, the same everywhere.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// A generator that always gives the same numbers.
    pub fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n.max(1) as u128) >> 64) as usize
    }
}

/// 95 % interval of the difference `figure(a) − figure(b)` over the same posts, drawing whole groups with replacement.
pub fn paired_bootstrap(a: &[Scored], b: &[Scored], figure: fn(&[Scored]) -> f64, draws: usize) -> (f64, f64, f64) {
    let groups = a.iter().map(|p| p.group + 1).max().unwrap_or(0);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); groups];
    for (index, post) in a.iter().enumerate() {
        if let Some(list) = members.get_mut(post.group) {
            list.push(index);
        }
    }
    let mut draw = Draw::new(20_261_124);
    let mut differences = Vec::with_capacity(draws);
    let (mut drawn_a, mut drawn_b) = (Vec::new(), Vec::new());
    for _ in 0..draws {
        drawn_a.clear();
        drawn_b.clear();
        for _ in 0..groups {
            for index in members.get(draw.below(groups)).into_iter().flatten() {
                drawn_a.extend(a.get(*index).copied());
                drawn_b.extend(b.get(*index).copied());
            }
        }
        differences.push(figure(&drawn_a) - figure(&drawn_b));
    }
    differences.sort_by(f64::total_cmp);
    let at = |share: f64| differences.get((share * draws as f64) as usize).copied().unwrap_or(0.0);
    (figure(a) - figure(b), at(0.025), at(0.975))
}

/// 95 % interval of a figure, drawing whole groups with replacement.
pub fn bootstrap(posts: &[Scored], figure: fn(&[Scored]) -> f64, draws: usize) -> (f64, f64) {
    let none: Vec<Scored> = posts.iter().map(|p| Scored { score: 0.0, alert: false, lure: false, ..*p }).collect();
    // Every figure here is 0 when there is no lure, so the difference is the figure itself.
    let (_, low, high) = paired_bootstrap(posts, &none, figure, draws);
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_the_published_examples() {
        for (hits, of, low, high) in [(48, 53, 0.80, 0.96), (90, 100, 0.83, 0.94), (5, 6, 0.44, 0.97)] {
            let (l, h) = Share { hits, of }.interval();
            assert!((l - low).abs() < 0.006 && (h - high).abs() < 0.006, "{hits}/{of}: {l} {h}");
        }
    }

    fn scored(list: &[(f64, bool)]) -> Vec<Scored> {
        list.iter()
            .enumerate()
            .map(|(group, (score, lure))| Scored { score: *score, alert: *score > 0.5, lure: *lure, group })
            .collect()
    }

    #[test]
    fn average_precision_by_hand() {
        assert_eq!(average_precision(&scored(&[(0.9, true), (0.8, false), (0.7, true)])), (1.0 + 2.0 / 3.0) / 2.0);
        assert_eq!(average_precision(&scored(&[(0.5, true), (0.5, false)])), 0.5, "a tie is one step");
    }

    #[test]
    fn recall_at_a_share_of_false_alarms() {
        let posts = scored(&[(0.9, true), (0.8, false), (0.7, true), (0.1, false)]);
        assert_eq!(recall_at(&posts, 0.0).hits, 1);
        assert_eq!(recall_at(&posts, 0.5).hits, 2);
    }

    #[test]
    fn the_interval_holds_the_figure() {
        let posts: Vec<Scored> = scored(&(0..60).map(|i| (f64::from(i % 7) / 7.0, i % 3 == 0)).collect::<Vec<_>>());
        let (low, high) = bootstrap(&posts, f1, 500);
        assert!(low <= f1(&posts) && f1(&posts) <= high);
    }
}
