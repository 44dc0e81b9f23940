//! The description of the interface as OpenAPI 3.1, made from the handlers.

use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;

use crate::routes::{docs, events, health, read, submit};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bulletin board",
        description = "Takes ballots and the entries of officials and trustees, orders them in one signed log for each event, and \
                       serves the logs to everybody as C2SP tlog-tiles. Every refusal is an object with `code`, `message` and \
                       `remedy`. Any request can be answered with 408, 413, 429 or 5xx by a proxy in between as well.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT"),
    ),
    tags(
        (name = "entries", description = "Submission"),
        (name = "events", description = "Events: reserve, found, state, turnout, labels"),
        (name = "log", description = "The log of an event, as C2SP tlog-tiles"),
        (name = "service", description = "State and description of the service"),
    ),
    paths(
        submit::entry,
        submit::close,
        events::reserve,
        events::found,
        events::list,
        events::state,
        events::turnout,
        events::labels,
        events::deposit_labels,
        read::resource,
        health::health,
        health::ready,
        docs::document,
        docs::viewer,
    ),
)]
struct Api;

/// The description.
pub(crate) fn document() -> Document {
    Api::openapi()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;
    use crate::routes::ROUTES;

    /// `/{event:[0-9a-f]{64}}/x` as `/{event}/x`.
    fn without_expressions(pattern: &str) -> String {
        let (mut plain, mut depth, mut skip) = (String::new(), 0_u32, false);
        for character in pattern.chars() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ':' if depth == 1 => skip = true,
                _ => {}
            }
            if depth == 0 {
                skip = false;
            }
            if !skip {
                plain.push(character);
            }
        }
        plain
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let served: BTreeSet<_> =
            ROUTES.iter().map(|(pattern, method)| (without_expressions(pattern), (*method).to_owned())).collect();
        assert!(served.contains(&("/{event}/{path}".into(), "head".into())), "{served:?}");
        let document = serde_json::to_value(document()).unwrap();
        let mut described = BTreeSet::new();
        for (path, item) in document.get("paths").unwrap().as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                described.insert((path.clone(), method.clone()));
                let responses = operation.get("responses").unwrap().as_object().unwrap();
                assert!(responses.contains_key("200"), "{path}");
                assert!(operation.get("description").or(operation.get("summary")).is_some(), "{path}");
                // What is in the path is described, and the other way round.
                let parameters = operation.get("parameters").and_then(|list| list.as_array()).map_or(0, Vec::len);
                assert_eq!(parameters, path.matches('{').count(), "{path}");
                assert_eq!(operation.get("requestBody").is_some(), method == "post", "{path}");
            }
        }
        assert_eq!(served, described);
        assert!(document.get("openapi").unwrap().as_str().unwrap().starts_with("3.1"));
    }

    #[test]
    fn what_is_referred_to_is_there() {
        let document = serde_json::to_value(document()).unwrap();
        let text = document.to_string();
        let schemas = document.get("components").unwrap().get("schemas").unwrap();
        let mut found = 0;
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.get(name).is_some(), "{name}");
            found += 1;
        }
        assert!(found > 40);
    }
}
