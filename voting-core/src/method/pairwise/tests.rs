mod examples;
mod properties;
mod real;

use super::*;
use crate::method::{Order, Standing, TooManyOrders};

/// Pairwise totals of rankings: letters from first to last with their weights, `=` between tied ones. Letters that are left
/// out are last.
fn of_ballots(letters: &str, ballots: &[(&str, u64)]) -> Pairwise {
    let names: Vec<char> = letters.chars().collect();
    let mut totals = vec![vec![0; names.len()]; names.len()];
    for (ballot, weight) in ballots {
        let mut rank = 0;
        let mut ranks = vec![usize::MAX; names.len()];
        let mut tied = true;
        for letter in ballot.chars() {
            if letter == '=' {
                tied = true;
                continue;
            }
            rank += usize::from(!tied);
            ranks[names.iter().position(|name| *name == letter).unwrap()] = rank;
            tied = false;
        }
        for i in 0..names.len() {
            for j in 0..names.len() {
                totals[i][j] += if ranks[i] < ranks[j] { *weight } else { 0 };
            }
        }
    }
    Pairwise::new(totals).unwrap()
}

fn option(letters: &str, letter: char) -> OptionIndex {
    OptionIndex(u32::try_from(letters.find(letter).unwrap()).unwrap())
}

fn list(letters: &str, chosen: &str) -> Vec<OptionIndex> {
    chosen.chars().map(|letter| option(letters, letter)).collect()
}

/// Places written as in `E A BC D`.
fn places(letters: &str, text: &str) -> Standing {
    Standing(text.split(' ').map(|place| list(letters, place)).collect())
}

fn complete(letters: &str, text: &str) -> Order {
    Order::Complete(places(letters, text))
}

/// Pairs written as in `AB CD`.
fn partial(letters: &str, winners: &str, pairs: &str) -> Order {
    let pair = |text: &str| {
        let both = list(letters, text);
        (both[0], both[1])
    };
    let before = pairs.split(' ').map(pair).collect();
    Order::Partial { count: letters.len(), winners: list(letters, winners), before }
}

#[test]
fn ballots_are_read_as_written() {
    let pairwise = of_ballots("ABC", &[("B=CA", 2), ("A", 5)]);
    assert_eq!(pairwise.totals(), [[0, 5, 5], [2, 0, 0], [2, 0, 0]]);
}

#[test]
fn totals_of_another_form_are_refused() {
    let first = OptionIndex(0);
    assert_eq!(Pairwise::new(Vec::new()), Err(TotalsError::NoOptions));
    let many = vec![vec![0; MAX_COMPARED + 1]; MAX_COMPARED + 1];
    assert_eq!(Pairwise::new(many), Err(TotalsError::TooManyOptions(MAX_COMPARED + 1)));
    let short = TotalsError::RowLength { option: OptionIndex(1), found: 1, needed: 2 };
    assert_eq!(Pairwise::new(vec![vec![0, 1], vec![0]]), Err(short));
    assert_eq!(Pairwise::new(vec![vec![1]]), Err(TotalsError::Diagonal(first)));
    assert_eq!(Pairwise::new(vec![vec![0, MAX_WEIGHT], vec![1, 0]]), Err(TotalsError::TooLarge(first)));
    assert_eq!(Pairwise::new(vec![vec![0, u64::MAX], vec![1, 0]]), Err(TotalsError::TooLarge(first)));
    assert!(Pairwise::new(vec![vec![0, MAX_WEIGHT], vec![0, 0]]).is_ok());
}

#[test]
fn the_largest_totals_do_not_overflow() {
    let row = |i| (0..MAX_COMPARED).map(|j| if j > i { MAX_WEIGHT } else { 0 }).collect();
    let pairwise = Pairwise::new((0..MAX_COMPARED).map(row).collect()).unwrap();
    let expected = Standing((0..128).map(|i| vec![OptionIndex(i)]).collect());
    assert_eq!(pairwise.borda_scores()[0], 127 << 53);
    assert_eq!(pairwise.borda(), expected);
    assert_eq!(pairwise.copeland(), expected);
    assert_eq!(pairwise.schulze(Strength::WinningVotes), Order::Complete(expected.clone()));
    assert_eq!(pairwise.ranked_pairs(Strength::Margins), Ok(Order::Complete(expected)));
}

#[test]
fn one_option_wins_and_nobody_beats_nobody() {
    let alone = Pairwise::new(vec![vec![0]]).unwrap();
    assert_eq!(alone.condorcet_winner(), Some(OptionIndex(0)));
    let nobody = Pairwise::new(vec![vec![0; 3]; 3]).unwrap();
    let all = Standing(vec![(0..3).map(OptionIndex).collect()]);
    assert_eq!(nobody.condorcet_winner(), None);
    assert_eq!(nobody.unbeaten(), all.first());
    assert_eq!(nobody.smith_set(), all.first());
    assert_eq!(nobody.borda(), all);
    assert_eq!(nobody.copeland(), all);
    assert_eq!(nobody.schulze(Strength::WinningVotes), Order::Complete(all.clone()));
    assert_eq!(nobody.ranked_pairs(Strength::WinningVotes), Ok(Order::Complete(all)));
}

/// By hand: C ties with both A and B and gives them no place between it and them.
#[test]
fn ties_that_are_not_transitive_leave_no_places() {
    let pairwise = Pairwise::new(vec![vec![0, 2, 1], vec![1, 0, 1], vec![1, 1, 0]]).unwrap();
    let expected = partial("ABC", "AC", "AB");
    assert_eq!(pairwise.schulze(Strength::WinningVotes), expected);
    assert_eq!(pairwise.ranked_pairs(Strength::WinningVotes), Ok(expected.clone()));
    assert_eq!(pairwise.unbeaten(), expected.winners());
}

/// By hand: three equal victories in a circle. Any of the three orders of the circle comes out, so all are tied.
#[test]
fn an_even_circle_is_a_tie() {
    let pairwise = of_ballots("ABC", &[("ABC", 1), ("BCA", 1), ("CAB", 1)]);
    let expected = complete("ABC", "ABC");
    assert_eq!(pairwise.ranked_pairs(Strength::WinningVotes), Ok(expected.clone()));
    assert_eq!(pairwise.schulze(Strength::WinningVotes), expected);
    assert_eq!(pairwise.condorcet_winner(), None);
    assert_eq!(pairwise.unbeaten(), []);
    assert_eq!(pairwise.smith_set(), expected.winners());
}

/// A tournament of 16 options in which all victories are equally strong: the orders cannot all be tried, and
/// the answer says so instead of guessing.
#[test]
fn too_many_equal_pairs_are_reported() {
    let wins = |i: usize, j: usize| (i * 7 + j * 11 + i * j).is_multiple_of(3);
    let total = |i: usize, j: usize| u64::from(if i < j { wins(i, j) } else { i > j && !wins(j, i) });
    let pairwise = Pairwise::new((0..16).map(|i| (0..16).map(|j| total(i, j)).collect()).collect()).unwrap();
    assert_eq!(pairwise.smith_set().len(), 16);
    assert_eq!(pairwise.ranked_pairs(Strength::WinningVotes), Err(TooManyOrders));
    assert!(!pairwise.schulze(Strength::WinningVotes).winners().is_empty());
}

#[test]
fn measures_of_strength_in_reports() {
    assert_eq!(serde_json::to_string(&Strength::WinningVotes).unwrap(), r#""winning_votes""#);
    assert_eq!(serde_json::to_string(&of_ballots("AB", &[("A", 3)])).unwrap(), "[[0,3],[0,0]]");
}
