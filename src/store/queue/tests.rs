#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

fn units(batch: VecDeque<(Lane, i64, u32)>) -> Vec<u32> {
    batch.into_iter().map(|(_, _, u)| u).collect()
}

#[test]
fn instances_take_turns() {
    let mut q = Queue::new(100);
    for i in 0..4 {
        q.push(Lane::Front, 1, i).unwrap();
    }
    q.push(Lane::Front, 2, 100).unwrap();
    assert_eq!(units(q.take(3)), [0, 100, 1]);
    assert_eq!(units(q.take(3)), [2, 3]);
    assert!(q.is_empty());
}

#[test]
fn the_engine_gets_a_quarter_and_no_more_while_others_wait() {
    let mut q = Queue::new(100);
    for i in 0..50 {
        q.push(Lane::Front, 1, i).unwrap();
        q.push(Lane::Engine, 1, 1000 + i).unwrap();
    }
    let batch = q.take(8);
    assert_eq!(batch.iter().filter(|(lane, ..)| *lane == Lane::Engine).count(), 2);
    assert_eq!(batch.len(), 8);
}

#[test]
fn an_idle_front_leaves_the_batch_to_the_engine() {
    let mut q = Queue::new(100);
    for i in 0..10 {
        q.push(Lane::Engine, 1, i).unwrap();
    }
    assert_eq!(q.take(8).len(), 8);
}

#[test]
fn a_full_queue_gives_the_unit_back() {
    let mut q = Queue::new(2);
    q.push(Lane::Front, 1, 1).unwrap();
    q.push(Lane::Front, 1, 2).unwrap();
    assert_eq!(q.push(Lane::Front, 2, 3), Err(3));
    q.push(Lane::Engine, 1, 4).unwrap();
    assert_eq!(q.push(Lane::Engine, 1, 5), Err(5));
}
