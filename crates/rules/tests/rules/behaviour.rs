//! What people who edit the data files rely on.

use crate::tiny::{assess, compile, tiny, with};

#[test]
fn an_offer_alerts_and_its_points_add_up() {
    let a = assess("Tuyển người sang Cam, bao vé. Đi ngay, ib mình");
    assert!(a.alert && !a.referral);
    assert_eq!((a.points, a.priority), (55, Some(1)), "{a:?}");
    let listed: Vec<(&str, i32)> = a.findings.iter().map(|f| (f.rule.as_str(), f.points)).collect();
    assert_eq!(listed, [("abroad", 50), ("travel-paid", 10), ("destination", -5)]);
    assert_eq!(a.findings[0].text, "Tuyển người sang Cam … ib mình");
    assert_eq!(a.urgency[0].id, "departure");
}

#[test]
fn a_warning_calms_but_never_a_child_sale() {
    assert!(!assess("Công an cảnh báo: tuyển người sang Cam, bao vé, ib mình").alert);
    let a = assess("Công an cảnh báo: bán bé trai, ib mình");
    assert!(a.alert, "{a:?}");
    assert!(a.findings.iter().any(|f| f.rule == "shield" && f.points == 30));
    for family in &a.families {
        let sum: i32 = a.findings.iter().filter(|f| f.family == family.family).map(|f| f.points).sum();
        assert_eq!(sum, family.points);
    }
}

#[test]
fn a_guard_voids_what_it_stands_before() {
    assert!(!assess("đừng sang Cam, bao vé, ib mình kể cho nghe").alert);
    assert!(
        assess("Đừng lo. Cần người sang Cam, bao vé, ib mình").alert,
        "a guard does not reach into the next sentence"
    );
}

#[test]
fn nothing_seen_costs_nothing() {
    let a = assess("Hôm nay trời đẹp quá");
    assert!(!a.alert && a.findings.is_empty() && a.families.is_empty() && a.priority.is_none());
}

#[test]
fn title_and_text_are_read_together() {
    let reading = text::read(Some("Tuyển người sang Cam"), "bao vé, ib mình", None);
    let a = compile(&tiny()).assess(&reading);
    assert!(a.alert);
    let travel = a.findings.iter().find(|f| f.rule == "travel-paid").expect("travel-paid");
    assert_eq!((travel.field, travel.text.as_str()), (text::Field::Text, "bao vé"));
}

#[test]
fn the_id_follows_the_bytes_not_the_order() {
    let mut reversed = tiny();
    reversed.reverse();
    assert_eq!(compile(&tiny()).id(), compile(&reversed).id());
    let changed = with("lexicons/abroad.csv", "qua Lào,no", "qua Lào,yes");
    assert_ne!(compile(&tiny()).id(), compile(&changed).id());
}
