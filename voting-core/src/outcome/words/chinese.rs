//! The sentences in Simplified Chinese, with the words of the glossary.

use super::{Base, Sentence, TieBreak};
use crate::outcome::requirement::{Bound, Count, Number, Requirement};

pub(super) fn say(sentence: &Sentence) -> String {
    match sentence {
        Sentence::Numbers(numbers) => {
            let people = numbers.one_vote_each();
            let count = |count: Count| {
                if people {
                    format!("{}人", count.members)
                } else {
                    format!("{}人（{}票）", count.members, count.weight)
                }
            };
            format!(
                "名册人数：{}；不计入应到会：{}；应到会：{}；实到会：{}；计入的选票：{}；本事项非空白票：{}票。",
                count(numbers.entitled),
                count(numbers.excused),
                count(numbers.due()),
                count(numbers.present),
                count(numbers.ballots),
                numbers.answered
            )
        }
        Sentence::MoreBallotsThanPresent(numbers) => {
            let (ballots, present) = (numbers.ballots, numbers.present);
            let (ballots, present) = if ballots.members > present.members {
                (format!("{}张", ballots.members), format!("{}人", present.members))
            } else {
                (format!("{}票", ballots.weight), format!("{}票", present.weight))
            };
            format!("投票无效：计入的选票为{ballots}，多于实到会的{present}，须重新投票。")
        }
        Sentence::Quorum { requirement, base, present, needed, met } => {
            let base = Base { of: requirement.of, value: (*base).into(), people: true };
            let needed = needed.map_or(String::new(), |needed| format!("，即至少{needed}人"));
            let verdict =
                if *met { "达到法定到会人数" } else { "未达到法定到会人数，不作任何决定" };
            format!(
                "{}，实到会{present}人；到会人数须{}{needed}：{verdict}。",
                amount(&base),
                part_of(requirement, true)
            )
        }
        Sentence::TotalsOnly => "本事项没有规定选举结论的规则，只公布得票数。".into(),
        Sentence::Motion { adopted, in_favour, against, requirement, base, needed, exact } => {
            let verdict = if *adopted { "通过" } else { "未通过" };
            let against = against.map_or(String::new(), |against| format!("，反对{against}票"));
            let needed = match needed {
                None => "没有可据以决定的票数".to_owned(),
                Some(needed) => format!("赞成票须{}，即至少{needed}票", part_of(requirement, base.people)),
            };
            let exact = if *exact {
                format!("；恰好为{}，不足以通过", part(requirement.part))
            } else {
                String::new()
            };
            format!("{verdict}：{}，赞成{in_favour}票{against}；{needed}{exact}。", amount(base))
        }
        Sentence::Needed { requirement, base, needed } => {
            let rule = part_of(requirement, base.people);
            match needed {
                None => format!("无人可以当选：赞成票须{rule}，而{}。", amount(base)),
                Some(needed) => format!("{}；赞成票须{rule}方可当选，即至少{needed}票。", amount(base)),
            }
        }
        Sentence::Exactly { names, votes, requirement } => {
            format!("{}得{votes}票，恰好为{}，不能当选。", list(names), part(requirement.part))
        }
        Sentence::Elected { names, seats, preselected } => {
            let what = if *preselected { "确定为正式候选人" } else { "当选" };
            let numbered = |(name, votes): &(String, Option<u64>)| match votes {
                Some(votes) => format!("{name}（{votes}票）"),
                None => name.clone(),
            };
            let order = if names.len() > 1 && names.iter().all(|(_, votes)| votes.is_some()) {
                "，以得票多少为序"
            } else {
                ""
            };
            let names: Vec<_> = names.iter().map(numbered).collect();
            format!("名额{seats}名{order}，{what}：{}。", list(&names))
        }
        Sentence::Tied { names, votes, seats, how } => {
            let votes = votes.map_or(String::new(), |votes| format!("（各{votes}票）"));
            let how = match how {
                TieBreak::NewRound => "须就上述人选再次投票",
                TieBreak::Lots => "已依公开数值抽签决定",
                TieBreak::LotsNotDrawn => "须抽签决定，公开数值尚未产生",
                TieBreak::Listed => "已按选票上的顺序决定",
            };
            format!("最后{seats}个名额票数相等：{}{votes}；{how}。", list(names))
        }
        Sentence::Vacant { seats, again } => {
            if again.is_empty() {
                format!("空缺名额{seats}名，不再补选。")
            } else {
                format!("空缺名额{seats}名，须另行选举；未当选的有：{}。", list(again))
            }
        }
        Sentence::NextStage { candidates, seats } => {
            format!("接着进行正式选举：正式候选人{candidates}名，应选{seats}名。")
        }
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "无".into() } else { names.join("、") }
}

/// The name of a number.
const fn noun(of: Number, people: bool) -> &'static str {
    match (of, people) {
        (Number::Entitled, true) => "名册人数",
        (Number::Due, true) => "应到会人数",
        (Number::Present, true) => "实到会人数",
        (Number::Entitled, false) => "名册总票权",
        (Number::Due, false) => "应到会总票权",
        (Number::Present, false) => "实到会总票权",
        (Number::Ballots, _) => "投票总数（含空白票）",
        (Number::Answered, _) => "非空白票总数",
        (Number::Decided, _) => "赞成票与反对票总数",
    }
}

fn amount(base: &Base) -> String {
    let Base { of, value, people } = base;
    let unit = if *people { "人" } else { "票" };
    format!("{}为{value}{unit}", noun(*of, *people))
}

fn part_of(requirement: &Requirement, people: bool) -> String {
    let bound = match requirement.bound {
        Bound::AtLeast => "不少于",
        Bound::MoreThan => "超过",
    };
    format!("{bound}{}的{}", noun(requirement.of, people), part(requirement.part))
}

fn part((part, whole): (u32, u32)) -> String {
    match (part, whole) {
        (1, 1) => "全部".into(),
        (1, 2) => "半数".into(),
        (1, 3) => "三分之一".into(),
        (2, 3) => "三分之二".into(),
        (1, 4) => "四分之一".into(),
        (3, 4) => "四分之三".into(),
        (3, 5) => "五分之三".into(),
        (4, 5) => "五分之四".into(),
        _ => format!("{part}/{whole}"),
    }
}
