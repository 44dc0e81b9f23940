//! What all kinds share: helpers of their tests, names, bytes, follow-up rounds, and random answers of every kind.

use proofs::linear::{Carrier, Statement};
use proptest::prelude::*;

use super::*;
use crate::codec;
use crate::testing::{chosen, contest, contest_of, grades};

/// Whether values keep the ranges and relations of a statement.
pub(super) fn satisfies(statement: &Statement, values: &[i64]) -> bool {
    assert_eq!(statement.values().len(), values.len());
    let mut ranges = statement.values().iter().zip(values);
    ranges.all(|(value, found)| (0..=value.max as i64).contains(found))
        && statement.relations().iter().all(|relation| {
            let sum: i64 = relation.terms.iter().map(|(i, c)| c * values[*i]).sum();
            (relation.lo..=relation.hi).contains(&sum)
        })
}

/// The same for a section, where the words for the first broken demand must agree with the statement that is proved.
pub(super) fn keeps(contest: &Contest, section: usize, weight: u64, values: &[i64]) -> bool {
    let holds = satisfies(contest.section(section, weight).unwrap().statement(), values);
    assert_eq!(contest.broken_by(section, weight, values).is_none(), holds, "{values:?}");
    holds
}

/// Values as the tests of relations take them.
pub(super) fn signed(values: &[u64]) -> Vec<i64> {
    values.iter().map(|value| i64::try_from(*value).unwrap()).collect()
}

/// All vectors of `length` numbers below `base`.
pub(super) fn all_vectors(length: usize, base: i64) -> impl Iterator<Item = Vec<i64>> {
    let count = base.pow(length as u32);
    (0..count).map(move |mut number| {
        let mut digit = || {
            let digit = number % base;
            number /= base;
            digit
        };
        (0..length).map(|_| digit()).collect()
    })
}

pub(super) fn points(max: u64, budget: Budget, exact: bool, blank: bool) -> Kind {
    Kind::Points(Points { max, budget, exact, blank })
}

pub(super) fn ranking(mode: Mode, ties: bool, blank: bool) -> Kind {
    Kind::Ranking(Ranking { mode, ties, blank, method: Method::Schulze })
}

/// A kind of each sort that a contest of four options can have.
fn kinds() -> Vec<Kind> {
    let cap = Cap { criterion: Some(1), grade: 0, lo: 1, hi: 2 };
    let mut kinds = vec![grades(2, false, &[cap]), grades(1, true, &[Cap { criterion: None, lo: 0, ..cap }])];
    for blank in [false, true] {
        kinds.extend([(0, 2), (1, 1), (3, 3)].map(|(min, max)| Kind::Selection(Selection { min, max, blank })));
        for exact in [false, true] {
            kinds.push(points(5, Budget::Fixed(7), exact, blank));
            kinds.push(points(1, Budget::Fixed(1), exact, blank));
        }
        for (mode, ties) in [Mode::UnrankedLast, Mode::RankedOnly].into_iter().flat_map(|m| [(m, false), (m, true)]) {
            kinds.push(ranking(mode, ties, blank));
        }
    }
    kinds
}

fn contests() -> Vec<Contest> {
    kinds().into_iter().map(|kind| contest_of(4, kind, &[0], false)).collect()
}

#[test]
fn a3_every_kind_is_read_back_and_has_bytes_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for contest in contests() {
        let bytes = codec::to_bytes(&contest);
        assert_eq!(codec::from_bytes::<Contest>(&bytes, 65_535).as_ref(), Ok(&contest));
        assert!(seen.insert(bytes), "{contest:?}");
    }
    let kind = |bytes: &[u8]| codec::from_bytes::<Kind>(bytes, 100);
    assert!(kind(&[0x82, 0x04, 0x80]).is_err(), "no such kind");
    assert!(kind(&[0x82, 0x03, 0x83, 0x02, 0xf5, 0xf5]).is_err(), "no such mode");
}

#[test]
fn a3_every_answer_is_read_back_and_has_bytes_of_its_own() {
    let answers = [
        Choice::Blank,
        chosen(&[]),
        chosen(&[3, 1]),
        Choice::Grades(vec![None, Some(0), Some(u32::MAX)]),
        Choice::Grades(vec![]),
        Choice::Points(vec![0, u64::MAX]),
        Choice::Ranking(vec![None, Some(0), Some(u32::MAX)]),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for answer in answers {
        let bytes = codec::to_bytes(&answer);
        assert_eq!(codec::from_bytes::<Choice>(&bytes, 100).as_ref(), Ok(&answer));
        assert!(seen.insert(bytes), "{answer:?}");
    }
    for bytes in [&[0x81, 0x00][..], &[0x82, 0x04, 0x80], &[0x82, 0x01, 0x81, 0x1b, 0, 0, 0, 1, 0, 0, 0, 1]] {
        assert!(codec::from_bytes::<Choice>(bytes, 100).is_err(), "{bytes:?}");
    }
}

#[test]
fn every_cell_and_relation_has_a_name() {
    for contest in contests() {
        let mut names = std::collections::BTreeSet::new();
        let mut cells = 0;
        for section in 0..contest.sections() {
            let section_rules = contest.section(section, 1).unwrap();
            let statement = section_rules.statement();
            cells += section_rules.cells();
            for relation in 0..statement.relations().len() {
                assert!(names.insert(contest.relation_name(section, relation).unwrap()), "{contest:?}");
            }
            assert_eq!(contest.relation_name(section, statement.relations().len()), None);
            assert!(!contest.demands(section).is_empty());
        }
        assert_eq!(cells, contest.cells());
        for cell in 0..cells {
            assert!(names.insert(contest.cell_name(cell).unwrap()));
        }
        assert_eq!(contest.cell_name(cells), None);
        assert_eq!(contest.relation_name(contest.sections(), 0), None);
        // Committed values come behind the cells.
        let section = contest.section(0, 1).unwrap();
        let committed = section.statement().values()[section.cells()..].iter();
        assert!(committed.into_iter().all(|value| value.carrier == Carrier::Committed));
    }
}

#[test]
fn names_are_plain_words() {
    let of = |kind| contest_of(3, kind, &[0], false);
    let persons = of(grades(2, false, &[Cap { criterion: None, grade: 0, lo: 0, hi: 1 }]));
    assert_eq!(persons.cell_name(9 + 5).unwrap(), "person 1, criterion 1, grade 2");
    assert_eq!(persons.relation_name(1, 2).unwrap(), "person 2, criterion 1: exactly one grade");
    assert_eq!(persons.relation_name(0, 3).unwrap(), "criterion 0, cap of grade 0: at most 1");
    let order = of(ranking(Mode::UnrankedLast, true, true));
    assert_eq!(order.cell_name(5).unwrap(), "option 2 before option 1");
    assert_eq!(order.cell_name(6).unwrap(), "blank");
    assert_eq!(order.relation_name(0, 1).unwrap(), "option 0 before option 2 fits the ranks");
    let spread = of(points(5, Budget::Fixed(7), false, true));
    assert_eq!(spread.relation_name(0, 1).unwrap(), "together at most 7 points, and none if the answer is blank");
    assert_eq!(spread.demands(0), "each option has 0 to 5 points, together at most 7 points, or the answer is blank");
    assert_eq!(persons.demands(1), "each person has exactly one grade for criterion 1, grade 0 has at most 1 persons");
}

#[test]
fn an_answer_of_another_kind_is_refused_in_words() {
    for contest in contests() {
        let answers =
            [chosen(&[0]), Choice::Grades(vec![None; 4]), Choice::Points(vec![1; 4]), Choice::Ranking(vec![None; 4])];
        let other = answers.iter().filter(|answer| matches!(contest.values(answer, 1), Err(ChoiceError::OtherKind(_))));
        assert_eq!(other.count(), 3, "{contest:?}");
        // Without choosing anything: blank, or a rule that says why not. Never cells that break the rule.
        if let Ok(values) = contest.values(&Choice::Blank, 1) {
            for (section, values) in values.iter().enumerate() {
                assert!(keeps(&contest, section, 1, &signed(values)));
            }
        }
    }
    let error = contests()[0].values(&chosen(&[1]), 1).unwrap_err();
    assert_eq!(error.to_string(), "this contest asks for grades: answer it with these");
}

#[test]
fn totals_are_read_only_if_there_is_one_for_each_cell() {
    for contest in contests() {
        assert!(contest.read_totals(&vec![1; contest.cells()]).is_some());
        assert_eq!(contest.read_totals(&vec![1; contest.cells() + 1]), None);
        assert_eq!(contest.read_totals(&vec![1; contest.cells() - 1]), None);
    }
}

#[test]
fn a_follow_up_round_asks_the_same_of_fewer_options() {
    let keep = [OptionIndex(3), OptionIndex(0), OptionIndex(9)];
    let narrowed = |kind: Kind, seats| {
        let all = contest_of(4, kind, &[0, 1], true);
        let fewer = all.narrowed(&keep, seats);
        assert_eq!(fewer.options, [all.options[0], all.options[3]], "in their original order");
        assert_eq!((fewer.title, &fewer.groups, fewer.per_group), (all.title, &all.groups, true));
        let mut found = Vec::new();
        fewer.check(&mut |holds, field, what| {
            if !holds {
                found.push(format!("{field}: {what}"))
            }
        });
        assert_eq!(found, Vec::<String>::new());
        fewer.kind
    };
    let selection = |min, max| Kind::Selection(Selection { min, max, blank: true });
    assert_eq!(narrowed(selection(2, 3), 1), selection(1, 1));
    assert_eq!(narrowed(selection(0, 1), 5), selection(0, 2));
    let cap = |criterion, grade, lo, hi| Cap { criterion, grade, lo, hi };
    let before = [cap(None, 0, 1, 3), cap(Some(1), 0, 0, 2), cap(None, 1, 2, 4)];
    assert_eq!(narrowed(grades(2, false, &before), 1), grades(2, false, &[cap(None, 0, 0, 1), cap(Some(1), 0, 0, 1)]));
    assert_eq!(narrowed(grades(2, false, &before), 2), grades(2, false, &[]));
    let of = |budget, exact| points(3, budget, exact, false);
    assert_eq!(narrowed(of(Budget::Fixed(5), true), 1), of(Budget::Fixed(5), true));
    assert_eq!(narrowed(of(Budget::Fixed(7), true), 1), of(Budget::Fixed(6), false));
    let split = points(0, Budget::Weight, true, true);
    assert_eq!(narrowed(split.clone(), 1), split);
    let order = ranking(Mode::RankedOnly, false, true);
    assert_eq!(narrowed(order.clone(), 1), order);
}

#[test]
fn a_selection_of_500_options_fits_one_entry() {
    use crate::ids::ContestIndex;
    let open_list = contest(500, Selection { min: 0, max: 3, blank: true }, &[0], false);
    let sizes = crate::ballot::part_sizes([(ContestIndex(0), &open_list)].into_iter()).unwrap();
    // 501 cells with 64 bytes of ciphertext and 32 of response each, and two slacks of two bits.
    let (cells, slacks) = (501 * 96, 4 * 32);
    assert_eq!(sizes.len(), 1);
    assert!(sizes[0] > cells + slacks && sizes[0] < cells + slacks + 1_200, "{sizes:?}");
}

fn answer(kind: &Kind) -> BoxedStrategy<Choice> {
    let places = match kind {
        Kind::Grades(rule) => 4 * rule.criteria.len(),
        _ => 4,
    };
    let numbers = || prop::collection::vec(prop::option::of(0..5_u32), places);
    match kind {
        Kind::Selection(_) => prop::collection::vec(0..5_u32, 0..4).prop_map(|options| chosen(&options)).boxed(),
        Kind::Grades(_) => numbers().prop_map(Choice::Grades).boxed(),
        Kind::Points(_) => prop::collection::vec(0..4_u64, 4).prop_map(Choice::Points).boxed(),
        Kind::Ranking(_) => numbers().prop_map(Choice::Ranking).boxed(),
    }
}

pub(super) fn case() -> impl Strategy<Value = (Contest, Choice)> {
    prop::sample::select(contests()).prop_flat_map(|contest| {
        let answer = answer(&contest.kind);
        (Just(contest), answer)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    /// An answer is refused with a reason, or its cells keep every relation of every section, for light and heavy ballots.
    #[test]
    fn answers_are_refused_or_keep_every_relation((contest, choice) in case(), weight in 1..10_u64) {
        if let Ok(sections) = contest.values(&choice, weight) {
            prop_assert_eq!(sections.len(), contest.sections());
            for (section, values) in sections.iter().enumerate() {
                prop_assert!(keeps(&contest, section, weight, &signed(values)));
            }
        }
    }

    /// Readings put the totals of many ballots where the answers were: adding up cells and reading is adding up answers.
    #[test]
    fn totals_add_up((contest, choice) in case(), weight in 1..1_000_u64) {
        if let Ok(sections) = contest.values(&choice, 1) {
            let cells_of = |section: usize| contest.section(section, 1).unwrap().cells();
            let cells = sections.iter().enumerate().flat_map(|(i, values)| values[..cells_of(i)].to_vec());
            let totals: Vec<u64> = cells.map(|cell| cell * weight).collect();
            let none = |blank: Option<u64>| blank == Some(weight);
            match (contest.read_totals(&totals).unwrap(), &choice) {
                (Reading::Selection { options, blank }, Choice::Selection(chosen)) => {
                    for (option, total) in (0..).map(OptionIndex).zip(options) {
                        prop_assert_eq!(total, if chosen.contains(&option) { weight } else { 0 });
                    }
                    prop_assert!(!none(blank) || chosen.is_empty());
                }
                (Reading::Grades { persons }, Choice::Grades(given)) => {
                    let criteria = contest.sections();
                    for (place, grade) in given.iter().enumerate() {
                        let totals = &persons[place / criteria][place % criteria];
                        let expected = (0..3).map(|g| if Some(g) == *grade { weight } else { 0 }).collect::<Vec<_>>();
                        prop_assert_eq!(&totals.grades, &expected);
                        prop_assert_eq!(totals.answered, if grade.is_some() { weight } else { 0 });
                    }
                }
                (Reading::Points { options, blank }, Choice::Points(given)) => {
                    prop_assert_eq!(options, given.iter().map(|points| points * weight).collect::<Vec<_>>());
                    prop_assert!(!none(blank) || given.iter().all(|points| *points == 0));
                }
                (Reading::Ranking { before, .. }, Choice::Ranking(ranks)) => {
                    let Kind::Ranking(rule) = &contest.kind else { unreachable!() };
                    for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
                        let first = match (ranks[i], ranks[j]) {
                            (Some(one), Some(other)) => one < other,
                            (Some(_), None) => rule.mode == Mode::UnrankedLast,
                            (None, _) => false,
                        };
                        prop_assert_eq!(before[i][j], if first { weight } else { 0 });
                    }
                }
                (reading, _) => prop_assert!(false, "{:?} of another kind", reading),
            }
        }
    }
}
