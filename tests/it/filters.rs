//! A filter has one meaning. Thousands of generated filters over a generated directory are answered by the evaluator
//! (`scim::eval`), by the store, which turns what it can into SQL, and by the crate `scim_v2`, whose syntax tree a naive
//! evaluator of the test walks. All have to name the same resources.

use std::sync::Arc;

use rollcall::clock::Clock;
use rollcall::model::{InstanceId, Time};
use rollcall::scim::filter::Filter;
use rollcall::scim::rules::Rules;
use rollcall::scim::schema::ResourceType;
use rollcall::scim::{Attributes, eval};
use rollcall::store::lists::{self, List, Start};
use rollcall::store::{Rx, StoreError, scan};

use crate::support::TestHub;
use cases::Random;
use reference::Reference;

#[path = "filters/cases.rs"]
mod cases;
#[path = "filters/population.rs"]
mod population;
#[path = "filters/reference.rs"]
mod reference;

/// Batches of filters, and filters in each.
const BATCHES: u64 = 101;
const BATCH: usize = 100;

/// The resources of one type, as an identity provider sees them, and how a stranger reads them.
struct Side {
    kind: ResourceType,
    documents: Vec<Attributes>,
    reference: Reference,
}

/// What came out of one batch.
#[derive(Default)]
struct Outcome {
    cases: usize,
    /// Matched somebody, but not everybody.
    telling: usize,
    /// `scim_v2` took part.
    thirds: usize,
    differences: Vec<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn evaluator_sql_and_another_parser_agree() {
    // 2024-05-01T10:00:00Z
    let clock = Clock::manual(Time(1_714_557_600_000));
    let hub = TestHub::with_clock(clock.clone()).await;
    let (instance, scim) = hub.receiver("Directory").await;
    let rules = Arc::new(Rules {
        custom: population::declare(&hub, &instance.slug).await,
        ..Rules::default()
    });
    population::create(&scim, &clock).await;
    let schemas = scim.get("/Schemas").await.expect(200);
    let mut sides = Vec::new();
    for kind in ResourceType::ALL {
        let list = scim
            .get(&format!("/{}?count=1000", kind.endpoint()))
            .await
            .expect(200);
        let documents: Vec<Attributes> = serde_json::from_value(list["Resources"].clone()).unwrap();
        let reference = Reference::new(&schemas, kind);
        sides.push(Side {
            kind,
            documents,
            reference,
        });
    }
    assert_eq!(sides[0].documents.len() + sides[1].documents.len(), 200);
    let sides = Arc::new(sides);
    // One reader for each of two cores.
    let workers = [0, 1].map(|first| {
        let (store, sides) = (hub.server.hub().store.clone(), Arc::clone(&sides));
        let asked = (instance.id, Arc::clone(&rules));
        let work = move |rx: &Rx<'_>| {
            let mut all = Outcome::default();
            (first..BATCHES)
                .step_by(2)
                .try_for_each(|number| batch(rx, &asked, &sides, number, &mut all))?;
            Ok::<_, StoreError>(all)
        };
        tokio::spawn(async move { store.read(work).await.unwrap() })
    });
    let mut all = Outcome::default();
    for worker in workers {
        let outcome = worker.await.unwrap();
        all.cases += outcome.cases;
        all.telling += outcome.telling;
        all.thirds += outcome.thirds;
        all.differences.extend(outcome.differences);
    }
    let Outcome {
        cases,
        telling,
        thirds,
        differences,
    } = all;
    let first: Vec<_> = differences.iter().take(5).collect();
    assert!(differences.is_empty(), "{} differ: {first:#?}", differences.len());
    assert!(cases >= 10_000, "{cases} cases");
    assert!(thirds * 10 > cases * 8, "scim_v2 read {thirds} of {cases}");
    assert!(
        telling * 10 > cases * 3,
        "{telling} of {cases} matched some and not all"
    );
    hub.stop().await;
}

fn batch(
    rx: &Rx<'_>,
    (instance, rules): &(InstanceId, Arc<Rules>),
    sides: &[Side],
    number: u64,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    let mut random = Random::new(number);
    for _ in 0..BATCH {
        // Users have the greater part: they have more attributes.
        let side = &sides[usize::from(random.one_in(3))];
        let text = cases::filter(&mut random, &side.documents);
        let filter = match Filter::parse(&text) {
            Ok(filter) => filter,
            Err(error) => {
                outcome.differences.push(format!("{text}: {error}"));
                continue;
            }
        };
        let evaluated = ids(side, |document| {
            eval::matches(&filter, side.kind, &rules.custom, document)
        });
        let list = List {
            instance: *instance,
            rules: Arc::clone(rules),
            kinds: vec![side.kind],
            filter: Some(filter.clone()),
            sort: None,
            start: Start::Skip(0),
            count: 1000,
        };
        let page = scan::within(rx, |meter| lists::page(rx, meter, &list))?;
        let stored: Vec<String> = page.found.into_iter().map(|(_, found)| found.id).collect();
        if stored != evaluated || page.total != stored.len() as u64 {
            outcome.differences.push(format!(
                "{text}: evaluated {}, from the store {}",
                evaluated.len(),
                stored.len()
            ));
        }
        if let Ok(theirs) = text.parse::<scim_v2::filter::Filter>() {
            outcome.thirds += 1;
            let (ours, theirs_shape) = (reference::shape(&filter), reference::their_shape(&theirs));
            if ours != theirs_shape {
                outcome
                    .differences
                    .push(format!("{text}: read as {ours}, by scim_v2 as {theirs_shape}"));
            }
            let naive = ids(side, |document| side.reference.matches(&theirs, document));
            if naive != evaluated {
                let odd = naive
                    .iter()
                    .chain(&evaluated)
                    .find(|id| naive.contains(id) != evaluated.contains(id));
                let odd = side
                    .documents
                    .iter()
                    .find(|document| document["id"].as_str() == odd.map(String::as_str));
                outcome.differences.push(format!(
                    "{text}: evaluated {}, by the RFC's text {}; not so {odd:?}",
                    evaluated.len(),
                    naive.len()
                ));
            }
        } else if cases::is_of_the_rfc(&text) {
            outcome
                .differences
                .push(format!("{text}: scim_v2 does not read it"));
        }
        outcome.cases += 1;
        outcome.telling += usize::from(!evaluated.is_empty() && evaluated.len() < side.documents.len());
    }
    Ok(())
}

fn ids(side: &Side, holds: impl Fn(&Attributes) -> bool) -> Vec<String> {
    side.documents
        .iter()
        .filter(|document| holds(document))
        .filter_map(|document| document["id"].as_str().map(str::to_owned))
        .collect()
}

/// What another parser takes is taken here as well, however it was spoilt.
#[test]
fn whatever_scim_v2_reads_is_read() {
    let documents = population::samples();
    let mut random = Random::new(77);
    let mut read = 0;
    for _ in 0..4000 {
        let text = cases::spoilt(&mut random, &documents);
        let Ok(theirs) = text.parse::<scim_v2::filter::Filter>() else {
            continue;
        };
        // RFC 7644 has 400 for an order of booleans; of null it says nothing, and there is none.
        if reference::orders_what_has_no_order(&theirs) {
            assert!(Filter::parse(&text).is_err(), "{text}");
            continue;
        }
        read += 1;
        match Filter::parse(&text) {
            Ok(ours) => assert_eq!(reference::shape(&ours), reference::their_shape(&theirs), "{text}"),
            Err(error) => panic!("{text}: {error}"),
        }
    }
    assert!(read > 500, "{read} were read in spite of it");
}
