//! GET of one resource (RFC 7644 §3.4.1) and of a list (§3.4.2).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answer;
use super::failure::Failure;
use super::gate::Gate;
use super::groups::carries;
use super::represent::View;
use crate::scim::error::ScimError;
use crate::scim::list::ListQuery;
use crate::scim::schema::ResourceType;
use crate::store::search::{self, Page};
use crate::store::{StoreError, resources};

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
    let caller = gate.admit(&request).await?;
    let (kind, id) = (kind(&request)?, id(&request));
    let projection = ListQuery::parse(request.query_string())?.projection;
    let base = gate.base(&request, &caller);
    let instance = caller.instance.id;
    let (body, id) = gate
        .store
        .read(move |rx| -> Result<_, StoreError> {
            let Some(stored) = resources::stored(rx, instance, kind, &id)? else {
                return Ok((None, id));
            };
            Ok((
                Some(View::load(rx, kind, stored, &projection)?.text(&base, &projection)?),
                id,
            ))
        })
        .await?;
    Ok(answer::json(
        &request,
        StatusCode::OK,
        body.ok_or_else(|| missing(kind, &id))?,
    ))
}

pub(super) async fn list(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate.admit(&request).await?;
    let kind = kind(&request)?;
    let query = ListQuery::parse(request.query_string())?;
    let base = gate.base(&request, &caller);
    let instance = caller.instance.id;
    let carried = carries(&caller, kind);
    let body = gate
        .store
        .read(move |rx| -> Result<_, StoreError> {
            let page = if carried {
                search::page(
                    rx,
                    instance,
                    kind,
                    query.filter.as_ref(),
                    query.start_index,
                    query.count,
                )?
            } else {
                Page::default()
            };
            let mut texts = Vec::with_capacity(page.found.len());
            for stored in page.found {
                texts.push(View::load(rx, kind, stored, &query.projection)?.text(&base, &query.projection)?);
            }
            Ok(envelope(page.total, query.start_index, &texts))
        })
        .await?;
    Ok(answer::json(&request, StatusCode::OK, body))
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
