//! Printable letters: one HTML file, one page for each member. No script, no link to elsewhere, no QR code yet.

use core::fmt::Write;

use voting_core::credential::VotingCode;

/// What stands on every letter.
#[derive(Clone, Debug)]
pub struct Letterhead {
    /// The organisation.
    pub organisation: String,
    /// The event.
    pub title: String,
    /// Language tag of the two, and of the file.
    pub language: String,
    /// Words of the event (A22).
    pub words: String,
    /// Where to vote.
    pub url: String,
    /// When each round opens and closes, in words.
    pub schedule: Vec<String>,
    /// Whether further rounds may follow.
    pub further: bool,
    /// Whether this is a demonstration.
    pub demonstration: bool,
}

const STYLE: &str = "body{font:12pt/1.5 serif;margin:0}section{page-break-after:always;break-after:page;padding:2.5cm}\
                     .code{font:bold 20pt monospace;letter-spacing:.05em;margin:1em 0}.digits{font:14pt monospace}\
                     .words{font-weight:bold}";

/// The whole file.
#[must_use]
pub fn html(head: &Letterhead, members: &[(String, VotingCode)]) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"{}\">\n<meta charset=\"utf-8\">\n<title>{}</title>\n<style>{STYLE}</style>\n",
        escape(&head.language),
        escape(&head.title)
    );
    for (member, code) in members {
        letter(&mut page, head, member, code);
    }
    page.push_str("</html>\n");
    page
}

fn letter(page: &mut String, head: &Letterhead, member: &str, code: &VotingCode) {
    let demonstration =
        if head.demonstration { "<p><strong>Demonstration, no real election.</strong></p>\n" } else { "" };
    let further = if head.further {
        "<p>Further rounds may follow, after a tie for instance. The same code serves all of them: keep this letter.</p>\n"
    } else {
        ""
    };
    let schedule: String = head.schedule.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
    let _ = write!(
        page,
        "<section>\n<p>{organisation}</p>\n<h1>{title}</h1>\n{demonstration}<p>For: {member}</p>\n\
         <p>This is your voting code. Whoever has it can vote for you: keep it to yourself.</p>\n\
         <p class=\"code\">{code}</p>\n\
         <p>The same code in digits, for a keyboard without letters:</p>\n<p class=\"digits\">{digits}</p>\n\
         <p>Vote at {url}</p>\n<ul>{schedule}</ul>\n{further}\
         <p>Before you type the code, compare these words with those on the screen. \
         They must be the same; if not, stop and tell the organisation.</p>\n<p class=\"words\">{words}</p>\n\
         <p>You may vote again while voting is open; your last ballot counts.</p>\n</section>\n",
        organisation = escape(&head.organisation),
        title = escape(&head.title),
        member = escape(member),
        code = code.expose_text(),
        digits = code.expose_digits(),
        url = escape(&head.url),
        words = escape(&head.words),
    );
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
    use super::*;

    #[test]
    fn one_page_a_member_with_words_and_both_forms_and_names_are_escaped() {
        let head = Letterhead {
            organisation: "A & B".into(),
            title: "Board <2026>".into(),
            language: "en".into(),
            words: "bada-bidi".into(),
            url: "https://votes.example.org".into(),
            schedule: vec!["opens tomorrow".into()],
            further: true,
            demonstration: false,
        };
        let codes = [VotingCode::from_entropy([1; 11]), VotingCode::from_entropy([2; 11])];
        let members = [("<script>".to_owned(), codes[0].clone()), ("O'Neil".to_owned(), codes[1].clone())];
        let page = html(&head, &members);
        assert_eq!(page.matches("<section>").count(), 2);
        assert_eq!(page.matches("bada-bidi").count(), 2);
        assert!(page.contains("A &amp; B") && page.contains("Board &lt;2026&gt;") && page.contains("O&#39;Neil"));
        assert_eq!(page.matches("The same code serves all").count(), 2);
        assert!(!page.contains("<script"));
        for code in codes {
            assert!(page.contains(&code.expose_text()) && page.contains(&code.expose_digits()));
        }
    }
}
