//! In what order operations run: as the message has them, but none before those it refers to. Only what has to wait is
//! moved, so that a DELETE before a POST of the same name stays before it.
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::{Operation, references};

/// Operations that run together, by their numbers from 0 in the order of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// One that refers to nothing but what ran before it.
    One(usize),
    /// Some that refer to each other in a circle, or one that refers to itself. All of them create.
    Circle(Vec<usize>),
}

impl Step {
    /// The operations of the step.
    pub fn operations(&self) -> &[usize] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Circle(all) => all,
        }
    }
}

/// All operations, in the order in which they can run. References to what no operation creates are left aside.
pub fn steps(operations: &[Operation]) -> Vec<Step> {
    let creators: HashMap<&str, usize> = operations
        .iter()
        .enumerate()
        .filter_map(|(at, operation)| Some((operation.creates()?, at)))
        .collect();
    let needs: Vec<BTreeSet<usize>> = operations
        .iter()
        .map(|operation| {
            let named = operation.ask.as_ref().map(references::of).unwrap_or_default();
            named
                .iter()
                .filter_map(|id| creators.get(id.as_str()).copied())
                .collect()
        })
        .collect();
    let (circle_of, circles) = circles(&needs);
    let mut waits = vec![0; circles.len()];
    let mut needed_by = vec![BTreeSet::new(); circles.len()];
    for (at, needs) in needs.iter().enumerate() {
        for need in needs.iter().filter(|need| circle_of[**need] != circle_of[at]) {
            if needed_by[circle_of[*need]].insert(circle_of[at]) {
                waits[circle_of[at]] += 1;
            }
        }
    }
    let first = |circle: usize| Reverse((circles[circle][0], circle));
    let mut ready: BinaryHeap<_> = (0..circles.len())
        .filter(|circle| waits[*circle] == 0)
        .map(first)
        .collect();
    let mut steps = Vec::with_capacity(circles.len());
    while let Some(Reverse((at, circle))) = ready.pop() {
        steps.push(match circles[circle].as_slice() {
            [_] if !needs[at].contains(&at) => Step::One(at),
            all => Step::Circle(all.to_vec()),
        });
        for next in &needed_by[circle] {
            waits[*next] -= 1;
            if waits[*next] == 0 {
                ready.push(first(*next));
            }
        }
    }
    steps
}

/// Which operations reach each other (Tarjan, without recursion: a message may have very many): for each the number of
/// its circle, and the circles, each in the order of the message. Most circles are of one.
fn circles(needs: &[BTreeSet<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    const UNSEEN: usize = usize::MAX;
    let count = needs.len();
    let (mut seen_as, mut lowest) = (vec![UNSEEN; count], vec![UNSEEN; count]);
    let mut circle_of = vec![UNSEEN; count];
    let mut circles: Vec<Vec<usize>> = Vec::new();
    let (mut open, mut seen) = (Vec::new(), 0);
    for root in 0..count {
        if seen_as[root] != UNSEEN {
            continue;
        }
        let mut path = vec![(root, needs[root].iter())];
        (seen_as[root], lowest[root]) = (seen, seen);
        seen += 1;
        open.push(root);
        while let Some((at, rest)) = path.last_mut() {
            let at = *at;
            match rest.next() {
                Some(&next) if seen_as[next] == UNSEEN => {
                    (seen_as[next], lowest[next]) = (seen, seen);
                    seen += 1;
                    open.push(next);
                    path.push((next, needs[next].iter()));
                }
                Some(&next) => {
                    if circle_of[next] == UNSEEN {
                        lowest[at] = lowest[at].min(seen_as[next]);
                    }
                }
                None => {
                    path.pop();
                    if let Some((before, _)) = path.last() {
                        lowest[*before] = lowest[*before].min(lowest[at]);
                    }
                    if lowest[at] == seen_as[at] {
                        let from = open.iter().rposition(|one| *one == at).unwrap_or(0);
                        let mut circle = open.split_off(from);
                        circle.sort_unstable();
                        circle.iter().for_each(|one| circle_of[*one] = circles.len());
                        circles.push(circle);
                    }
                }
            }
        }
    }
    (circle_of, circles)
}
