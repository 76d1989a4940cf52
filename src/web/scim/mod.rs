//! The SCIM endpoint of each instance, `/scim/{slug}/v2` (RFC 7644): bytes in, bytes out. What a request means is
//! `crate::scim`'s, what it changes goes through `crate::directory`. Knows nothing of the pages.
//!
//! Every request passes `trail` first: it asks the `gate` who may come in, and keeps what the request log wants to know.

mod address;
mod answer;
mod bearer;
mod body;
mod bulk;
mod change;
mod discovery;
mod etag;
mod failure;
mod gate;
mod me;
mod read;
mod represent;
mod scope;
mod seen;
mod shown;
#[cfg(test)]
mod tests;
mod throttle;
mod trail;
mod turn;
mod write;

pub use gate::Gate;
pub use throttle::Throttle;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig, resource};

/// All routes of one instance's endpoint.
pub fn routes(config: &mut ServiceConfig) {
    config.service(
        web::scope("/scim/{slug}/v2")
            .wrap(from_fn(trail::kept))
            .service(
                resource("/ServiceProviderConfig")
                    .get(discovery::config)
                    .default_service(web::to(discovery::refuse)),
            )
            .service(
                resource("/ResourceTypes")
                    .get(discovery::types)
                    .default_service(web::to(discovery::refuse)),
            )
            .service(
                resource("/ResourceTypes/{name}")
                    .get(discovery::one_type)
                    .default_service(web::to(discovery::refuse)),
            )
            .service(
                resource("/Schemas")
                    .get(discovery::schemas)
                    .default_service(web::to(discovery::refuse)),
            )
            .service(
                resource("/Schemas/{urn}")
                    .get(discovery::one_schema)
                    .default_service(web::to(discovery::refuse)),
            )
            .service(
                resource("/{endpoint:Users|Groups}")
                    .get(read::list)
                    .post(write::create)
                    .default_service(web::to(failure::method)),
            )
            .service(
                resource("/Bulk")
                    .post(bulk::post)
                    .default_service(web::to(failure::method)),
            )
            .service(resource(["/Me", "/Me/{below:.*}"]).default_service(web::to(me::refuse)))
            .service(
                resource("/.search")
                    .post(read::search)
                    .default_service(web::to(failure::method)),
            )
            .service(
                resource("/{endpoint:Users|Groups}/.search")
                    .post(read::search)
                    .default_service(web::to(failure::method)),
            )
            .service(
                resource("/{endpoint:Users|Groups}/{id}")
                    .get(read::one)
                    .put(write::replace)
                    .patch(write::patch)
                    .delete(write::delete)
                    .default_service(web::to(failure::method)),
            )
            .default_service(web::to(discovery::unknown)),
    );
    // A base URL without its end: those with a key are told the right one.
    config.service(
        web::scope("/scim/{slug}")
            .wrap(from_fn(trail::kept))
            .default_service(web::to(discovery::unknown)),
    );
}
