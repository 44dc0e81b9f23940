//! Any answer to any contest is refused with words, or becomes cells that keep every relation; contests and answers that
//! are read are written back byte for byte; totals are read only if there is one for each cell.

#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use voting_core::codec;
use voting_core::contest::{Budget, Cap, Choice, Contest, Grades, Kind, Method, Mode, Points, Ranking, Selection};
use voting_core::ids::OptionIndex;
use voting_core::testing::{contest_of, label_digests};

fn kind(u: &mut Unstructured<'_>) -> Result<Kind> {
    let blank = u.arbitrary()?;
    Ok(match u.int_in_range(0..=3)? {
        0 => Kind::Selection(Selection { min: u.int_in_range(0..=9)?, max: u.int_in_range(0..=9)?, blank }),
        1 => {
            let cap = |u: &mut Unstructured<'_>| {
                let (criterion, grade) = (u.arbitrary::<Option<u8>>()?, u.int_in_range(0..=5)?);
                let criterion = criterion.map(|criterion| u32::from(criterion % 4));
                Ok(Cap { criterion, grade, lo: u.int_in_range(0..=9)?, hi: u.int_in_range(0..=9)? })
            };
            let caps = (0..u.int_in_range(0..=3)?).map(|_| cap(u)).collect::<Result<_>>()?;
            let criteria = label_digests(1_000, u.int_in_range(0..=3)?);
            let grades = label_digests(2_000, u.int_in_range(0..=5)?);
            Kind::Grades(Grades { criteria, grades, rows_may_be_blank: blank, caps, median: u.arbitrary()? })
        }
        2 => {
            let budget = if u.arbitrary()? { Budget::Weight } else { Budget::Fixed(u.arbitrary::<u64>()?.max(1)) };
            Kind::Points(Points { max: u.arbitrary()?, budget, exact: u.arbitrary()?, blank })
        }
        _ => {
            let mode = if u.arbitrary()? { Mode::UnrankedLast } else { Mode::RankedOnly };
            Kind::Ranking(Ranking { mode, ties: u.arbitrary()?, blank, method: *u.choose(&Method::ALL)? })
        }
    })
}

fn choice(u: &mut Unstructured<'_>) -> Result<Choice> {
    Ok(match u.int_in_range(0..=4)? {
        0 => Choice::Blank,
        1 => Choice::Selection(u.arbitrary::<Vec<u8>>()?.into_iter().map(|i| OptionIndex(i.into())).collect()),
        2 => Choice::Grades(u.arbitrary()?),
        3 => Choice::Points(u.arbitrary()?),
        _ => Choice::Ranking(u.arbitrary()?),
    })
}

fn check(contest: &Contest, choice: &Choice, weight: u64) {
    let bytes = codec::to_bytes(contest);
    assert_eq!(codec::from_bytes::<Contest>(&bytes, bytes.len()).as_ref(), Ok(contest));
    let totals = vec![weight; contest.cells()];
    assert!(contest.read_totals(&totals).is_some() || totals.is_empty() || matches!(contest.kind, Kind::Grades(_)));
    let sections: std::result::Result<Vec<_>, _> =
        (0..contest.sections()).map(|section| contest.section(section, weight)).collect();
    let (Ok(sections), values) = (sections, contest.values(choice, weight)) else { return };
    let values = match values {
        Ok(values) => values,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    // The rule itself may be one that a manifest refuses, such as a cap above the number of persons: its cells fit all the same.
    assert_eq!(values.len(), sections.len());
    for (section, (values, rules)) in values.iter().zip(&sections).enumerate() {
        assert_eq!(values.len(), rules.statement().values().len());
        let signed: Vec<i64> = values.iter().map(|value| i64::try_from(*value).expect("below 2^63")).collect();
        assert_eq!(contest.broken_by(section, weight, &signed), None);
    }
}

fn case(data: &[u8]) -> Result<()> {
    let mut u = Unstructured::new(data);
    let kind = kind(&mut u)?;
    let contest = contest_of(u.int_in_range(0..=9)?, kind, &[0], false);
    let weight = u.int_in_range(1..=1_u64 << 40)?;
    check(&contest, &choice(&mut u)?, weight);
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    let _ = case(data);
    if let Ok(choice) = codec::from_bytes::<Choice>(data, 65_536) {
        assert_eq!(codec::to_bytes(&choice), data);
    }
    if let Ok(contest) = codec::from_bytes::<Contest>(data, 65_535) {
        assert_eq!(codec::to_bytes(&contest), data);
    }
});
