//! No sequence of moves, by whomever, reaches a state that the design forbids.

use model::{
    AlertState, CaseMove, CaseStanding, CaseState, Person, ReferralState, Role, SourceState, TakedownState, Verdict,
};
use proptest::prelude::*;

fn a_person() -> impl Strategy<Value = Person> {
    (0..4_u8, proptest::sample::select(Role::ALL)).prop_map(|(n, role)| Person {
        id: format!("u{n}"),
        name: format!("Người {n}"),
        role,
        unit: None,
    })
}

fn steps() -> impl Strategy<Value = Vec<(CaseMove, Person)>> {
    proptest::collection::vec((proptest::sample::select(CaseMove::ALL), a_person()), 0..60)
}

/// Steps that lead somewhere more often than chance does: each is tried by everybody.
fn likely_steps() -> impl Strategy<Value = Vec<(CaseMove, Person)>> {
    use CaseMove::*;
    let path = [Join, Ask, Sign, Seal, Acknowledge, Return, Join, Ask, Decline, Ask, Sign, Seal, Acknowledge, Close];
    (proptest::collection::vec(a_person(), path.len()), proptest::collection::vec(any::<bool>(), path.len())).prop_map(
        move |(people, kept)| {
            path.into_iter()
                .zip(people)
                .zip(kept)
                .filter(|(_, kept)| *kept)
                .flat_map(|((step, person), _)| {
                    let lead = Person { role: Role::Lead, ..person.clone() };
                    let officer = Person { role: Role::Officer, ..person.clone() };
                    [(step, person), (step, lead), (step, officer)]
                })
                .collect()
        },
    )
}

/// Walks the legal steps and checks every standing that is reached.
fn walk(steps: Vec<(CaseMove, Person)>) -> Result<CaseStanding, TestCaseError> {
    let mut at = CaseStanding::opened();
    let mut asked: Option<Person> = None;
    let mut signed: Option<Person> = None;
    for (step, person) in steps {
        let Ok(next) = at.after(step, &person) else { continue };
        match step {
            CaseMove::Ask => asked = Some(person),
            CaseMove::Sign => signed = Some(person),
            CaseMove::Decline | CaseMove::Return => (asked, signed) = (None, None),
            _ => {}
        }
        at = next;
        if at.sealed {
            let (first, second) = (asked.as_ref(), signed.as_ref());
            let (first, second) = first.zip(second).ok_or_else(|| TestCaseError::fail("sealed without signatures"))?;
            prop_assert_ne!(&first.id, &second.id);
            prop_assert_eq!(second.role, Role::Lead);
            prop_assert!(matches!(first.role, Role::Analyst | Role::Lead));
            prop_assert!(at.alerts > 0);
        }
        if matches!(at.state, CaseState::Escalated | CaseState::Acknowledged) {
            prop_assert!(at.signed_by.is_some());
        }
        if at.state == CaseState::Acknowledged {
            prop_assert!(at.sealed);
        }
    }
    Ok(at)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_path_seals_without_two_people(steps in steps()) {
        walk(steps)?;
    }

    #[test]
    fn no_likely_path_does_either(steps in likely_steps()) {
        walk(steps)?;
    }

    #[test]
    fn a_decided_alert_stays_decided(
        verdicts in proptest::collection::vec((proptest::sample::select(Verdict::ALL), a_person()), 0..20),
    ) {
        let (mut alert, mut referral) = (AlertState::Open, ReferralState::Open);
        for (verdict, person) in verdicts {
            if let Ok(next) = alert.after(verdict, &person) {
                prop_assert_eq!(alert, AlertState::Open);
                prop_assert!(matches!(person.role, Role::Analyst | Role::Lead));
                alert = next;
            }
            if let Ok(next) = referral.after(verdict, &person) {
                prop_assert_eq!(referral, ReferralState::Open);
                referral = next;
            }
        }
    }

    #[test]
    fn ended_things_stay_ended(person in a_person(), source in proptest::sample::select(SourceState::ALL),
                               takedown in proptest::sample::select(TakedownState::ALL)) {
        prop_assert!(SourceState::Retired.moved(source, true).is_err());
        for ended in [TakedownState::Removed, TakedownState::Refused, TakedownState::Lapsed] {
            prop_assert!(ended.after(takedown, &person).is_err());
        }
        prop_assert!(source.moved(SourceState::Enabled, false).is_err());
    }
}

/// The walk above proves little unless it gets to the end: here is the way there.
#[test]
fn the_straight_way_seals() -> Result<(), model::Refusal> {
    let person = |id: &str, role| Person { id: id.to_owned(), name: id.to_owned(), role, unit: None };
    let (analyst, lead, officer) = (person("a", Role::Analyst), person("l", Role::Lead), person("o", Role::Officer));
    let mut at = CaseStanding::opened();
    for (step, by) in [
        (CaseMove::Join, &analyst),
        (CaseMove::Ask, &analyst),
        (CaseMove::Sign, &lead),
        (CaseMove::Seal, &lead),
        (CaseMove::Acknowledge, &officer),
    ] {
        at = at.after(step, by)?;
    }
    assert!(at.sealed && at.state == CaseState::Acknowledged);
    Ok(())
}
