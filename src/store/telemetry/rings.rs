//! Requests that wait for the next flush: for each instance the last accepted and the last refused ones, in memory.

use std::collections::{HashMap, VecDeque};

use crate::model::{InstanceId, Request};

/// Accepted requests kept of an instance.
pub(super) const ACCEPTED: usize = 500;
/// Refused ones.
pub(super) const REFUSED: usize = 200;
/// Requests of all instances that may wait for the next flush; past it some stay unlogged, though counted.
pub(super) const WAITING: usize = 10_000;

/// What waits for the next flush.
#[derive(Default)]
pub(super) struct Rings {
    of: HashMap<InstanceId, Ring>,
    pub(super) len: usize,
    next: i64,
}

/// Newest last, each with its number.
#[derive(Default)]
struct Ring {
    accepted: VecDeque<(i64, Request)>,
    refused: VecDeque<(i64, Request)>,
}

impl Ring {
    fn half(&mut self, refused: bool) -> (&mut VecDeque<(i64, Request)>, usize) {
        if refused {
            (&mut self.refused, REFUSED)
        } else {
            (&mut self.accepted, ACCEPTED)
        }
    }

    fn len(&self) -> usize {
        self.accepted.len() + self.refused.len()
    }
}

impl Rings {
    pub(super) fn starting_at(next: i64) -> Self {
        Self {
            next,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(super) fn push(&mut self, request: Request) {
        let seq = self.next;
        self.next += 1;
        let (half, room) = self
            .of
            .entry(request.instance)
            .or_default()
            .half(request.is_refused());
        if half.len() >= room {
            half.pop_front();
        } else if self.len >= WAITING {
            return;
        } else {
            self.len += 1;
        }
        half.push_back((seq, request));
    }

    pub(super) fn forget(&mut self, instance: InstanceId) {
        self.len -= self.of.remove(&instance).map_or(0, |ring| ring.len());
    }

    pub(super) fn take(&mut self) -> Self {
        let next = self.next;
        std::mem::replace(self, Self::starting_at(next))
    }

    /// What could not be written stands before what came since, as far as there is room.
    pub(super) fn put_back(&mut self, earlier: Self) {
        for (instance, mut ring) in earlier.of {
            let now = self.of.entry(instance).or_default();
            for refused in [false, true] {
                let (into, room) = now.half(refused);
                while into.len() < room && self.len < WAITING {
                    let Some(one) = ring.half(refused).0.pop_back() else {
                        break;
                    };
                    into.push_front(one);
                    self.len += 1;
                }
            }
        }
    }

    /// Of each instance: whether it is of the refused ones, what is new, and how many are kept.
    pub(super) fn halves(
        &self,
    ) -> impl Iterator<Item = (InstanceId, bool, &VecDeque<(i64, Request)>, usize)> {
        self.of.iter().flat_map(|(instance, ring)| {
            [
                (*instance, false, &ring.accepted, ACCEPTED),
                (*instance, true, &ring.refused, REFUSED),
            ]
        })
    }
}
