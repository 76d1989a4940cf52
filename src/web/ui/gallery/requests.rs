//! The request log, and what an instance's page says of it.

use super::inside::ENDPOINT;
use super::sample::{HOSTILE, NOW, ago, head, inside, when};
use crate::model::{Health, InstanceId, Milestone, Refusal, Request, RequestId, Why};
use crate::scim::tolerance::Tolerance;
use crate::web::ui::habits::{HabitRow, Habits, TurnedAway};
use crate::web::ui::instance::{Fact, Tab};
use crate::web::ui::parts::{Choice, Paging, When};
use crate::web::ui::refusal::explain;
use crate::web::ui::request::RequestPage;
use crate::web::ui::requests::{RequestRow, RequestsPage, steps};
use crate::web::ui::sent::{readable, sender, shape, tolerated, took};

fn sample(status: u16, why: Option<Why>) -> Request {
    Request {
        id: RequestId(0x0012_3456_789a),
        instance: InstanceId(1),
        key: Some(1),
        at: ago(40),
        took_us: 1234,
        method: "GET",
        path: "/scim/atlassian-prod/v2/Users?filter=userName%20eq%20%22mara.lindt%40example.com%22".into(),
        status,
        agent: HOSTILE.into(),
        address: "203.0.113.7".parse().ok(),
        tolerated: Box::new([Tolerance::EndpointInBaseUrl, Tolerance::RemoveWithValue]),
        refusal: (status >= 400).then(|| {
            Box::new(Refusal {
                why,
                ..Refusal::default()
            })
        }),
    }
}

fn row(request: &Request) -> RequestRow {
    RequestRow {
        id: request.id.to_string(),
        at: When::formatted(request.at, "%H:%M:%S"),
        method: request.method,
        path: readable(&request.path),
        sender: sender(request),
        status: request.status,
        shape: shape(request),
        took: took(request),
        key: "Okta production".into(),
        remark: if request.is_refused() {
            explain(request, None, ENDPOINT).what
        } else {
            tolerated(request).join("; ")
        },
    }
}

pub(super) fn requests() -> RequestsPage {
    let all = [
        sample(200, None),
        sample(401, Some(Why::Jwt)),
        sample(404, Some(Why::NoEndpoint)),
        sample(429, Some(Why::Crowded)),
        sample(409, None),
    ];
    let kinds = [("", "All requests", ""), ("refused", "Refused", "")];
    RequestsPage {
        page: inside("Requests"),
        head: head(Tab::Requests, Health::Healthy),
        kinds: Choice::list(&kinds, ""),
        narrowed: true,
        rows: all.iter().map(row).collect(),
        paging: Paging {
            shown: "Newest first".into(),
            previous: None,
            next: Some("?before=1".into()),
        },
        endpoint: ENDPOINT.into(),
        steps: steps(
            &[
                (Milestone::Reached, ago(86_400)),
                (Milestone::Authenticated, ago(80_000)),
            ],
            NOW,
        ),
        throttled: 12,
    }
}

pub(super) fn requests_none() -> RequestsPage {
    RequestsPage {
        narrowed: false,
        rows: vec![],
        steps: steps(&[], NOW),
        throttled: 0,
        ..requests()
    }
}

pub(super) fn request() -> RequestPage {
    let request = sample(401, Some(Why::Malformed));
    let fact = |label, value: &str| Fact {
        label,
        value: value.into(),
        mono: true,
        when: None,
    };
    RequestPage {
        page: inside("Request"),
        head: head(Tab::Requests, Health::Healthy),
        method: request.method,
        path: readable(&request.path),
        shape: shape(&request),
        status: request.status,
        at: when(40),
        refused: Some(explain(&request, None, ENDPOINT)),
        told: "This endpoint needs a valid API key of this instance.".into(),
        keyword: "invalidValue".into(),
        tolerated: tolerated(&request),
        facts: vec![
            fact("Request id", "00123456789a"),
            fact("As it was sent", &request.path),
        ],
    }
}

pub(super) fn habits() -> Habits {
    Habits {
        rows: vec![HabitRow {
            text: "Entra: legacy member removal".into(),
            often: "12 today".into(),
        }],
        endpoint_in_base_url: true,
        turned_away: Some(TurnedAway {
            id: "00123456789a".into(),
            what: "It came without a key.".into(),
        }),
    }
}
