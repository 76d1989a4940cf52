//! GET of one resource (RFC 7644 §3.4.1) and of a list (§3.4.2), in pages by index or by cursor (RFC 9865).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::failure::Failure;
use super::gate::{self, Caller, Gate};
use super::represent::{Place, Shown, View};
use super::scope::carries;
use super::{answer, body, etag};
use crate::scim::cursor::ListId;
use crate::scim::error::ScimError;
use crate::scim::list::ListQuery;
use crate::scim::schema::ResourceType;
use crate::scim::urn;
use crate::store::lists::{self, List, Start};
use crate::store::scan::{self, Cost};
use crate::store::{Rx, StoreError, members, resources};

/// The type that the path names.
pub(super) fn kind(request: &HttpRequest) -> Result<ResourceType, Failure> {
    let endpoint = request.match_info().get("endpoint").unwrap_or_default();
    Ok(ResourceType::of_endpoint(endpoint)
        .ok_or_else(|| ScimError::not_found("There is no such endpoint."))?)
}

/// The id that the path names.
pub(super) fn id(request: &HttpRequest) -> String {
    request.match_info().get("id").unwrap_or_default().to_owned()
}

/// The refusal for an id that leads nowhere.
pub(super) fn missing(kind: ResourceType, id: &str) -> Failure {
    let id: String = id.chars().take(100).collect();
    ScimError::not_found(format!(
        "There is no {} with the id \"{id}\" on this endpoint.",
        kind.name()
    ))
    .into()
}

pub(super) async fn one(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let (kind, id) = (kind(&request)?, id(&request));
    if !carries(&caller, kind) {
        return Err(missing(kind, &id));
    }
    let projection = ListQuery::parse(request.query_string(), &caller.rules)?.projection;
    // What cannot be read here is passed over: the whole resource is always a right answer.
    let asked = etag::asked(&request).unwrap_or_default();
    let base = gate.base(&request, &caller);
    let instance = caller.instance.id;
    let work = move |rx: &Rx<'_>| -> Result<Result<Shown, String>, Failure> {
        let stored = resources::stored(rx, instance, kind, &id)?.ok_or_else(|| missing(kind, &id))?;
        let mut view = View::bare(kind, stored);
        if kind == ResourceType::User {
            view.fill(rx, &projection)?;
        }
        // The version of a group is known without its members.
        let tag = view.tag()?;
        if !asked.wants(&tag)? {
            return Ok(Err(tag));
        }
        if kind == ResourceType::Group {
            view.fill(rx, &projection)?;
        }
        Ok(Ok(view.shown(&base, &projection)?))
    };
    let read = match kind {
        ResourceType::User => gate.store.look_up(work).await?,
        // It may bring 100,000 members along.
        ResourceType::Group => gate.list(&caller, Cost::Page, work).await?,
    };
    Ok(match read {
        Ok(shown) => answer::shown(&request, StatusCode::OK, shown),
        Err(known) => answer::version(StatusCode::NOT_MODIFIED, known),
    })
}

pub(super) async fn list(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let query = ListQuery::parse(request.query_string(), &caller.rules)?;
    answer_list(&request, &gate, &caller, vec![kind(&request)?], query).await
}

/// POST of a search on one type, or on the root for both (RFC 7644 §3.4.3): the same list, asked for in a body.
pub(super) async fn search(
    request: HttpRequest,
    gate: web::Data<Gate>,
    payload: web::Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let kinds = match request.match_info().get("endpoint") {
        Some(_) => vec![kind(&request)?],
        None => ResourceType::ALL.to_vec(),
    };
    let query = ListQuery::from_search(&body::json(payload, &caller.rules.limits).await?, &caller.rules)?;
    answer_list(&request, &gate, &caller, kinds, query).await
}

/// One list over the given types: unless an order is asked for, one after the other.
async fn answer_list(
    request: &HttpRequest,
    gate: &Gate,
    caller: &Caller,
    kinds: Vec<ResourceType>,
    query: ListQuery,
) -> Result<HttpResponse, Failure> {
    if let Some(sort) = &query.sort {
        sort.check(&kinds, &caller.rules.custom)?;
    }
    let base = gate.base(request, caller);
    let instance = caller.instance.id;
    let id = ListId::of(instance.0, &kinds, query.filter.as_ref(), query.sort.as_ref());
    let start = match query.cursor.as_deref() {
        None => Start::Skip(query.start_index - 1),
        Some("") => Start::After(None),
        Some(cursor) => Start::After(Some(id.position(cursor)?)),
    };
    let list = List {
        instance,
        rules: Arc::clone(&caller.rules),
        kinds: kinds.into_iter().filter(|kind| carries(caller, *kind)).collect(),
        filter: query.filter,
        sort: query.sort,
        start,
        count: query.count,
    };
    let (projection, start_index) = (query.projection, query.start_index);
    let with_members = projection.wants("members");
    let cost = list.cost(with_members);
    let work = move |rx: &Rx<'_>| -> Result<String, StoreError> {
        scan::within(rx, |meter| {
            let page = lists::page(rx, meter, &list)?;
            let mut texts = Vec::with_capacity(page.found.len());
            for (kind, stored) in page.found {
                if kind == ResourceType::Group && with_members {
                    meter.spend(members::count(rx, stored.row)?.unsigned_abs())?;
                }
                let view = View::load(rx, kind, stored, &projection)?;
                texts.push(view.text(&base, &projection, Place::List)?);
            }
            let place = match &list.start {
                Start::Skip(_) => format!("\"startIndex\":{start_index},"),
                // Cursors are made of letters, digits, '-' and '_'.
                Start::After(_) => page.next.map_or_else(String::new, |next| {
                    format!("\"nextCursor\":\"{}\",", id.cursor(&next))
                }),
            };
            Ok(envelope(page.total, &place, &texts))
        })
    };
    let body = gate.list(caller, cost, work).await?;
    Ok(answer::json(request, StatusCode::OK, body))
}

/// A ListResponse around texts that are JSON already. `itemsPerPage` is what is really on the page.
fn envelope(total: u64, place: &str, texts: &[String]) -> String {
    let (schema, count) = (urn::LIST_RESPONSE, texts.len());
    let resources = texts.join(",");
    format!(
        "{{\"schemas\":[\"{schema}\"],\"totalResults\":{total},{place}\"itemsPerPage\":{count},\"Resources\":[{resources}]}}"
    )
}
