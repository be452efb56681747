//! Whether a signal can only raise, only calm, or both: what a person who adds a word to it should know.

use model::Stance;

use crate::lists::Lists;
use crate::ruleset::{Ruleset, Source};

/// What more occurrences of a signal can do to a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polarity {
    /// Can raise, and never quiets an alert.
    Raising,
    /// Can calm, and never adds an alert.
    Calming,
    /// Can do both.
    Mixed,
    /// Nothing that counts speaks of it.
    Unused,
}

/// (can raise, can calm)
type Roles = (bool, bool);

fn add(roles: &mut [Roles], signal: u16, (up, down): Roles) {
    if let Some(role) = roles.get_mut(signal as usize) {
        role.0 |= up;
        role.1 |= down;
    }
}

fn add_lists(roles: &mut [Roles], lists: &Lists, (up, down): Roles) {
    for signal in lists.all.iter().chain(&lists.any) {
        add(roles, *signal, (up, down));
    }
    for signal in &lists.none {
        add(roles, *signal, (down, up));
    }
}

impl Ruleset {
    /// What adding a term to a lexicon, or an occurrence to a signal, can do. Learned weights are not counted: they are
    /// bounded, and trained again.
    pub fn polarity(&self, name: &str) -> Polarity {
        let mut roles = vec![(false, false); self.signals.len()];
        // Points speak for an offer; where another stance counts them too, raising rules can quiet an alert.
        let against = self.stances.iter().any(|s| !offers(s.stance) && s.percent_of_points > 0);
        for rule in self.rules.iter().filter(|r| r.points != 0) {
            let up = rule.points > 0;
            add_lists(&mut roles, &rule.lists, (up, !up || against));
        }
        for model in &self.stances {
            let of = |weight: i32| {
                let up = (weight > 0) == offers(model.stance);
                (up, !up)
            };
            for (signal, weight, _) in model.signals.iter().filter(|(_, w, _)| *w != 0) {
                add(&mut roles, *signal, of(*weight));
            }
            for (group, weight, _) in model.groups.iter().filter(|(_, w, _)| *w != 0) {
                for signal in self.group_signals.get(*group as usize).into_iter().flatten() {
                    add(&mut roles, *signal, of(*weight));
                }
            }
        }
        for signal in &self.shield_signals {
            add(&mut roles, *signal, (true, false));
        }
        // Every signal stands after its members, so backwards each is complete before it is passed on.
        for number in (0..self.signals.len()).rev() {
            let (Some(signal), Some(&role)) = (self.signals.get(number), roles.get(number)) else { continue };
            if let Source::Lists(lists) = &signal.source {
                add_lists(&mut roles, lists, role);
            }
            for guard in signal.guard.before.iter().chain(&signal.guard.after).chain(&signal.guard.inside) {
                add(&mut roles, *guard, (role.1, role.0));
            }
        }
        let found = self.signals.iter().position(|s| s.name == name).and_then(|number| roles.get(number));
        match found {
            Some((true, true)) => Polarity::Mixed,
            Some((true, false)) => Polarity::Raising,
            Some((false, true)) => Polarity::Calming,
            Some((false, false)) | None => Polarity::Unused,
        }
    }
}

fn offers(stance: Stance) -> bool {
    matches!(stance, Stance::Offer | Stance::SelfOffer)
}
