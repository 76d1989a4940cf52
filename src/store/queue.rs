//! What waits for the writer: bounded, SCIM before the engine, instances in turn. Not the thread that drains it.

use std::collections::{HashMap, VecDeque};

/// Which side asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lane {
    /// A person or an identity provider waits for the answer.
    Front,
    /// The engine: at most a quarter of a batch while others wait.
    Engine,
}

/// A bounded queue of `T`, fair between instances.
#[derive(Debug)]
pub(super) struct Queue<T> {
    front: Turns<T>,
    engine: Turns<T>,
    capacity: usize,
}

#[derive(Debug)]
struct Turns<T> {
    waiting: HashMap<i64, VecDeque<T>>,
    turn: VecDeque<i64>,
    len: usize,
}

impl<T> Turns<T> {
    fn new() -> Self {
        Self {
            waiting: HashMap::new(),
            turn: VecDeque::new(),
            len: 0,
        }
    }

    fn push(&mut self, instance: i64, unit: T) {
        let line = self.waiting.entry(instance).or_default();
        if line.is_empty() {
            self.turn.push_back(instance);
        }
        line.push_back(unit);
        self.len += 1;
    }

    fn pop(&mut self) -> Option<(i64, T)> {
        let instance = self.turn.pop_front()?;
        let line = self.waiting.get_mut(&instance)?;
        let unit = line.pop_front()?;
        self.len -= 1;
        if line.is_empty() {
            self.waiting.remove(&instance);
        } else {
            self.turn.push_back(instance);
        }
        Some((instance, unit))
    }
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            front: Turns::new(),
            engine: Turns::new(),
            capacity,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.front.len + self.engine.len == 0
    }

    /// Takes the unit in, or gives it back when the lane is full. The engine has half the room: it can wait.
    pub(super) fn push(&mut self, lane: Lane, instance: i64, unit: T) -> Result<(), T> {
        let (turns, room) = match lane {
            Lane::Front => (&mut self.front, self.capacity),
            Lane::Engine => (&mut self.engine, self.capacity / 2),
        };
        if turns.len >= room {
            return Err(unit);
        }
        turns.push(instance, unit);
        Ok(())
    }

    /// The next batch, at most `max`: a quarter is kept for the engine, the rest goes to the front first.
    pub(super) fn take(&mut self, max: usize) -> VecDeque<(Lane, i64, T)> {
        let for_engine = self
            .engine
            .len
            .min((max / 4).max(max.saturating_sub(self.front.len)));
        let mut batch = VecDeque::with_capacity(max);
        while batch.len() + for_engine < max {
            let Some((instance, unit)) = self.front.pop() else {
                break;
            };
            batch.push_back((Lane::Front, instance, unit));
        }
        for _ in 0..for_engine {
            let Some((instance, unit)) = self.engine.pop() else {
                break;
            };
            batch.push_back((Lane::Engine, instance, unit));
        }
        batch
    }
}

#[cfg(test)]
mod tests;
