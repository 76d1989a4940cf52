//! The chrome that every page shares, as one typed struct, and the answer that carries a page.

use super::parts::{Badge, Shape, Tone, When};
use crate::model::{Health, Role};

/// What the frame around a page needs.
#[derive(Clone, Debug)]
pub struct Page {
    /// Of the window.
    pub title: String,
    /// Navigation; none before sign-in.
    pub nav: Option<Nav>,
    /// Who is signed in.
    pub admin: Option<Signed>,
    /// Token of the session for every POST form.
    pub csrf: String,
    /// What just happened.
    pub flash: Option<Flash>,
    /// Light or dark.
    pub theme: Theme,
    /// This page's path and query: where the theme switch comes back to.
    pub path: String,
    /// The way here, without this page.
    pub crumbs: Vec<Crumb>,
    /// Time of the server, in UTC.
    pub now: When,
    /// How the page keeps itself fresh.
    pub live: Live,
}

/// The left side.
#[derive(Clone, Debug)]
pub struct Nav {
    /// Where we are.
    pub here: Here,
    /// All instances, worst first.
    pub instances: Vec<NavInstance>,
    /// How many more there are than are listed.
    pub more: u64,
}

/// An entry of the navigation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Here {
    /// `/`.
    Overview,
    /// `/catalog…`.
    Catalog,
    /// `/instances/{slug}…`.
    Instance(String),
    /// None of them.
    Elsewhere,
}

impl Nav {
    /// Whether this is the overview.
    #[must_use]
    pub fn at_overview(&self) -> bool {
        self.here == Here::Overview
    }

    /// Whether this is the catalog.
    #[must_use]
    pub fn at_catalog(&self) -> bool {
        self.here == Here::Catalog
    }

    /// Whether this is instance `slug`.
    #[must_use]
    pub fn at_instance(&self, slug: &str) -> bool {
        matches!(&self.here, Here::Instance(s) if s == slug)
    }
}

/// An instance in the navigation.
#[derive(Clone, Debug)]
pub struct NavInstance {
    /// In the address.
    pub slug: String,
    /// What admins call it.
    pub name: String,
    /// Its state.
    pub health: Health,
}

impl NavInstance {
    /// Its state as a badge.
    #[must_use]
    pub fn badge(&self) -> Badge {
        self.health.into()
    }
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct Signed {
    /// As typed at set-up.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

impl Signed {
    /// The role as a word.
    #[must_use]
    pub fn role_word(&self) -> &'static str {
        match self.role {
            Role::Owner => "Owner",
            Role::Operator => "Operator",
            Role::Viewer => "Viewer",
        }
    }
}

/// What just happened, once.
#[derive(Clone, Debug)]
pub struct Flash {
    /// Good news, or not.
    pub good: bool,
    /// A sentence.
    pub text: String,
}

impl Flash {
    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape(if self.good { Tone::Ok } else { Tone::Bad })
    }
}

/// A step of the way here.
#[derive(Clone, Debug)]
pub struct Crumb {
    /// What is read.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// The cookie `theme`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// What the system prefers.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Reads the cookie; anything else is the system's.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    /// The cookie's value.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What overrides the system.
    #[must_use]
    pub fn forced(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.as_str())
    }

    /// What the browser is told of its own controls and scroll bars.
    #[must_use]
    pub fn color_scheme(self) -> &'static str {
        match self {
            Self::System => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What the switch changes to.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

/// How a page keeps itself fresh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Live {
    /// It doesn't.
    #[default]
    Still,
    /// The script fetches it again every five seconds while it is looked at.
    Watched,
    /// Something runs: a page without script reloads every five seconds, too.
    Running,
}

impl Page {
    /// Whether the signed-in admin may change instances.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.admin.as_ref().is_some_and(|a| a.role >= Role::Operator)
    }

    /// Version in the footer.
    #[must_use]
    pub fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// Address of a file of ours.
    #[must_use]
    pub fn asset(&self, file: &str) -> String {
        super::assets::address(file)
    }

    /// The shape before what is wrong.
    #[must_use]
    pub fn bad_shape(&self) -> Shape {
        Shape(Tone::Bad)
    }

    /// The shape before what to mind.
    #[must_use]
    pub fn warn_shape(&self) -> Shape {
        Shape(Tone::Warn)
    }

    /// Whether the script fetches the page again.
    #[must_use]
    pub fn watched(&self) -> bool {
        self.live != Live::Still
    }

    /// Whether a page without script reloads.
    #[must_use]
    pub fn reloads(&self) -> bool {
        self.live == Live::Running
    }
}
