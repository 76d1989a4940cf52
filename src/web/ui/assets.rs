//! `/static/{version}/{file}`: stylesheet, script and icon, compiled in. The version is the file's checksum: what is
//! under such an address never changes, so browsers keep it. And `/healthz`, for whoever watches the process.

use std::fmt::Write;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use rust_embed::Embed;

use super::ask::Ask;
use super::fail::{Answer, Fail};

#[derive(Embed)]
#[folder = "static/"]
struct Files;

/// Characters of a checksum in an address.
const VERSION: usize = 16;

/// The address of a file, with its checksum.
#[must_use]
pub fn address(file: &str) -> String {
    let version = Files::get(file).map(|f| version(&f.metadata.sha256_hash()));
    format!("/static/{}/{file}", version.unwrap_or_default())
}

fn version(hash: &[u8; 32]) -> String {
    let mut text = hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    text.truncate(VERSION);
    text
}

/// A file.
///
/// # Errors
/// `NotFound`.
pub async fn get(ask: Ask) -> Answer {
    let name = ask.part("file");
    let file = Files::get(&name).ok_or(Fail::NotFound)?;
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => return Err(Fail::NotFound),
    };
    let same = version(&file.metadata.sha256_hash()) == ask.part("version");
    let keep = if same {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, keep))
        .body(file.data.into_owned()))
}

/// The process answers.
///
/// # Errors
/// None.
pub async fn alive(_: Ask) -> Answer {
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body("ok\n"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn the_binary_stands_alone() {
        for file in ["rollcall.css", "rollcall.js", "rollcall.svg"] {
            assert!(
                matches!(Files::get(file).unwrap().data, Cow::Borrowed(_)),
                "{file} is read from the disk"
            );
            assert_eq!(address(file).len(), "/static//".len() + VERSION + file.len());
        }
    }
}
