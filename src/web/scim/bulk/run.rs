//! What happens to the operations of a Bulk in the writer, each in its savepoint, and what is learnt by that.

use std::collections::HashMap;

use crate::directory::{ChangeError, Door};
use crate::scim::bulk::{Ask, Created, Operation, resolve};
use crate::scim::error::ScimError;
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use crate::scim::tolerance::Tolerance;
use crate::web::scim::change::{Done, Write};
use crate::web::scim::failure::Failure;
use crate::web::scim::gate::Caller;

/// What has to run together.
pub(super) enum Part {
    One(Item),
    /// They create, and refer to each other.
    Circle(Vec<Item>),
}

/// An operation that waits.
pub(super) struct Item {
    pub(super) at: usize,
    /// By which others refer to what it creates.
    pub(super) bulk_id: Option<String>,
    about: Option<(ResourceType, String)>,
    pub(super) work: Work,
}

pub(super) enum Work {
    Ask(Box<Ask>),
    /// It was read already, outside of the writer.
    Read(Box<Result<Write, Failure>>),
}

/// What became of an operation.
#[derive(Clone)]
pub(super) struct Outcome {
    /// Type and id of what it is about, if that is known.
    pub(super) about: Option<(ResourceType, String)>,
    pub(super) version: Option<String>,
    /// The status, or why it was refused.
    pub(super) result: Result<u16, ScimError>,
}

/// What is known so far.
#[derive(Clone, Default)]
pub(super) struct Progress {
    pub(super) created: Created,
    /// What was served beside the RFC in what was done, each once.
    pub(super) tolerated: Vec<Tolerance>,
    outcomes: HashMap<usize, Outcome>,
    errors: usize,
}

impl Part {
    pub(super) fn size(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Circle(all) => all.len(),
        }
    }

    /// Reads an operation that refers to nothing that is still to come.
    pub(super) fn read_ahead(&mut self, progress: &Progress, caller: &Caller) {
        let Self::One(item) = self else { return };
        let Work::Ask(ask) = &item.work else { return };
        let mut ask = Ask::clone(ask);
        let known = resolve(&mut ask, |bulk_id| progress.created.id(bulk_id).map(Some));
        if known.is_ok() {
            item.about = ask.about();
            item.work = Work::Read(Box::new(Write::read(ask, caller)));
        }
    }
}

impl Item {
    pub(super) fn new(at: usize, operation: Operation) -> Self {
        Self {
            at,
            bulk_id: operation.creates().map(str::to_owned),
            about: operation.ask.as_ref().ok().and_then(Ask::about),
            work: match operation.ask {
                Ok(ask) => Work::Ask(Box::new(ask)),
                Err(refusal) => Work::Read(Box::new(Err(refusal.into()))),
            },
        }
    }
}

impl Outcome {
    /// The status that the request alone would have had.
    pub(super) fn status(&self) -> u16 {
        self.result
            .as_ref()
            .map_or_else(|refusal| refusal.status, |status| *status)
    }
}

impl Progress {
    /// How many operations were refused.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// Whether nothing has run.
    pub(super) fn is_new(&self) -> bool {
        self.outcomes.is_empty()
    }

    pub(super) fn outcome(&self, at: usize) -> Option<&Outcome> {
        self.outcomes.get(&at)
    }

    /// Runs a part: an operation that is refused undoes what it did and is noted as refused.
    ///
    /// # Errors
    /// The unit of work is lost.
    pub(super) fn run(&mut self, door: Door<'_>, part: Part, caller: &Caller) -> Result<(), ChangeError> {
        match part {
            Part::One(item) => self.one(door, item, caller),
            Part::Circle(items) => self.circle(door, items, caller),
        }
    }

    /// Those that have not run get this for an answer.
    pub(super) fn refuse_rest(&mut self, count: usize, refusal: &ScimError) {
        for at in 0..count {
            if !self.outcomes.contains_key(&at) {
                self.note(at, None, None, Err(refusal.clone().into()));
            }
        }
    }

    fn one(&mut self, door: Door<'_>, item: Item, caller: &Caller) -> Result<(), ChangeError> {
        let mut about = item.about;
        let write = match item.work {
            Work::Read(read) => *read,
            Work::Ask(mut ask) => resolve(&mut ask, |bulk_id| self.created.id(bulk_id).map(Some))
                .map_err(Failure::from)
                .and_then(|()| {
                    about = ask.about();
                    Write::read(*ask, caller)
                }),
        };
        let ran = match write {
            Ok(write) => door.tx.apart(|| made(write, door))?,
            Err(failure) => Err(failure),
        };
        self.note(item.at, item.bulk_id, about, ran);
        Ok(())
    }

    pub(super) fn note(
        &mut self,
        at: usize,
        bulk_id: Option<String>,
        about: Option<(ResourceType, String)>,
        ran: Result<Made, Failure>,
    ) {
        let outcome = match ran {
            Ok(made) => {
                let fresh = made.tolerated.iter().filter(|one| !self.tolerated.contains(one));
                let fresh: Vec<Tolerance> = fresh.copied().collect();
                self.tolerated.extend(fresh);
                Outcome {
                    about: made.about.or(about),
                    version: made.version,
                    result: Ok(made.status),
                }
            }
            Err(failure) => Outcome {
                about,
                version: None,
                result: Err(failure.into_error()),
            },
        };
        self.errors += usize::from(outcome.result.is_err());
        if let Some(bulk_id) = bulk_id {
            let id = outcome.about.as_ref().map(|(_, id)| id.clone());
            self.created.note(bulk_id, id.filter(|_| outcome.result.is_ok()));
        }
        self.outcomes.insert(at, outcome);
    }
}

/// What a write made.
pub(super) struct Made {
    status: u16,
    pub(super) about: Option<(ResourceType, String)>,
    pub(super) version: Option<String>,
    tolerated: Vec<Tolerance>,
}

pub(super) fn made(write: Write, door: Door<'_>) -> Result<Made, Failure> {
    let tolerated = write.tolerated().to_vec();
    let Done { status, view } = write.run(door, &Projection::default())?;
    Ok(Made {
        status: status.as_u16(),
        about: view.as_ref().map(|view| (view.kind, view.id().to_owned())),
        version: view.map(|view| view.tag()).transpose()?,
        tolerated,
    })
}
