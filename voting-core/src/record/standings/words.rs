//! Totals and standings as lines for a terminal, in English or Simplified Chinese. Numbers come first, so that names of any
//! width stand behind them.

use super::{GradeStanding, RankingStandings, Standings};
use crate::contest::{Contest, GradeTotals, Grades, Kind, Method, Reading, TextOf};
use crate::ids::{LabelDigest, OptionIndex};
use crate::method::{Order, Share, Standing};
use crate::outcome::Language;

/// Width of a total in lists.
const WIDE: usize = 14;
/// Least width of a total in tables.
const NARROW: usize = 5;
/// Digits of a percentage after the point.
const DIGITS: u32 = 2;

/// The words of the lines.
struct Words {
    blank: &'static str,
    no_grade: &'static str,
    majority_grade: &'static str,
    better: &'static str,
    worse: &'static str,
    by_majority_judgment: &'static str,
    by_best_grade: &'static str,
    rows_before_columns: &'static str,
    condorcet: &'static str,
    none: &'static str,
    smith: &'static str,
    order: &'static str,
    no_order: &'static str,
    sure: &'static str,
    too_many: &'static str,
    first: &'static str,
    methods: [&'static str; 4],
    comma: &'static str,
    semicolon: &'static str,
    colon: &'static str,
}

const ENGLISH: Words = Words {
    blank: "blank",
    no_grade: "no grade",
    majority_grade: "majority grade",
    better: "better",
    worse: "worse",
    by_majority_judgment: "Order by majority judgment",
    by_best_grade: "Order by votes for the best grade",
    rows_before_columns: "Votes that put the row before the column",
    condorcet: "Condorcet winner",
    none: "none",
    smith: "in question (Smith set)",
    order: "Order by",
    no_order: "no complete order; first can be",
    sure: "surely before",
    too_many: "too many equal pairs",
    first: "First by",
    methods: ["Schulze", "ranked pairs", "Copeland", "Borda"],
    comma: ", ",
    semicolon: "; ",
    colon: ": ",
};

const CHINESE: Words = Words {
    blank: "空白票",
    no_grade: "未评",
    majority_grade: "多数等次",
    better: "更优",
    worse: "更低",
    by_majority_judgment: "按多数评判法排序",
    by_best_grade: "按最优等次票数排序",
    rows_before_columns: "认为行优于列的票数",
    condorcet: "孔多塞胜者",
    none: "无",
    smith: "尚待区分者（史密斯集）",
    order: "排序方法",
    no_order: "没有完整的次序；可能居首",
    sure: "确定优于",
    too_many: "相等的对局过多",
    first: "各方法居首者",
    methods: ["舒尔茨法", "排序对法", "科普兰法", "波达计数法"],
    comma: "、",
    semicolon: "；",
    colon: "：",
};

impl Words {
    fn of(language: &str) -> &'static Self {
        match Language::of(language) {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }

    fn method(&self, method: Method) -> &'static str {
        let position = Method::ALL.iter().position(|known| *known == method).unwrap_or(0);
        self.methods.get(position).copied().unwrap_or_default()
    }
}

/// What the lines are about.
struct Page<'a> {
    contest: &'a Contest,
    text: &'a TextOf<'a>,
    words: &'static Words,
    lines: Vec<String>,
}

impl Standings {
    /// Totals and standings of a contest as lines for a terminal: Simplified Chinese for `zh-CN`, else English. `text` gives
    /// the texts of labels. `self` was made from `reading` and this contest.
    #[must_use]
    pub fn lines(&self, contest: &Contest, reading: &Reading, language: &str, text: &TextOf<'_>) -> Vec<String> {
        let mut page = Page { contest, text, words: Words::of(language), lines: Vec::new() };
        match (self, reading, &contest.kind) {
            (Self::Selection { shares, .. }, Reading::Selection { options, blank }, _)
            | (Self::Points { shares, .. }, Reading::Points { options, blank }, _) => {
                page.votes(options, shares);
                page.blank(*blank);
            }
            (Self::Grades { persons, median, places }, Reading::Grades { persons: totals }, Kind::Grades(rule)) => {
                page.grades(rule, totals, persons);
                let words = page.words;
                let what = if *median { words.by_majority_judgment } else { words.by_best_grade };
                // By votes for the best grade the table says it, where there is a single criterion.
                let order = page.places(places);
                page.lines.push(format!("{what}{}{order}", words.colon));
            }
            (Self::Ranking(standings), Reading::Ranking { before, blank }, _) => {
                page.pairs(before);
                page.blank(*blank);
                page.ranking(standings);
            }
            _ => {} // standings of another contest; there is nothing true to say
        }
        page.lines
    }
}

impl Page<'_> {
    fn name(&self, option: OptionIndex) -> String {
        self.contest.option_text(option.position(), self.text)
    }

    fn names(&self, options: &[OptionIndex]) -> String {
        let names: Vec<_> = options.iter().map(|option| self.name(*option)).collect();
        if names.is_empty() { self.words.none.into() } else { names.join(self.words.comma) }
    }

    fn label(&self, labels: &[LabelDigest], position: usize, fallback: &str) -> String {
        let fallback = format!("{fallback} {}", position + 1);
        match labels.get(position) {
            Some(digest) => (self.text)(digest, fallback),
            None => fallback,
        }
    }

    /// `1. Ann; 2. Bert = Cleo; 4. Dan`.
    fn places(&self, standing: &Standing) -> String {
        let mut next = 1;
        let place = |options: &Vec<OptionIndex>| {
            let names: Vec<_> = options.iter().map(|option| self.name(*option)).collect();
            let place = format!("{next}. {}", names.join(" = "));
            next += options.len();
            place
        };
        standing.0.iter().map(place).collect::<Vec<_>>().join(self.words.semicolon)
    }

    fn votes(&mut self, totals: &[u64], shares: &[Share]) {
        for (option, total) in totals.iter().enumerate() {
            let share = shares.get(option).map_or(String::new(), |share| format!(" ({} %)", share.percent(DIGITS)));
            let name = self.contest.option_text(option, self.text);
            self.lines.push(format!("{total:>WIDE$}  {name}{share}"));
        }
    }

    fn blank(&mut self, blank: Option<u64>) {
        if let Some(blank) = blank {
            self.lines.push(format!("{blank:>WIDE$}  {}", self.words.blank));
        }
    }

    /// One line for each person and criterion.
    fn grades(&mut self, rule: &Grades, totals: &[Vec<GradeTotals>], standings: &[Vec<GradeStanding>]) {
        let grade = |position: usize| self.label(&rule.grades, position, "grade");
        let names: Vec<String> = (0..rule.grades.len()).map(grade).collect();
        let largest = totals.iter().flatten().flat_map(|totals| &totals.grades).max().copied().unwrap_or(0);
        let width = largest.to_string().len().max(NARROW);
        let words = self.words;
        let mut lines = vec![names.join(" / ")];
        for (person, (totals, standings)) in totals.iter().zip(standings).enumerate() {
            for (criterion, (totals, standing)) in totals.iter().zip(standings).enumerate() {
                let counts: String = totals.grades.iter().map(|count| format!("{count:>width$}")).collect();
                let mut who = self.contest.option_text(person, self.text);
                if rule.criteria.len() > 1 {
                    who = format!("{who}{}{}", words.comma, self.label(&rule.criteria, criterion, "criterion"));
                }
                let gauge = standing.majority;
                let majority = names.get(gauge.grade.0 as usize).cloned().unwrap_or_default();
                let mut line = format!(
                    "{counts}  {who}{}{}{}{majority} ({} {}{}{} {})",
                    words.semicolon,
                    words.majority_grade,
                    words.colon,
                    gauge.above,
                    words.better,
                    words.comma,
                    gauge.below,
                    words.worse,
                );
                if standing.missing > 0 {
                    line.push_str(&format!("{}{} {}", words.semicolon, standing.missing, words.no_grade));
                }
                lines.push(line);
            }
        }
        self.lines.append(&mut lines);
    }

    /// The table of pairs: options have their numbers for columns.
    fn pairs(&mut self, before: &[Vec<u64>]) {
        let largest = before.iter().flatten().max().copied().unwrap_or(0);
        let width = largest.to_string().len().max(NARROW);
        let number = before.len().to_string().len();
        self.lines.push(format!("{}{}", self.words.rows_before_columns, self.words.colon.trim_end()));
        let head: String = (1..=before.len()).map(|column| format!("{column:>width$}")).collect();
        self.lines.push(format!("{:>number$}{head}", ""));
        for (i, row) in before.iter().enumerate() {
            let cell = |(j, votes): (usize, &u64)| {
                if i == j { format!("{:>width$}", "-") } else { format!("{votes:>width$}") }
            };
            let cells: String = row.iter().enumerate().map(cell).collect();
            let name = self.contest.option_text(i, self.text);
            self.lines.push(format!("{:>number$}{cells}  {name}", i + 1));
        }
    }

    fn ranking(&mut self, standings: &RankingStandings) {
        let words = self.words;
        let RankingStandings { condorcet_winner, smith_set, method, order, first, .. } = standings;
        let winner = match condorcet_winner {
            Some(winner) => self.name(*winner),
            None => format!("{}{}{}{}{}", words.none, words.semicolon, words.smith, words.colon, self.names(smith_set)),
        };
        self.lines.push(format!("{}{}{winner}", words.condorcet, words.colon));
        let places = match order {
            Some(Order::Complete(standing)) => self.places(standing),
            Some(Order::Partial { winners, before, .. }) => {
                let pair = |(one, other): &(OptionIndex, OptionIndex)| {
                    format!("{} {} {}", self.name(*one), words.sure, self.name(*other))
                };
                let pairs: Vec<_> = before.iter().map(pair).collect();
                let sure = if pairs.is_empty() {
                    String::new()
                } else {
                    format!("{}{}", words.semicolon, pairs.join(words.comma))
                };
                format!("{}{}{}{sure}", words.no_order, words.colon, self.names(winners))
            }
            None => {
                let first = self.names(smith_set);
                format!("{}{}{}{}{first}", words.too_many, words.semicolon, words.no_order, words.colon)
            }
        };
        self.lines.push(format!("{} {}{}{places}", words.order, words.method(*method), words.colon));
        let firsts = [
            (Method::Schulze, Some(&first.schulze)),
            (Method::RankedPairs, first.ranked_pairs.as_ref()),
            (Method::Copeland, Some(&first.copeland)),
            (Method::Borda, Some(&first.borda)),
        ];
        let firsts = firsts.map(|(method, options)| {
            let names = options.map_or_else(|| words.too_many.into(), |options| self.names(options));
            format!("{}{}{names}", words.method(method), words.colon)
        });
        self.lines.push(format!("{} {}", words.first, firsts.join(words.semicolon)));
    }
}
