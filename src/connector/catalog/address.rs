//! What an admin pastes as SCIM base URL, compared with the shapes an App is known to have (`App::base_urls`). Text only:
//! whether the address may be called is `net`'s, whether it is a SCIM endpoint `Connector::check`'s.
//!
//! A shape is `https://host/path` with `{placeholders}`: in the host one that stands for one label or more, in the path
//! whole segments. Where the whole host is a placeholder, the app stands on the admin's own ground: then http is left to
//! `net` to judge, and anything may stand before the path.

use url::Url;

use super::App;
use crate::connector::net;

/// The way out where the makers have moved and the catalog does not know.
const OTHERWISE: &str = "If yours really is different, connect it as Generic SCIM 2.0.";

/// One of `App::base_urls`, taken apart.
struct Shape<'a> {
    host: &'a str,
    path: Vec<&'a str>,
}

impl App {
    /// Whether all placeholders were filled in. `typed` is what was pasted.
    ///
    /// # Errors
    /// A sentence that says what to fill in.
    pub(in crate::connector) fn filled(&self, typed: &str) -> Result<(), String> {
        for name in self.base_urls.iter().flat_map(|shape| placeholders(shape)) {
            let left = typed.contains(&format!("{{{name}}}"))
                || typed.contains(&format!("<{name}>"))
                || (name.contains('_') && typed.split('/').any(|part| part == name));
            if left {
                let words = name.replace('_', " ");
                return Err(format!("Put your own {words} in place of {{{name}}}."));
            }
        }
        if !self.base_urls.is_empty() && (typed.contains(['{', '}', '<', '>', '…']) || typed.contains("..."))
        {
            return Err("A part of the address is still to be filled in: put your own value there.".into());
        }
        Ok(())
    }

    /// Whether a base URL, cleaned, has one of the shapes; where none is known, anything has.
    ///
    /// # Errors
    /// A sentence that says what to change.
    pub(in crate::connector) fn fits(&self, url: &str) -> Result<(), String> {
        let Ok(url) = Url::parse(url) else {
            return Err("The SCIM Base URL cannot be used.".into());
        };
        let host = net::label(&url);
        let have: Vec<&str> = url.path().split('/').filter(|part| !part.is_empty()).collect();
        let shapes: Vec<Shape<'_>> = self.base_urls.iter().map(|text| Shape::of(text)).collect();
        let mut problem = None;
        for shape in shapes.iter().filter(|shape| shape.host_fits(&host)) {
            if url.scheme() != "https" && !shape.own_ground() {
                problem.get_or_insert(format!("The address of {} begins with https://.", self.name));
                continue;
            }
            match shape.path_wrong(&self.name, &have) {
                None => return Ok(()),
                Some(why) => _ = problem.get_or_insert(why),
            }
        }
        match (problem, shapes.first()) {
            (Some(why), _) => Err(why),
            (None, None) => Ok(()),
            (None, Some(shape)) => {
                let is = if shape.host.contains('{') {
                    "looks like"
                } else {
                    "is"
                };
                Err(format!(
                    "The host of {} {is} {}, not {host}. {OTHERWISE}",
                    self.name, shape.host
                ))
            }
        }
    }
}

impl<'a> Shape<'a> {
    fn of(text: &'a str) -> Self {
        let rest = text.trim_start_matches("https://");
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        Self {
            host,
            path: path.split('/').filter(|part| !part.is_empty()).collect(),
        }
    }

    fn own_ground(&self) -> bool {
        is_placeholder(self.host)
    }

    fn host_fits(&self, host: &str) -> bool {
        let Some((before, rest)) = self.host.split_once('{') else {
            return host == self.host;
        };
        let after = rest.split_once('}').map_or("", |(_, after)| after);
        host.strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|own| !own.is_empty() && !own.starts_with('.') && !own.ends_with('.'))
    }

    /// What to change about the path `have` of an app of this name; none: nothing.
    fn path_wrong(&self, app: &str, have: &[&str]) -> Option<String> {
        let want = &self.path;
        let before = match have.len().checked_sub(want.len()) {
            Some(more) if self.own_ground() => more,
            _ => 0,
        };
        let have_end = &have[before..];
        let alike = want
            .iter()
            .zip(have_end)
            .all(|(want, have)| is_placeholder(want) || want == have);
        let whole = path(want);
        Some(if alike && have_end.len() == want.len() {
            return None;
        } else if have.is_empty() {
            format!("The path is missing: after the host comes {whole}.")
        } else if alike && have_end.len() < want.len() {
            let (end, begin) = (path(&want[have_end.len()..]), path(have));
            format!("The end of the address is missing: {end} comes after {begin}.")
        } else if alike {
            let more = path(&have_end[want.len()..]);
            format!("The address is too long: remove {more} from its end.")
        } else {
            let is = if self.own_ground() { "ends with" } else { "is" };
            format!("The path of {app} {is} {whole}, not {}. {OTHERWISE}", path(have))
        })
    }
}

fn path(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("/{part}")).collect()
}

fn is_placeholder(part: &str) -> bool {
    part.starts_with('{') && part.ends_with('}')
}

/// Names of the placeholders of a shape.
fn placeholders(shape: &str) -> impl Iterator<Item = &str> {
    let pieces = shape.split('{').skip(1);
    pieces.filter_map(|piece| piece.split_once('}').map(|(name, _)| name))
}
