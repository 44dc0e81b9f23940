use proptest::prelude::*;

use super::*;

fn list(options: &[u32]) -> Vec<OptionIndex> {
    options.iter().copied().map(OptionIndex).collect()
}

/// Rows as in sources that give the worst grade first.
fn worst_first<const G: usize>(rows: &[[u64; G]]) -> Grades {
    Grades::new(rows.iter().map(|row| row.iter().rev().copied().collect()).collect()).unwrap()
}

fn grades(rows: &[&[u64]]) -> Grades {
    Grades::new(rows.iter().map(|row| row.to_vec()).collect()).unwrap()
}

/// The majority value by its definition: take away the lower middle grade, again and again. Best grade 0.
fn taken_away(row: &[u64]) -> Vec<u32> {
    let mut left: Vec<u32> = (0..).zip(row).flat_map(|(grade, count)| vec![grade; *count as usize]).collect();
    let mut value = Vec::new();
    while !left.is_empty() {
        // Best first, so the lower one of two middles is the later one.
        value.push(left.remove(left.len() / 2));
    }
    value
}

/// French Wikipedia, "Jugement majoritaire", second and third example, as quoted with these values in the tests of an
/// OCaml program (there `candidate_wikiFRE`, `candidate_wikiFRF`). Grades 0 (worst) to 4, worst first.
#[test]
fn majority_values_of_the_french_encyclopedia() {
    let value = |row: [u64; 5]| -> Vec<u32> {
        let best_first: Vec<u64> = row.iter().rev().copied().collect();
        taken_away(&best_first).into_iter().map(|grade| 4 - grade).collect()
    };
    let (e, f) = ([0, 1, 2, 2, 0], [0, 0, 3, 2, 0]);
    assert_eq!(value(e), [2, 2, 3, 1, 3]);
    assert_eq!(value(f), [2, 2, 3, 2, 3]);
    assert_eq!(worst_first(&[e, f]).standing(), Standing(vec![list(&[1]), list(&[0])]));
    let (e, f) = ([1, 0, 2, 2, 1], [0, 1, 2, 3, 0]);
    assert_eq!(value(e), [2, 3, 2, 3, 0, 4]);
    assert_eq!(value(f), [2, 3, 2, 3, 1, 3]);
    assert_eq!(worst_first(&[e, f]).standing(), Standing(vec![list(&[1]), list(&[0])]));
}

/// The first example there, in hundredths of per cent: A and B have the majority grade 3, C has 1; A is first.
#[test]
fn first_example_of_the_french_encyclopedia() {
    let rows = [
        [1484, 1763, 912, 1971, 2128, 1742, 0],
        [2427, 1158, 1342, 1295, 2073, 1705, 0],
        [2500, 2500, 1500, 1500, 1000, 1000, 0],
    ];
    let grades = worst_first(&rows);
    let found: Vec<u32> = (0..3).map(|option| 6 - grades.majority_grade(OptionIndex(option)).unwrap().0).collect();
    assert_eq!(found, [3, 3, 1]);
    assert_eq!(grades.standing(), Standing(vec![list(&[0]), list(&[1]), list(&[2])]));
}

/// OpinionWay for Terra Nova, April 2011, published by M. Balinski and R. Laraki (Rendre les elections aux electeurs: le
/// jugement majoritaire), in per mille; numbers and majority grades as in the tests named above, worst grade first. The sums
/// differ by rounding, so for the order each row is scaled to the same sum.
#[test]
fn majority_grades_of_the_poll_of_2011() {
    let rows: [([u64; 7], u32); 12] = [
        ([184, 114, 196, 126, 170, 129, 82], 3),
        ([185, 159, 196, 223, 153, 62, 22], 2),
        ([219, 174, 207, 204, 119, 58, 20], 2),
        ([193, 166, 261, 192, 128, 47, 12], 2),
        ([309, 190, 203, 145, 74, 47, 32], 2),
        ([413, 118, 135, 95, 111, 87, 41], 1),
        ([322, 247, 228, 129, 58, 11, 5], 1),
        ([418, 214, 165, 112, 50, 27, 13], 1),
        ([442, 204, 161, 99, 69, 17, 8], 1),
        ([467, 277, 139, 70, 27, 14, 5], 1),
        ([480, 261, 137, 77, 34, 9, 1], 1),
        ([556, 93, 78, 72, 70, 65, 68], 0),
    ];
    let sums: Vec<u64> = rows.iter().map(|(row, _)| row.iter().sum()).collect();
    let common: u64 = sums.iter().collect::<std::collections::BTreeSet<_>>().into_iter().product();
    let scale = |(row, _): &([u64; 7], u32), sum: &u64| row.iter().rev().map(|count| count * (common / sum)).collect();
    let grades = Grades::new(rows.iter().zip(&sums).map(|(row, sum)| scale(row, sum)).collect()).unwrap();
    for (option, (row, expected)) in (0..).map(OptionIndex).zip(&rows) {
        assert_eq!(grades.majority_grade(option).map(|grade| 6 - grade.0), Some(*expected), "option {option}");
        assert_eq!(worst_first(&[*row]).majority_grade(OptionIndex(0)), grades.majority_grade(option));
    }
    // The winner is given there; the other rows stand in this order there.
    assert_eq!(grades.standing(), Standing((0..12).map(|option| list(&[option])).collect()));
}

/// The experiment of Orsay, 22 April 2007 (Balinski and Laraki, Election by Majority Judgement: Experimental Evidence,
/// cahier 2007-28): per mille of excellent, very good, good, acceptable, poor, to reject, as given at
/// forum.mieuxvoter.fr, topic 197; no grade counted as "to reject". Royal's row does not add up there, so it is left out.
/// Published result (rangevoting.org, France2007): Bayrou first, "Good+". The weights above and below are summed by
/// hand: 136 + 307, 148 + 84 + 45 + 29 without a grade; 191 + 198, 115 + 71 + 265 + 17 without a grade.
#[test]
fn bayrou_and_sarkozy_in_orsay() {
    let rows = vec![vec![136, 307, 251, 148, 84, 45], vec![191, 198, 143, 115, 71, 265]];
    let grades = Grades::with_missing_as_worst(rows, 1000).unwrap();
    let good = GradeIndex(2);
    let bayrou = grades.gauge(OptionIndex(0)).unwrap();
    assert_eq!(bayrou, Gauge { above: 443, grade: good, below: 306 });
    assert!(bayrou.is_plus());
    let sarkozy = grades.gauge(OptionIndex(1)).unwrap();
    assert_eq!(sarkozy, Gauge { above: 389, grade: good, below: 468 });
    assert!(!sarkozy.is_plus());
    assert_eq!(grades.standing(), Standing(vec![list(&[0]), list(&[1])]));
}

/// The capital of Tennessee with four grades by distance: electowiki.org, "Majority Judgment", example application.
/// Nashville and Chattanooga have the median "good", and Nashville wins. Memphis and Knoxville by hand: Memphis has 58 of
/// 100 "poor"; Knoxville 17, 15, 26, 42 has 58 of "fair" or better, so "fair".
#[test]
fn nashville_by_majority_judgment() {
    let grades = grades(&[&[42, 0, 0, 58], &[26, 42, 32, 0], &[15, 43, 42, 0], &[17, 15, 26, 42]]);
    let found: Vec<u32> = (0..4).map(|option| grades.majority_grade(OptionIndex(option)).unwrap().0).collect();
    assert_eq!(found, [3, 1, 1, 2]);
    assert_eq!(grades.standing(), Standing([1, 2, 3, 0].map(|option| list(&[option])).to_vec()));
}

/// Balinski and Laraki 2007: with an even number the lower middle counts.
#[test]
fn half_and_half_is_the_lower_grade() {
    let grades = grades(&[&[1, 0, 1], &[0, 2, 0]]);
    assert_eq!(grades.majority_grade(OptionIndex(0)), Some(GradeIndex(2)));
    assert_eq!(grades.standing(), Standing(vec![list(&[1]), list(&[0])]));
    assert_eq!(grades.majority_grade(OptionIndex(2)), None);
}

#[test]
fn only_equal_grades_are_tied() {
    let grades = grades(&[&[2, 1, 4], &[1, 2, 4], &[2, 1, 4]]);
    assert_eq!(grades.standing(), Standing(vec![list(&[0, 2]), list(&[1])]));
}

#[test]
fn very_large_weights_take_no_longer() {
    let most = MAX_WEIGHT;
    let grades = grades(&[&[most / 2, 1, most / 2 - 1], &[most / 2 - 1, 2, most / 2 - 1], &[most, 0, 0]]);
    assert_eq!(grades.standing(), Standing([2, 0, 1].map(|option| list(&[option])).to_vec()));
    assert_eq!(Grades::new(vec![vec![most, 1]]), Err(TotalsError::TooLarge(OptionIndex(0))));
    assert_eq!(Grades::new(vec![vec![1, 1], vec![u64::MAX, 3]]), Err(TotalsError::TooLarge(OptionIndex(1))));
}

#[test]
fn totals_of_another_form_are_refused() {
    let option = OptionIndex(1);
    assert_eq!(Grades::new(Vec::new()), Err(TotalsError::NoOptions));
    assert_eq!(Grades::new(vec![vec![0, 0]]), Err(TotalsError::NoGrades));
    assert_eq!(Grades::new(vec![Vec::new()]), Err(TotalsError::NoGrades));
    let short = TotalsError::RowLength { option, found: 1, needed: 2 };
    assert_eq!(Grades::new(vec![vec![1, 2], vec![3]]), Err(short));
    let unequal = TotalsError::UnequalGrades { option, found: 4, needed: 3 };
    assert_eq!(Grades::new(vec![vec![1, 2], vec![2, 2]]), Err(unequal));
    assert_eq!(Grades::with_missing_as_worst(vec![vec![1, 2], vec![2, 2]], 3), Err(unequal));
    let filled = Grades::with_missing_as_worst(vec![vec![1, 2], vec![2, 0]], 3);
    assert_eq!(filled, Grades::new(vec![vec![1, 2], vec![2, 1]]));
    assert_eq!(Grades::with_missing_as_worst(vec![vec![1, 2]], u64::MAX), Err(TotalsError::TooLarge(OptionIndex(0))));
}

#[test]
fn gauges_in_reports() {
    let gauge = grades(&[&[1, 1, 1]]).gauge(OptionIndex(0)).unwrap();
    assert_eq!(serde_json::to_string(&gauge).unwrap(), r#"{"above":1,"grade":1,"below":1}"#);
    assert!(!gauge.is_plus(), "with as much above as below the grade has a minus");
}

/// Rows of up to 5 grades with the same sum of at most 24.
fn some_rows() -> impl Strategy<Value = Vec<Vec<u64>>> {
    (1_usize..=5, 1_usize..=24, 1_usize..=5).prop_flat_map(|(length, sum, options)| {
        let ballot = proptest::collection::vec(0..length, sum);
        proptest::collection::vec(ballot, options).prop_map(move |rows| {
            let count = |row: &Vec<usize>, grade| row.iter().filter(|given| **given == grade).count() as u64;
            rows.iter().map(|row| (0..length).map(|grade| count(row, grade)).collect()).collect()
        })
    })
}

proptest! {
    #[test]
    fn run_by_run_is_the_same_as_one_by_one(rows in some_rows()) {
        let by_definition = Standing::by_score(rows.iter().map(|row| core::cmp::Reverse(taken_away(row))));
        prop_assert_eq!(Grades::new(rows).unwrap().standing(), by_definition);
    }

    #[test]
    fn the_majority_grade_is_the_first_that_is_taken_away(rows in some_rows()) {
        let grades = Grades::new(rows.clone()).unwrap();
        for (option, row) in (0..).map(OptionIndex).zip(&rows) {
            prop_assert_eq!(grades.majority_grade(option), taken_away(row).first().copied().map(GradeIndex));
        }
    }

    #[test]
    fn scaling_changes_no_standing(rows in some_rows(), k in 1_u64..1 << 48) {
        let scaled = rows.iter().map(|row| row.iter().map(|count| count * k).collect()).collect();
        prop_assert_eq!(Grades::new(rows).unwrap().standing(), Grades::new(scaled).unwrap().standing());
    }

    #[test]
    fn options_are_treated_alike(rows in some_rows(), turn in 0_usize..5) {
        let count = rows.len();
        let mut turned = rows.clone();
        turned.rotate_left(turn % count);
        let mut renamed = Grades::new(turned).unwrap().standing();
        for place in &mut renamed.0 {
            for option in place.iter_mut() {
                *option = OptionIndex((option.0 + (turn % count) as u32) % count as u32);
            }
            place.sort();
        }
        prop_assert_eq!(Grades::new(rows).unwrap().standing(), renamed);
    }

    /// Balinski and Laraki's theorem on the majority gauge: where it decides, majority judgment agrees.
    #[test]
    fn the_gauge_explains_the_place(rows in some_rows()) {
        let grades = Grades::new(rows.clone()).unwrap();
        let standing = grades.standing();
        let place = |option| standing.0.iter().position(|place| place.contains(&option)).unwrap();
        // Less is better.
        let key = |gauge: Gauge| {
            let within = if gauge.is_plus() { u64::MAX - gauge.above } else { gauge.below };
            (gauge.grade, !gauge.is_plus(), within)
        };
        let options: Vec<OptionIndex> = (0..).map(OptionIndex).take(rows.len()).collect();
        for i in &options {
            for j in &options {
                let (one, other) = (key(grades.gauge(*i).unwrap()), key(grades.gauge(*j).unwrap()));
                prop_assert!(one >= other || place(*i) < place(*j), "{:?} {:?}", rows, (i, j));
            }
        }
    }
}
