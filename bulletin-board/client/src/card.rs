//! The printed page of an observer card, in English and Chinese, with its QR code. No script, nothing from elsewhere.

use core::fmt::Write;

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use tlog::policy::Requirement;
use voting_core::card::Card;
use voting_core::ids::LabelDigest;
use voting_core::labels::Labels;
use voting_core::manifest::Manifest;

/// Longest card in bytes whose QR code ordinary telephones still read from paper.
const MAX_QR: usize = 1_200;

const STYLE: &str = "body{font:12pt/1.5 serif;margin:2cm;max-width:17cm}h1{font-size:18pt;margin:0 0 .3em}\
                     h2{font-size:14pt;margin:1.2em 0 .3em}.words{font:bold 18pt monospace}\
                     td{vertical-align:top;padding:.1em .8em .1em 0}\
                     code{font:10pt monospace;overflow-wrap:anywhere}svg{width:8cm;height:8cm;display:block;margin:.5em 0}\
                     pre{font:9pt monospace;white-space:pre-wrap;overflow-wrap:anywhere}";

/// Sentences of the page in one language.
struct Words {
    language: &'static str,
    title: &'static str,
    what: &'static str,
    event: &'static str,
    words: &'static str,
    host: &'static str,
    log: &'static str,
    witnesses: &'static str,
    no_witnesses: &'static str,
    enough: &'static str,
    use_it: &'static str,
    no_code: &'static str,
    demonstration: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    title: "Observer card",
    what: "Whoever has this card can check the whole public record of this event, and every receipt, without trusting \
           anybody else. Keep it. Compare it with the card of another person: all cards of one event are the same.",
    event: "Event id",
    words: "Event words",
    host: "Host of the public record",
    log: "Key of the public record",
    witnesses: "Witness servers",
    no_witnesses: "none: nothing but comparing shows whether everybody sees the same record",
    enough: "needed",
    use_it: "Type the lines at the end of this page into a file, or read the code, and run:",
    no_code: "The card is too long for a code: ask for the file.",
    demonstration: "This is a demonstration, no real election.",
};

const CHINESE: Words = Words {
    language: "zh-CN",
    title: "观察员卡",
    what: "持有本卡的人可以独立核验本次选举的全部公开记录和每一份投票回执，不必相信任何其他人。请妥善保存，并与他人的卡互相核对：同一次选举的卡完全相同。",
    event: "选举编号",
    words: "核对词",
    host: "公开记录所在主机",
    log: "公开记录的公钥",
    witnesses: "见证节点",
    no_witnesses: "无：只有互相核对才能发现大家看到的记录是否相同",
    enough: "要求",
    use_it: "把本页末尾的几行存成文件，或扫描二维码，然后运行：",
    no_code: "本卡内容太长，无法印成二维码：请索取文件。",
    demonstration: "这是演示，不是真实选举。",
};

/// Whether a card is too long to be printed as a QR code.
#[must_use]
pub fn is_too_long_for_qr(card: &Card) -> bool {
    card.to_bytes().len() > MAX_QR
}

/// The page of an event's card, as one HTML file.
#[must_use]
pub fn card_page(card: &Card, manifest: &Manifest, labels: &Labels) -> String {
    let mut page = String::new();
    // Writing to a string can't fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{} {}</title>\n<style>{STYLE}</style>\n",
        ENGLISH.title,
        escape(&card.words())
    );
    let code = code(card);
    for words in [&ENGLISH, &CHINESE] {
        section(&mut page, words, card, manifest, labels);
        if code.is_none() {
            let _ = writeln!(page, "<p>{}</p>", words.no_code);
        }
        page.push_str("</section>\n");
    }
    page.push_str(&code.unwrap_or_default());
    let _ = write!(page, "\n<pre>{}</pre>\n</html>\n", escape(&card.to_string()));
    page
}

fn section(page: &mut String, words: &Words, card: &Card, manifest: &Manifest, labels: &Labels) {
    let text = |digest: &LabelDigest| escape(&labels.text(digest, words.language, String::new));
    let _ = writeln!(page, "<section lang=\"{}\">\n<h1>{}</h1>", words.language, words.title);
    for title in [text(&manifest.title), text(&manifest.organisation)] {
        if !title.is_empty() {
            let _ = writeln!(page, "<p>{title}</p>");
        }
    }
    if manifest.demonstration {
        let _ = writeln!(page, "<p><strong>{}</strong></p>", words.demonstration);
    }
    let _ = writeln!(page, "<p>{}</p>\n<p class=\"words\">{}</p>\n<table>", words.what, escape(&card.words()));
    let policy = card.policy();
    let witnesses: Vec<String> = policy
        .witnesses()
        .iter()
        .map(|witness| {
            format!("{}: <code>{}</code>", escape(&witness.name.to_string()), escape(&witness.key.to_string()))
        })
        .collect();
    let mut witnesses = if witnesses.is_empty() { words.no_witnesses.to_owned() } else { witnesses.join("<br>") };
    if let Requirement::Named(name) = policy.requirement() {
        let group = policy.groups().iter().find(|group| group.name == *name);
        let number =
            group.map_or_else(|| name.to_string(), |group| format!("{}/{}", group.threshold, group.members.len()));
        let _ = write!(witnesses, "<br>{}: {}", words.enough, escape(&number));
    }
    let code = |text: String| format!("<code>{}</code>", escape(&text));
    let rows = [
        (words.words, escape(&card.words())),
        (words.event, code(card.event().to_string())),
        (words.host, code(card.host().to_owned())),
        (words.log, code(card.log_key().to_string())),
        (words.witnesses, witnesses),
    ];
    for (name, value) in rows {
        let _ = writeln!(page, "<tr><td>{name}</td><td>{value}</td></tr>");
    }
    let _ = writeln!(
        page,
        "</table>\n<p>{}<br><code>observer verify https://{}/{} --card FILE</code></p>",
        words.use_it,
        escape(card.host()),
        card.event()
    );
}

/// The card as a QR code in SVG: its bytes, exactly as in the file.
fn code(card: &Card) -> Option<String> {
    if is_too_long_for_qr(card) {
        return None;
    }
    let code = QrCode::with_error_correction_level(card.to_bytes(), EcLevel::L).ok()?;
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(300, 300).build();
    // Within HTML the declaration of XML has no place.
    drawn.split_once("<svg").map(|(_, rest)| format!("<svg{rest}"))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use voting_core::testing::Sandbox;

    use super::*;

    #[test]
    fn the_page_says_everything_in_both_languages_and_loads_nothing() {
        let key = tlog::cosign::CosigningKey::from_seed(tlog::KeyName::new("w.example.org").unwrap(), &[7; 32]);
        let policy = format!("witness w1<b> {}\ngroup all any w1<b>\nquorum all\n", key.verifier());
        let manifest = Sandbox::with(1, |fields| fields.witness_policy = policy).manifest();
        let card = Card::of(&manifest).unwrap();
        let page = card_page(&card, &manifest, &Labels::default());
        assert!(page.contains("<section lang=\"en\">\n<h1>Observer card</h1>"), "{page}");
        assert!(page.contains("<section lang=\"zh-CN\">\n<h1>观察员卡</h1>"));
        for part in [card.event().to_string(), card.words(), card.log_key().to_string(), key.verifier().to_string()] {
            assert!(page.matches(&part).count() >= 2, "{part}");
        }
        assert!(page.contains("这是演示") && page.contains("This is a demonstration"));
        assert!(page.contains("needed: 1/1") && page.contains("w1&lt;b&gt;") && !page.contains("<b>"));
        assert_eq!(page.matches("<svg").count(), 1);
        assert!(!page.contains("<script") && !page.contains("src=") && !page.contains("href="));
        let start = page.find("<pre>").unwrap() + 5;
        let printed = page[start..page.find("</pre>").unwrap()].replace("&lt;", "<").replace("&gt;", ">");
        assert_eq!(Card::parse(printed.as_bytes()), Ok(card));
    }

    /// The dark rectangles of the drawing, as `M x y h w v h H x V y` in one path.
    fn is_dark(page: &str) -> (usize, std::collections::BTreeSet<(usize, usize)>) {
        let width = page.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let path = page.split(" d=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut dark = std::collections::BTreeSet::new();
        for part in path.split('M').skip(1) {
            let numbers: Vec<usize> = part
                .split(|c: char| !c.is_ascii_digit())
                .filter(|number| !number.is_empty())
                .map(|number| number.parse().unwrap())
                .collect();
            let [x, y, w, h] = numbers[..4] else { panic!("{part}") };
            dark.extend((x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))));
        }
        (width, dark)
    }

    #[test]
    fn the_code_on_the_page_reads_back_as_the_card() {
        let key = |seed: u8| {
            let name = tlog::KeyName::new(&format!("w{seed}.example.org")).unwrap();
            tlog::cosign::CosigningKey::from_seed(name, &[seed; 32]).verifier()
        };
        let mut policy: String = (1..4).map(|seed| format!("witness w{seed} {}\n", key(seed))).collect();
        policy.push_str("group enough 2 w1 w2 w3\nquorum enough\n");
        let manifest = Sandbox::with(2, |fields| fields.witness_policy = policy).manifest();
        let card = Card::of(&manifest).unwrap();
        let (width, dark) = is_dark(&card_page(&card, &manifest, &Labels::default()));
        let shade = |x, y| if dark.contains(&(x, y)) { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, width, shade);
        let found = image.detect_grids();
        assert_eq!(found.len(), 1);
        let mut read = Vec::new();
        found[0].decode_to(&mut read).unwrap();
        assert_eq!(Card::parse(&read), Ok(card));
    }

    #[test]
    fn a_card_that_is_too_long_for_paper_says_so() {
        let key = |seed: u8| {
            let name = tlog::KeyName::new(&format!("w{seed}.example.org")).unwrap();
            tlog::cosign::CosigningKey::from_seed(name, &[seed; 32]).verifier()
        };
        let mut policy: String = (1..20).map(|seed| format!("witness w{seed} {}\n", key(seed))).collect();
        policy.push_str("quorum w1\n");
        let manifest = Sandbox::with(1, |fields| fields.witness_policy = policy).manifest();
        let card = Card::of(&manifest).unwrap();
        let page = card_page(&card, &manifest, &Labels::default());
        assert!(is_too_long_for_qr(&card));
        assert!(!page.contains("<svg") && page.contains("ask for the file") && page.contains("请索取文件"), "{page}");
    }
}
