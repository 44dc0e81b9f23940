//! Published examples with known answers. Numbers of Schulze's examples are those of the draft of the paper of 2011 (part 1,
//! section 3) as quoted, with their winners, in the tests of the program julien-boudry/Condorcet (Tests/src/Algo/Methods);
//! other sources stand beside each example.

use super::*;

const WV: Strength = Strength::WinningVotes;

/// Each place has one option: `EACBD`.
fn strict(letters: &str, order: &str) -> Order {
    Order::Complete(Standing(order.chars().map(|letter| vec![option(letters, letter)]).collect()))
}

/// Letters are the first ones of Memphis, Nashville, Chattanooga, Knoxville; textbooks, and electowiki.org, "Effects of
/// different voting systems under similar circumstances".
const CITIES: &str = "MNCK";

fn tennessee() -> Pairwise {
    of_ballots(CITIES, &[("MNCK", 42), ("NCKM", 26), ("CKNM", 15), ("KCNM", 17)])
}

#[test]
fn capital_of_tennessee() {
    let pairwise = tennessee();
    let nashville = option(CITIES, 'N');
    assert_eq!(pairwise.condorcet_winner(), Some(nashville));
    assert_eq!(pairwise.unbeaten(), [nashville]);
    assert_eq!(pairwise.smith_set(), [nashville]);
    // English Wikipedia, "Copeland's method": wins less losses 3, 1, -1, -3; doubled scores are 3 more.
    assert_eq!(pairwise.copeland_scores(), [0, 6, 4, 2]);
    assert_eq!(pairwise.copeland(), places(CITIES, "N C K M"));
    // French Wikipedia, "Methode Borda", with 4, 3, 2, 1 points: 226, 294, 273, 207. Points are
    // (score + (n - 1) W) / 2 + W with n = 4 and W = 100.
    let points: Vec<i64> = pairwise.borda_scores().iter().map(|score| (score + 300) / 2 + 100).collect();
    assert_eq!(points, [226, 294, 273, 207]);
    assert_eq!(pairwise.borda(), places(CITIES, "N C M K"));
    // English Wikipedia, "Ranked pairs".
    assert_eq!(pairwise.ranked_pairs(WV), Ok(strict(CITIES, "NCKM")));
    assert_eq!(pairwise.ranked_pairs(Strength::Margins), Ok(strict(CITIES, "NCKM")));
    // By hand: without circles the order is that of the victories.
    assert_eq!(pairwise.schulze(WV), strict(CITIES, "NCKM"));
}

/// Schulze's example with 45 voters: his page of examples (example 1 there), with matrix and strongest paths.
#[test]
fn schulze_with_45_voters() {
    let ballots = [
        ("ACBED", 5),
        ("ADECB", 5),
        ("BEDAC", 8),
        ("CABED", 3),
        ("CAEBD", 7),
        ("CBADE", 2),
        ("DCEBA", 7),
        ("EBADC", 8),
    ];
    let pairwise = of_ballots("ABCDE", &ballots);
    let totals =
        [[0, 20, 26, 30, 22], [25, 0, 16, 33, 18], [19, 29, 0, 17, 24], [15, 12, 28, 0, 14], [23, 27, 21, 31, 0]];
    assert_eq!(pairwise.totals(), totals);
    let mut paths = pairwise.strongest_paths(WV);
    (0..5).for_each(|i| paths[i][i] = 0);
    let expected =
        [[0, 28, 28, 30, 24], [25, 0, 28, 33, 24], [25, 29, 0, 29, 24], [25, 28, 28, 0, 24], [25, 28, 28, 31, 0]];
    assert_eq!(paths, expected);
    assert_eq!(pairwise.schulze(WV), strict("ABCDE", "EACBD"));
    // French Wikipedia, "Methode Condorcet avec rangement des paires par ordre decroissant": the same ballots.
    assert_eq!(pairwise.ranked_pairs(WV), Ok(strict("ABCDE", "ACEBD")));
    assert_eq!(pairwise.ranked_pairs(Strength::Margins), Ok(strict("ABCDE", "ACEBD")));
    assert_eq!(pairwise.condorcet_winner(), None);
    // By hand: A beats D, D beats C, C beats E and B, E beats A: no smaller set beats all outside.
    assert_eq!(pairwise.smith_set(), list("ABCDE", "ABCDE"));
}

/// Unique winners of Schulze's examples.
#[test]
fn schulze_unique_winners() {
    let abcd: [(&[(&str, u64)], char); 3] = [
        (&[("ACD", 8), ("BAD", 2), ("CDB", 4), ("DBA", 4), ("DCB", 3)], 'D'),
        (&[("ABC", 12), ("ADB", 6), ("BCD", 9), ("CDA", 15), ("DBA", 21)], 'D'),
        (
            &[
                ("ABD", 3),
                ("ADB", 5),
                ("ADC", 1),
                ("BAD", 2),
                ("BDC", 2),
                ("CAB", 4),
                ("CBA", 6),
                ("DBC", 2),
                ("DCA", 5),
            ],
            'A',
        ),
    ];
    for (ballots, winner) in abcd {
        let pairwise = of_ballots("ABCD", ballots);
        assert_eq!(pairwise.schulze(WV).winners(), [option("ABCD", winner)], "{ballots:?}");
    }
    let abcde: [(&[(&str, u64)], char); 3] = [
        (
            &[
                ("ABDE", 3),
                ("ADEB", 5),
                ("ADEC", 1),
                ("BADE", 2),
                ("BDEC", 2),
                ("CABD", 4),
                ("CBAD", 6),
                ("DBEC", 2),
                ("DECA", 5),
            ],
            'B',
        ),
        (
            &[("ADBE", 9), ("BCAD", 6), ("BCDE", 5), ("CDBE", 2), ("DECB", 6), ("EACB", 14), ("ECAB", 2), ("EDAC", 1)],
            'B',
        ),
        (
            &[("ADBE", 9), ("BACE", 1), ("CBAD", 6), ("CDBE", 2), ("CDEA", 5), ("DECA", 6), ("EBAC", 14), ("EBCA", 2)],
            'E',
        ),
    ];
    for (ballots, winner) in abcde {
        let pairwise = of_ballots("ABCDE", ballots);
        assert_eq!(pairwise.schulze(WV).winners(), [option("ABCDE", winner)], "{ballots:?}");
    }
}

/// Two more ballots that put A first and D second to last make D win instead of A (failure of participation).
#[test]
fn schulze_participation() {
    let mut ballots =
        vec![("ADEBC", 3), ("BFECD", 3), ("CABFD", 4), ("DBCEF", 1), ("DEFAB", 4), ("ECBDF", 2), ("FACDB", 2)];
    assert_eq!(of_ballots("ABCDEF", &ballots).schulze(WV).winners(), list("ABCDEF", "A"));
    ballots.push(("AEFCB", 2));
    assert_eq!(of_ballots("ABCDEF", &ballots).schulze(WV).winners(), list("ABCDEF", "D"));
}

/// Two potential winners, and no places: in the first example B is before C and D before A, and nothing else is decided.
/// (The quoted program makes places of it, "B D, A C", although B and A are tied.) The pairs of both examples were
/// computed by going through all simple paths.
#[test]
fn schulze_potential_winners() {
    let pairwise = of_ballots("ABCD", &[("ABC", 3), ("DAB", 2), ("DBC", 2), ("CBD", 2)]);
    assert_eq!(pairwise.schulze(WV), partial("ABCD", "BD", "BC DA"));
    let pairwise = of_ballots("ABCD", &[("ACD", 6), ("BAD", 1), ("CBD", 3), ("DBA", 3), ("DCB", 2)]);
    assert_eq!(pairwise.schulze(WV), partial("ABCD", "AD", "AB AC CB DB"));
}

/// Ballots with ties and unranked options, on which margins, ratios and winning votes name three different winners.
#[test]
fn schulze_measures_of_strength() {
    let ballots = [
        ("ABCD", 6),
        ("A=B", 8),
        ("A=C", 8),
        ("A=CD", 18),
        ("A=C=D", 8),
        ("B", 40),
        ("CBD", 4),
        ("CDA", 9),
        ("C=D", 8),
        ("DAB", 14),
        ("DBC", 11),
        ("DCA", 4),
    ];
    let pairwise = of_ballots("ABCD", &ballots);
    assert_eq!(pairwise.schulze(Strength::Margins).winners(), list("ABCD", "A"));
    assert_eq!(pairwise.schulze(WV).winners(), list("ABCD", "D"));
}

/// Letters of Abby, Brad, Cora, Dave, Erin: R. LeGrand's descriptions of ranked-ballot voting methods
/// (cs.wustl.edu/~legrand/rbvote/desc.html); answers as quoted there in the tests of julien-boudry/Condorcet.
#[test]
fn abby_brad_cora_dave_erin() {
    let ballots = [
        ("ACEDB", 98),
        ("BAECD", 64),
        ("BAEDC", 12),
        ("BEACD", 98),
        ("BEADC", 13),
        ("BEDAC", 125),
        ("CAEDB", 124),
        ("CEADB", 76),
        ("DABEC", 21),
        ("DBAEC", 30),
        ("DBECA", 98),
        ("DCABE", 139),
        ("DCBAE", 23),
    ];
    let names = "ABCDE";
    let pairwise = of_ballots(names, &ballots);
    assert_eq!(pairwise.condorcet_winner(), None);
    assert_eq!(pairwise.copeland(), places(names, "AB DE C"));
    assert_eq!(pairwise.schulze(WV), strict(names, "ABEDC"));
    assert_eq!(pairwise.ranked_pairs(WV), Ok(strict(names, "BAEDC")));
    assert_eq!(pairwise.ranked_pairs(Strength::Margins), Ok(strict(names, "BAEDC")));
}

/// English Wikipedia, "Copeland's method": five options without a Condorcet winner.
#[test]
fn copeland_without_a_condorcet_winner() {
    let pairwise = of_ballots("ABCDE", &[("AECD", 31), ("BAE", 30), ("CDB", 29), ("DAE", 10)]);
    assert_eq!(pairwise.condorcet_winner(), None);
    assert_eq!(pairwise.copeland(), places("ABCDE", "A BCE D"));
}

/// French Wikipedia, "Methode Borda": an option with 60 % of the first choices comes second. Points 340, 280, 195, 185
/// with 4, 3, 2, 1 points for 100 ballots.
#[test]
fn borda_against_a_majority() {
    let pairwise = of_ballots("ABCD", &[("BACD", 30), ("BADC", 30), ("ACDB", 25), ("ADCB", 15)]);
    let points: Vec<i64> = pairwise.borda_scores().iter().map(|score| (score + 300) / 2 + 100).collect();
    assert_eq!(points, [340, 280, 195, 185]);
    assert_eq!(pairwise.borda(), places("ABCD", "A B C D"));
    assert_eq!(pairwise.condorcet_winner(), Some(OptionIndex(1)));
}

/// One ballot that ranks one option only: 3, 1.5 and 1.5 points (averaged ties), doubled 6, 3, 3 = score + 2 W + 2 W.
#[test]
fn borda_averages_ties() {
    let pairwise = of_ballots("ABC", &[("A", 1)]);
    let doubled: Vec<i64> = pairwise.borda_scores().iter().map(|score| score + 4).collect();
    assert_eq!(doubled, [6, 3, 3]);
}

/// E. Gorr's examples of ranked pairs (ericgorr.net/condorcet/rankedpairs, examples 1 to 3).
#[test]
fn ranked_pairs_of_three() {
    let order = |ballots: &[(&str, u64)]| of_ballots("ABC", ballots).ranked_pairs(WV).unwrap();
    assert_eq!(order(&[("ABC", 7), ("BAC", 5), ("CAB", 4), ("BCA", 2)]), strict("ABC", "ABC"));
    assert_eq!(order(&[("ABC", 40), ("BCA", 35), ("CAB", 25)]), strict("ABC", "ABC"));
    assert_eq!(order(&[("ABC", 7), ("BAC", 7), ("CAB", 2), ("CBA", 2)]), complete("ABC", "AB C"));
}

/// English Wikipedia, "Ranked pairs": only ranked pairs count (S10), 68 A over B, 72 B over C, 52 C over A; A wins.
#[test]
fn ranked_pairs_of_ranked_options_only() {
    let pairwise = Pairwise::new(vec![vec![0, 68, 0], vec![0, 0, 72], vec![52, 0, 0]]).unwrap();
    assert_eq!(pairwise.ranked_pairs(WV), Ok(strict("ABC", "ABC")));
    assert_eq!(pairwise.schulze(WV), strict("ABC", "ABC"));
}

/// E. Gorr's example 4. The quoted program leaves out both of the equal victories A over C and C over B, 54 to 46, and
/// reports B A D C. By hand, after A over D (61) and B over A (55): if A over C comes first, C over B would close a circle,
/// D over B (51) too, and D over C gives B A D C. If C over B comes first, A over C would close a circle, and D over B
/// and D over C too, which leaves C B A D. So B and C win under some order, and B is surely before A, A before D.
#[test]
fn ranked_pairs_where_the_order_of_equal_pairs_matters() {
    let ballots = [("ADCB", 12), ("BACD", 3), ("BCAD", 25), ("CBAD", 21), ("DABC", 12), ("DACB", 21), ("DBAC", 6)];
    let pairwise = of_ballots("ABCD", &ballots);
    assert_eq!(pairwise.ranked_pairs(WV), Ok(partial("ABCD", "BC", "AD BA BD")));
    assert_eq!(pairwise.ranked_pairs(WV).unwrap().seats(1).open, list("ABCD", "BC"));
}
