//! Rollcall: a self-hosted SCIM 2.0 hub (RFC 7643, RFC 7644) in one process.
//!
//! Identity providers push people and groups into an *instance*, each of which has an endpoint and keys of its own. What
//! they push is stored durably, and then carried into the app that the instance is connected to. What the app holds is read
//! by schedule. So an instance without an app is a directory, one without keys is a reader, one with both a gateway; there
//! is one model for all three. The nouns stand in [`model`].
//!
//! This is the library; `main.rs` beside it only reads what is asked for. Nothing here is meant for other programs.
//!
//! # Layers
//!
//! | module | what it is | imports |
//! | --- | --- | --- |
//! | [`scim`] | the protocol, pure: schema, filter, patch, list, error | nothing of ours |
//! | [`model`] | plain nouns, no logic | `scim` |
//! | [`mapping`] | pure: which resources go to the app, what of them, and how two states compare | `scim` `model` |
//! | [`store`] | the only place with SQL; one writer thread | `scim` `model` |
//! | [`directory`] | the one door for a change to a user or group, from anyone | `scim` `model` `store` |
//! | [`connector`] | outgoing HTTP and the catalog of apps; knows no SQL | `scim` `model`, the clock |
//! | [`sync`] | the engine: push, import, schedule, removal limit, health | all above |
//! | [`web`] | incoming HTTP: `scim` the endpoints, `ui` the pages; neither knows the other | all above; writes resources only through `directory` |
//! | [`app`] [`cli`] [`demo`] | wiring: they tie everything together | everything |
//!
//! Leaves beside them: [`clock`] (time and ids, which nobody else reads or makes), [`secret`] (sealed, hashed, random) and
//! [`config`] (settings of `serve`; it knows `scim`, whose limits it sets). There are no cycles and no sideways edges.
//! `tests/layers.rs` reads the sources and keeps all of this true, and which module may name `rusqlite`, `actix_web`,
//! `reqwest` and `askama`.
//!
//! Nobody below needs to know who listens: [`store::Store::subscribe`] tells of each commit, and the engine, the key cache
//! and the pages look for themselves.
//!
//! # Walk one: a PATCH from an identity provider to the app
//!
//! 1. `PATCH /scim/{slug}/v2/Groups/{id}` comes to `web::scim::trail`, which keeps for the request log what came of it,
//!    however it ends ([`store::telemetry`]). [`web::scim::Gate`] looks the bearer key up by its hash, remembering it until
//!    [`store::Store::access_version`] rises: unknown, expired, revoked and foreign keys get the same 401, a disabled
//!    instance says 403, one with too much under way 429. Then it is `web::scim::write`'s.
//! 2. The body is read up to its cap and parsed: [`scim::patch::PatchRequest`]. All that can be refused without the database
//!    is refused here.
//! 3. [`store::Store::write`] hands a closure to the writer. There [`directory::patch`] finds the resource, applies the
//!    operations, resolves every member *before* it changes one, and notes which paths are now *owned*. If anything differs:
//!    the row, its member rows, an [`model::Event`], and a push [`model::Job`] if the instance has an app. All in one
//!    savepoint.
//! 4. `store::writer` commits up to 64 such units together at `synchronous=FULL`, and only then answers each. The response is
//!    200 with the resource as the unit of work left it (members of a group are read apart, from a reader), or 204 when only
//!    members were asked for. 2xx means: on the disk.
//! 5. The commit wakes [`sync::engine`]. It claims what is due, in turn over the instances that are ready, under a lease, and
//!    runs `sync::push`.
//! 6. A push is a loop: load the present state in one read, ask [`sync::plan`] for the *next* step, do it through
//!    [`connector::Connector`] outside any unit of work, write what was learnt to the [`model::Link`]; and again, until
//!    nothing is left, or an admin pauses it or connects it otherwise. A create notes its link before the call, so a lost
//!    answer leads to a search and never to a second account. What the app is known to refuse ([`model::Capabilities`]) is
//!    no step: it is told once. A step that takes something away first asks [`sync::removal::reserve`], which counts it or
//!    holds it, and refuses it for who is protected.
//! 7. The last unit of work also ends the job, unless somebody asked again meanwhile: then it is due again, so a change that
//!    lands mid-flight is never lost. Any other ending is judged in `sync::settle` by the verdict in the error
//!    ([`connector::Verdict`]): later, this resource needs a person, or the app as a whole waits.
//!
//! # Walk two: from *Connect* to *Healthy*
//!
//! 1. The form of an app of the [`connector::catalog`] (or `rollcall instance create`) comes to
//!    [`sync::manage::Manager::create`]. What was pasted is cleaned ([`connector::form`]): blanks, a slash, `/Users`, "Bearer".
//! 2. [`connector::Connector::check`] asks the app: what it announces, a list of one user and, if groups are carried, one
//!    of one group. All outgoing traffic passes [`connector::net`], which shows who calls, decides on addresses, redirects,
//!    sizes and times, and keeps to what the host allows. If anything is wrong, a sentence says what to fix, and nothing is saved.
//! 3. One unit of work: the instance, its token sealed under the key file ([`sync::credential`]), an event, and an import
//!    job; also a probe is due ([`sync::probe`]), which finds out what the app really does while the import runs. The
//!    badge says *Connecting*; until that import is done nothing is pushed, though an identity provider may already write.
//! 4. `sync::import` reads users, then groups, page by page. Each account is brought in through [`directory::import`]: it
//!    joins the managed resource that waits for it, or appears as an unmanaged one; an owned attribute is never changed.
//!    Where several can be meant, or only the work e-mail speaks for it, [`sync::adoption`] lets a person decide, and until
//!    then nothing is sent for either side. Each page carries the store's sequence at which it was asked for, and is
//!    dropped for a link written since. Units of work stand in line while the next pages are read; where the
//!    [`model::Run`] goes on is written with a page's last accounts. So a run that breaks off, by a crash or because the
//!    app is out of order, goes on from there, and only a page that was not written is read again.
//! 5. Only a list that was read whole counts (`import::walk`): one that went round in circles or broke off ends the run
//!    with nothing concluded. After the last page, links that were not seen each get a `sync::verify` job, for absence from
//!    a list proves nothing: only the app's own 404 for that id, before and after a 200 for another, makes somebody gone. So it is
//!    with a group's members. Where lists are known to show none, each group is read alone (`connector::scim::alone`);
//!    where a list misses some, the group is read alone before anybody loses a membership by it (`import::members`), and
//!    who is gone then counts towards the removal limit ([`sync::removal`]).
//! 6. The run is closed, what was wrong with the app as a whole has ended, and [`sync::status`] says *Healthy*. It derives the
//!    word from the instance and its open conditions at each reading ([`sync::health`]); it is stored nowhere.
//!
//! # Walk three: a scheduled sync
//!
//! 1. The schedule is data: `next_sync_at` of each instance. One cron job, each five seconds, only says that it is time to
//!    look ([`sync::schedule`]).
//! 2. [`sync::schedule::tick`] turns each overdue instance into one import job and moves its next time on, in one unit of
//!    work: however long the hub was down, it is one sync. *Sync now* enqueues the same job. A probe is due each week, by
//!    `due_at` of its own.
//! 3. From here it is walk two from step 4. Where the app differs from what was pushed, the instance's policy says whether
//!    that is told, pushed again or taken over.
//! 4. When scope, policies or address changed, or an instance was switched on again, a `sync::reconcile` job walks all our
//!    resources and enqueues those that [`sync::plan`] finds out of step.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connector;
pub mod demo;
pub mod directory;
pub mod mapping;
pub mod model;
pub mod scim;
pub mod secret;
pub mod store;
pub mod sync;
pub mod web;
