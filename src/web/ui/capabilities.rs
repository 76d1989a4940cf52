//! `/instances/{slug}/capabilities`: what the app can do, as it was last tried, with advice; and the buttons that have it
//! tried again, by reading or, asked for on a page of its own, by writing too.

use actix_web::HttpResponse;
use askama::Template;

use super::ask::Ask;
use super::chrome::{Inside, app_name};
use super::confirm::ConfirmPage;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Tab};
use super::page::{Live, Page};
use super::parts::{Badge, Tone, When};
use super::serve::show;
use super::words;
use crate::model::{Capabilities, LineGroup, LineState, Profile, Verb};
use crate::scim::schema::ResourceType;
use crate::store::{StoreError, probes};
use crate::sync::plan;

/// The checklist.
#[derive(Template)]
#[template(path = "capabilities.html")]
pub struct CapabilitiesPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// When the app was tried; none: never.
    pub at: Option<When>,
    /// `31 in order, 2 to look at, 1 not decided.`
    pub sums: String,
    /// Writes were tried.
    pub writes: bool,
    /// It is being tried.
    pub running: bool,
    /// It may be asked for now.
    pub may_ask: bool,
    /// Checks under their headings.
    pub groups: Vec<CheckGroup>,
}

/// A heading and what stands under it.
pub struct CheckGroup {
    /// `Reachability`.
    pub title: &'static str,
    /// At least one.
    pub lines: Vec<CheckLine>,
}

/// What one check found.
pub struct CheckLine {
    /// `In order`, `Note`, `Fails`, `Not known`, `Not tried`.
    pub badge: Badge,
    /// What was looked at.
    pub title: String,
    /// A sentence.
    pub found: String,
    /// What to do; may be empty.
    pub advice: String,
}

/// The checklist.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let slug = ask.part("slug");
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            mut page,
            head,
            instance,
            ..
        } = chrome.inside(rx, &slug, Tab::Overview, Some("What the app can do"))?;
        let probe = probes::of(rx, instance.id)?;
        let may_ask = instance.target.is_some() && instance.enabled && !instance.paused;
        let running = probe.running && may_ask;
        if running {
            page.live = Live::Running;
        }
        let profile = probe.profile;
        let kept_to = instance.target.as_ref().and_then(|t| kept_to(t.capabilities()));
        Ok::<_, Fail>(CapabilitiesPage {
            at: profile.as_ref().map(|p| When::relative(p.at, rx.now())),
            sums: profile.as_ref().map(sums).unwrap_or_default(),
            writes: profile.as_ref().is_some_and(|p| p.writes),
            groups: kept_to
                .into_iter()
                .chain(profile.map(groups).unwrap_or_default())
                .collect(),
            running,
            may_ask,
            page,
            head,
        })
    });
    show(&shown.await?)
}

/// Has the app tried again.
///
/// # Errors
/// `NotFound`, `Refused`; the store's.
pub async fn post(ask: Ask) -> Answer {
    again(ask, false).await
}

/// Has the app tried again, with writes.
///
/// # Errors
/// `NotFound`, `Refused`; the store's.
pub async fn write(ask: Ask) -> Answer {
    again(ask, true).await
}

async fn again(ask: Ask, writes: bool) -> Answer {
    let instance = ask.instance().await?;
    ask.pages
        .manager
        .ask_probe(ask.actor()?, instance.id, writes)
        .await?;
    ask.pages.engine.wake();
    ask.go_on(
        &format!("/instances/{}/capabilities", instance.slug),
        Some(News::Probing),
    )
}

/// Says what a check with writes does.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn ask_write(ask: Ask) -> Answer {
    let slug = ask.part("slug");
    let shown = ask.read(move |rx, chrome| {
        let Inside { page, instance, .. } = chrome.inside(rx, &slug, Tab::Overview, Some("Check with writes"))?;
        let app = app_name(&instance);
        Ok::<_, Fail>(ConfirmPage {
            page,
            question: format!("Check what {app} can do, with writes?"),
            consequences: vec![
                "One user and one group are made, with names that begin with rollcall-probe-.".into(),
                "They are changed, the user is put into the group and out again, and is deactivated.".into(),
                "Both are deleted at the end, and you are told whether they are gone.".into(),
                format!("If {app} counts or bills accounts, or mails new ones, it may do so for this user (example.com)."),
                "No other account or group is touched.".into(),
            ],
            action: format!("/instances/{}/capabilities/write", instance.slug),
            typed: None,
            refused: None,
            button: "Check with writes".into(),
            back: format!("/instances/{}/capabilities", instance.slug),
        })
    });
    show(&shown.await?)
}

/// The profile as JSON, as `rollcall probe --json` gives it.
///
/// # Errors
/// `NotFound`, also when the app was never tried; the store's.
pub async fn json(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    let found = ask
        .pages
        .store()
        .read(move |rx| probes::of(rx, instance.id))
        .await;
    let profile = found
        .map_err(|e: StoreError| Fail::from(e))?
        .profile
        .ok_or(Fail::NotFound)?;
    let at = profile.at.to_string();
    let mut shown = serde_json::json!(profile);
    shown["at"] = at.into();
    let name = format!("attachment; filename=\"{}-capabilities.json\"", instance.slug);
    Ok(HttpResponse::Ok()
        .insert_header(("Content-Disposition", name))
        .insert_header(("Cache-Control", "no-store"))
        .json(shown))
}

/// What is not asked of the app, or not in the usual way, as its makers tell or as it turned out; none: nothing.
fn kept_to(known: &Capabilities) -> Option<CheckGroup> {
    let line = |title: &str, found: String| CheckLine {
        badge: Badge::new(Tone::Info, "Kept to"),
        title: title.to_owned(),
        found,
        advice: String::new(),
    };
    let title = |kind, verb| match (kind, verb) {
        (ResourceType::User, Verb::Create) => "New users",
        (ResourceType::User, Verb::Delete) => "Deleting users",
        (ResourceType::User, _) => "Changing users",
        (ResourceType::Group, Verb::Create) => "New groups",
        (ResourceType::Group, Verb::Delete) => "Deleting groups",
        (ResourceType::Group, _) => "Changing groups",
    };
    let refused = known.refusals().filter_map(|(kind, verb)| {
        let why = plan::refusal(known, kind, verb)?;
        let advice = match known.refused.contains(&(kind, verb)) {
            true => "The app refused it once, so it is not asked for until the next check. Check again to have it asked for, or check with writes to have it decided.",
            false => "",
        };
        Some(CheckLine {
            advice: advice.to_owned(),
            ..line(title(kind, verb), why.to_owned())
        })
    });
    let whole = known.put_only.iter().map(|kind| {
        let found = "PATCH is refused, whatever is announced: each is read, changed and written whole (PUT).";
        line(title(*kind, Verb::Update), found.to_owned())
    });
    let pace = [
        ("Writes", "that change something ", known.pace.writes),
        ("Requests", "", known.pace.requests),
    ];
    let pace = pace.into_iter().filter_map(|(title, which, most)| {
        let most = words::number(most?.into());
        let found =
            format!("At most {most} requests {which}a minute, of all instances on its host together.");
        Some(line(title, found))
    });
    let lines: Vec<CheckLine> = refused.chain(whole).chain(pace).collect();
    (!lines.is_empty()).then_some(CheckGroup {
        title: "What is kept to",
        lines,
    })
}

fn sums(profile: &Profile) -> String {
    let count = |states: &[LineState]| {
        let of = profile.lines.iter().filter(|line| states.contains(&line.state));
        of.count() as u64
    };
    let parts = [
        (count(&[LineState::Ok]), "in order"),
        (count(&[LineState::Warn]), "with a note"),
        (count(&[LineState::Bad]), "failing"),
        (count(&[LineState::Unknown]), "not known"),
        (count(&[LineState::Skipped]), "not tried"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", words::number(*n)))
        .collect();
    said.join(", ")
}

fn groups(profile: Profile) -> Vec<CheckGroup> {
    let mut groups: Vec<(LineGroup, CheckGroup)> = Vec::new();
    for line in profile.lines {
        let shown = CheckLine {
            badge: badge(line.state),
            title: line.title,
            found: line.found,
            advice: line.advice,
        };
        match groups.last_mut() {
            Some((group, known)) if *group == line.group => known.lines.push(shown),
            _ => {
                let title = line.group.title();
                let lines = vec![shown];
                groups.push((line.group, CheckGroup { title, lines }));
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Colour, shape and word of a line's state.
#[must_use]
pub fn badge(state: LineState) -> Badge {
    match state {
        LineState::Ok => Badge::new(Tone::Ok, "In order"),
        LineState::Warn => Badge::new(Tone::Warn, "Note"),
        LineState::Bad => Badge::new(Tone::Bad, "Fails"),
        LineState::Unknown => Badge::new(Tone::Held, "Not known"),
        LineState::Skipped => Badge::new(Tone::Off, "Not tried"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_to_is_told_in_sentences() {
        let mut known = Capabilities::default();
        assert!(kept_to(&known).is_none());
        known.note(ResourceType::Group, Verb::Rename, true);
        known.note_put_only(ResourceType::User, true);
        known.pace.writes = Some(1800);
        let lines = kept_to(&known).map(|group| group.lines).unwrap_or_default();
        let said: Vec<&str> = lines.iter().map(|line| line.found.as_str()).collect();
        assert_eq!(lines.len(), 3, "{said:?}");
        assert!(lines.iter().all(|line| line.advice.is_empty()));
        let mut learnt = Capabilities::default();
        learnt.note_refused(ResourceType::User, Verb::Create);
        let advised = kept_to(&learnt).map(|group| group.lines[0].advice.clone());
        assert!(advised.is_some_and(|advice| advice.contains("with writes")));
        assert!(said[0].contains("renamed") && said[1].contains("PUT"), "{said:?}");
        assert!(
            said[2].starts_with("At most 1,800 requests that change"),
            "{said:?}"
        );
    }
}
