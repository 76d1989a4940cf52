//! Makes the frame of a page out of the request and the database, and the header of an instance's pages.

use std::cmp::Reverse;

use super::carries;
use super::fail::Fail;
use super::instance::{Head, Tab};
use super::page::{Crumb, Flash, Here, Live, Nav, NavInstance, Page, Signed, Theme};
use super::parts::When;
use super::words;
use crate::connector::catalog;
use crate::model::{Admin, Instance};
use crate::scim::fold;
use crate::store::{Rx, StoreError, conditions, instances, jobs};
use crate::sync::health;
use crate::sync::status::{InstanceStatus, status};

/// Instances listed at the side.
const LISTED: usize = 12;

/// What the request says of the frame.
#[derive(Clone)]
pub struct Chrome {
    pub(super) admin: Option<Admin>,
    pub(super) csrf: String,
    pub(super) theme: Theme,
    pub(super) flash: Option<Flash>,
    pub(super) path: String,
}

/// An instance's page: frame, header and state.
pub struct Inside {
    /// The frame.
    pub page: Page,
    /// The header.
    pub head: Head,
    /// The instance.
    pub instance: Instance,
    /// How it is.
    pub status: InstanceStatus,
}

impl Chrome {
    /// The frame before sign-in.
    #[must_use]
    pub fn outside(self, title: &str, now: crate::model::Time) -> Page {
        Page {
            title: title.into(),
            nav: None,
            admin: self.admin.map(|a| Signed {
                email: a.email,
                role: a.role,
            }),
            csrf: self.csrf,
            flash: self.flash,
            theme: self.theme,
            path: self.path,
            crumbs: Vec::new(),
            now: When::formatted(now, "%H:%M"),
            live: Live::Still,
        }
    }

    /// The frame with navigation.
    ///
    /// # Errors
    /// When the database fails.
    pub fn page(
        self,
        rx: &Rx<'_>,
        title: &str,
        here: Here,
        crumbs: &[(&str, &str)],
    ) -> Result<Page, StoreError> {
        let crumbs = crumbs.iter().map(|(label, href)| Crumb {
            label: (*label).into(),
            href: (*href).into(),
        });
        let crumbs = crumbs.collect();
        let nav = Some(nav(rx, here)?);
        Ok(Page {
            nav,
            crumbs,
            ..self.outside(title, rx.now())
        })
    }

    /// The frame of a page of the instance under `slug`.
    ///
    /// # Errors
    /// `NotFound`; the store's.
    pub fn inside(self, rx: &Rx<'_>, slug: &str, tab: Tab, title: Option<&str>) -> Result<Inside, Fail> {
        let instance = instances::by_slug(rx, slug)?.ok_or(Fail::NotFound)?;
        let status = status(rx, &instance)?;
        let address = format!("/instances/{}", instance.slug);
        let people = format!("{address}{}", tab.address());
        let mut crumbs = vec![("Overview", "/")];
        let title = match title {
            None if tab == Tab::Overview => &instance.name,
            title => {
                crumbs.push((&instance.name, &address));
                if title.is_some() && tab != Tab::Overview {
                    crumbs.push((tab.word(), &people));
                }
                title.unwrap_or(tab.word())
            }
        };
        let page = self.page(rx, title, Here::Instance(instance.slug.clone()), &crumbs)?;
        let head = head(&instance, &status, tab);
        Ok(Inside {
            page,
            head,
            instance,
            status,
        })
    }
}

fn nav(rx: &Rx<'_>, here: Here) -> Result<Nav, StoreError> {
    let mut all = Vec::new();
    for instance in instances::list(rx)? {
        let open = conditions::open_of(rx, instance.id)?;
        let (health, _) = health::health(&instance, &open, &jobs::counts(rx, instance.id)?);
        all.push(NavInstance {
            slug: instance.slug,
            name: instance.name,
            health,
        });
    }
    all.sort_by_cached_key(|i| (Reverse(i.health), fold(&i.name)));
    let more = all.len().saturating_sub(LISTED);
    // Where we are is always listed.
    let at = all
        .iter()
        .position(|i| matches!(&here, Here::Instance(slug) if *slug == i.slug));
    if let Some(at) = at.filter(|at| *at >= LISTED) {
        all.swap(at, LISTED - 1);
    }
    all.truncate(LISTED);
    Ok(Nav {
        here,
        instances: all,
        more: more as u64,
    })
}

fn head(instance: &Instance, status: &InstanceStatus, tab: Tab) -> Head {
    let app = app_name(instance);
    Head {
        slug: instance.slug.clone(),
        name: instance.name.clone(),
        mark: mark(instance),
        kind: kind(instance),
        app,
        badge: status.health.into(),
        has_target: instance.target.is_some(),
        scope: instance.scope,
        enabled: instance.enabled,
        paused: instance.paused,
        running: status.run.as_ref().is_some_and(|run| run.ended.is_none()),
        tab,
    }
}

/// What the app of an instance is called.
#[must_use]
pub fn app_name(instance: &Instance) -> String {
    match catalog::find(&instance.app) {
        Some(app) if app.slug == catalog::GENERIC => "the app".into(),
        Some(app) => app.name.clone(),
        None => "the app".into(),
    }
}

/// Two letters for an instance.
#[must_use]
pub fn mark(instance: &Instance) -> String {
    match catalog::find(&instance.app) {
        Some(app) if app.slug != catalog::GENERIC => app.initials.clone(),
        _ => words::mark(&instance.name),
    }
}

/// `Atlassian Cloud · SCIM · groups only`, `Receives only`.
#[must_use]
pub fn kind(instance: &Instance) -> String {
    if instance.target.is_none() {
        return "Receives only".into();
    }
    let app = catalog::find(&instance.app).map_or("SCIM 2.0", |app| app.name.as_str());
    let protocol = if app.contains("SCIM") { "" } else { " · SCIM" };
    format!("{app}{protocol}{}", carries::only(instance.scope))
}
