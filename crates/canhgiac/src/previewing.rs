//! Previewing rules: what a draft would have raised of the last days, beside what stands.

use std::sync::Arc;

use anyhow::Result;
use model::{Family, Stance};
use rules::Ruleset;
use store::{PastPost, Store};
use web::{BeforeAfter, Changed, Preview};

/// Posts that are read together.
const PAGE: u32 = 2_000;
/// Changed posts that are listed; the others are counted.
const LISTED: usize = 20;

/// What a ruleset raises of a post.
struct Raises {
    families: Vec<String>,
    stance: Stance,
}

impl Raises {
    fn of(ruleset: &Ruleset, post: &PastPost) -> Raises {
        let reading = text::read(post.title.as_deref(), &post.text, post.posted_at_ms);
        let assessment = ruleset.assess(&reading);
        let over = assessment.families.iter().filter(|score| score.points >= score.threshold);
        Raises { families: over.map(|score| score.family.id().to_owned()).collect(), stance: assessment.stance }
    }

    fn is_alert(&self) -> bool {
        matches!(self.stance, Stance::Offer | Stance::SelfOffer) && !self.families.is_empty()
    }

    fn is_referral(&self) -> bool {
        matches!(self.stance, Stance::SelfOffer | Stance::Seeker)
    }
}

/// Reads the posts first seen at or after `since_ms` by the draft. `watch` hears how far it is (sequence number and the
/// last one); when it says no, the preview ends without a result.
pub async fn preview(
    store: &Store,
    in_force: &Arc<Ruleset>,
    draft: &Arc<Ruleset>,
    since_ms: i64,
    mut watch: impl FnMut(u64, u64) -> bool,
) -> Result<Option<Preview>> {
    let last = store.last_seq().await?;
    let mut preview =
        Preview { ruleset: draft.id().to_owned(), in_force: in_force.id().to_owned(), ..Preview::default() };
    preview.families = Family::ALL.iter().map(|family| (family.id().to_owned(), BeforeAfter::default())).collect();
    let mut page = store.past_posts(since_ms, 0, PAGE).await?;
    while let Some(seq) = page.last().map(|post| post.seq) {
        if !watch(seq.unsigned_abs(), last.unsigned_abs()) {
            return Ok(None);
        }
        let (in_force, draft) = (in_force.clone(), draft.clone());
        // The next page is read while this one is assessed.
        let judged = tokio::task::spawn_blocking(move || judge(&in_force, &draft, page));
        let (next, judged) = tokio::join!(store.past_posts(since_ms, seq, PAGE), judged);
        for (post, before, after) in judged? {
            count(&mut preview, &post, &before, &after);
        }
        page = next?;
    }
    preview.families.retain(|(_, both)| both.before + both.after > 0);
    Ok(Some(preview))
}

fn judge(in_force: &Ruleset, draft: &Ruleset, posts: Vec<PastPost>) -> Vec<(PastPost, Raises, Raises)> {
    crate::cores::each(posts, |mut post| {
        // What the rules in force said of a post stands in the store; only a post that they never read is read twice.
        let before = match post.stance {
            Some(stance) if post.ruleset.as_deref() == Some(in_force.id()) => {
                Raises { families: std::mem::take(&mut post.families), stance }
            }
            _ => Raises::of(in_force, &post),
        };
        let after = Raises::of(draft, &post);
        (post, before, after)
    })
}

/// Counts one post into a preview.
fn count(preview: &mut Preview, post: &PastPost, before: &Raises, after: &Raises) {
    preview.posts += 1;
    preview.alerts.before += u64::from(before.is_alert());
    preview.alerts.after += u64::from(after.is_alert());
    preview.referrals.before += u64::from(before.is_referral());
    preview.referrals.after += u64::from(after.is_referral());
    for (family, both) in &mut preview.families {
        both.before += u64::from(before.is_alert() && before.families.contains(family));
        both.after += u64::from(after.is_alert() && after.families.contains(family));
    }
    let changed = |families: &[String]| Changed {
        source: post.source.clone(),
        native_id: post.native_id.clone(),
        families: families.to_vec(),
    };
    match (before.is_alert(), after.is_alert()) {
        (false, true) => {
            preview.coming += 1;
            if preview.coming_first.len() < LISTED {
                preview.coming_first.push(changed(&after.families));
            }
        }
        (true, false) => {
            preview.going += 1;
            if preview.going_first.len() < LISTED {
                preview.going_first.push(changed(&before.families));
            }
        }
        _ => {}
    }
}
