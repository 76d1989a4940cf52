//! GET of one resource (RFC 7644 §3.4.1) and of a list (§3.4.2).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::failure::Failure;
use super::gate::{self, Caller, Gate};
use super::groups::carries;
use super::represent::{Place, View};
use super::{answer, body};
use crate::scim::error::ScimError;
use crate::scim::list::ListQuery;
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, resources, search};

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
    let projection = ListQuery::parse(request.query_string(), &caller.rules)?.projection;
    let base = gate.base(&request, &caller);
    let instance = caller.instance.id;
    let work = move |rx: &Rx<'_>| -> Result<_, StoreError> {
        let Some(stored) = resources::stored(rx, instance, kind, &id)? else {
            return Ok((None, id));
        };
        let view = View::load(rx, kind, stored, &projection)?;
        Ok((Some(view.text(&base, &projection, Place::Alone)?), id))
    };
    let (body, id) = match kind {
        ResourceType::User => gate.store.look_up(work).await?,
        // It may bring 100,000 members along.
        ResourceType::Group => gate.read(&caller, work).await?,
    };
    Ok(answer::json(
        &request,
        StatusCode::OK,
        body.ok_or_else(|| missing(kind, &id))?,
    ))
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

/// One list over the given types, one after the other.
async fn answer_list(
    request: &HttpRequest,
    gate: &Gate,
    caller: &Caller,
    kinds: Vec<ResourceType>,
    query: ListQuery,
) -> Result<HttpResponse, Failure> {
    let base = gate.base(request, caller);
    let (instance, rules) = (caller.instance.id, Arc::clone(&caller.rules));
    let kinds: Vec<_> = kinds.into_iter().filter(|kind| carries(caller, *kind)).collect();
    let user = kinds == [ResourceType::User];
    let short = |filter| user && search::is_look_up(ResourceType::User, filter);
    let is_look_up = query.filter.as_ref().is_some_and(short);
    let work = move |rx: &Rx<'_>| -> Result<String, StoreError> {
        let (mut total, mut texts) = (0, Vec::new());
        for kind in kinds {
            let start = query.start_index.saturating_sub(total).max(1);
            let count = query.count.saturating_sub(texts.len() as u64);
            let page = search::page(
                rx,
                instance,
                kind,
                query.filter.as_ref(),
                &rules.custom,
                start,
                count,
            )?;
            total += page.total;
            for stored in page.found {
                let view = View::load(rx, kind, stored, &query.projection)?;
                texts.push(view.text(&base, &query.projection, Place::List)?);
            }
        }
        Ok(envelope(total, query.start_index, &texts))
    };
    let body = if is_look_up {
        gate.store.look_up(work).await?
    } else {
        gate.read(caller, work).await?
    };
    Ok(answer::json(request, StatusCode::OK, body))
}

/// A ListResponse around texts that are JSON already. `itemsPerPage` is what is really on the page.
fn envelope(total: u64, start: u64, texts: &[String]) -> String {
    let count = texts.len();
    let resources = texts.join(",");
    format!(
        "{{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"totalResults\":{total},\
         \"startIndex\":{start},\"itemsPerPage\":{count},\"Resources\":[{resources}]}}"
    )
}
