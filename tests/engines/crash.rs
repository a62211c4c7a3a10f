//! Power cuts. After each sync the store's file is remembered as what the disk holds for certain;
//! a crash leaves that, with any of the blocks written since, in any mixture and length.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rand::Rng;
use rand::rngs::StdRng;
use subledger::eventlog::engine::sled::Barrier;
use subledger::eventlog::{OpenOptions, open};

use crate::rig::{World, body, folder, now, options, seeded, stored, verify};

const CAPTURES: usize = 12;
const MIXES: usize = 5;

/// What a crash at one moment has to work with.
struct Moment {
    durable: Vec<u8>,
    written: Vec<u8>,
    /// The store's other files, and the witness.
    others: Vec<(PathBuf, Vec<u8>)>,
    /// Every event up to here had been acknowledged.
    acked: u64,
}

/// A disk that keeps for certain only what was synced, and nothing at all where it lies.
struct Disk {
    data: PathBuf,
    is_honest: bool,
    acked: AtomicU64,
    state: Mutex<DiskState>,
}

#[derive(Default)]
struct DiskState {
    durable: Vec<u8>,
    syncs: usize,
    moments: Vec<Moment>,
}

impl Disk {
    fn barrier(self: &Arc<Self>, every: usize) -> Barrier {
        let disk = Arc::clone(self);
        Arc::new(move |_: &File| {
            let written = fs::read(disk.data.join("log/db"))?;
            let mut state = disk.state.lock();
            state.syncs += 1;
            if state.syncs.is_multiple_of(every) && state.moments.len() < CAPTURES {
                let moment = Moment {
                    durable: state.durable.clone(),
                    written: written.clone(),
                    others: disk.others(),
                    acked: disk.acked.load(Ordering::SeqCst),
                };
                state.moments.push(moment);
            }
            if disk.is_honest {
                state.durable = written;
            }
            Ok(())
        })
    }

    fn others(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let log = fs::read_dir(self.data.join("log")).unwrap();
        let names = log.map(|entry| Path::new("log").join(entry.unwrap().file_name()));
        let names = names.chain([PathBuf::from("witness.json")]);
        let files = names.filter(|name| !name.ends_with("db") && self.data.join(name).is_file());
        files
            .map(|name| (name.clone(), fs::read(self.data.join(name)).unwrap()))
            .collect()
    }
}

/// Lives a life of two sessions on a disk and answers the moments of it.
fn live(is_honest: bool, rng: &mut StdRng) -> Vec<Moment> {
    let data = folder();
    let disk = Arc::new(Disk {
        data: data.path().to_path_buf(),
        is_honest,
        acked: AtomicU64::new(0),
        state: Mutex::default(),
    });
    let mut n = 0;
    for _session in 0..2 {
        let barrier = disk.barrier(7);
        let world = World::open(&OpenOptions {
            barrier,
            ..options(data.path())
        })
        .unwrap();
        for _ in 0..36 {
            let batch = rng.random_range(1..150);
            world.record_all(n + 1..=n + batch);
            n += batch;
            disk.acked.store(n, Ordering::SeqCst);
        }
        world.stop();
    }
    std::mem::take(&mut disk.state.lock().moments)
}

/// What the disk holds after a crash at `moment`.
fn crash(moment: &Moment, rng: &mut StdRng) -> Vec<u8> {
    let block = if rng.random_bool(0.5) { 4096 } else { 512 };
    let share = rng.random_range(0.1..0.9);
    let (short, long) = (moment.durable.len(), moment.written.len());
    let mut image = moment.durable.clone();
    image.resize(rng.random_range(short.min(long)..=short.max(long)), 0);
    for (old, new) in image.chunks_mut(block).zip(moment.written.chunks(block)) {
        if old != new && rng.random_bool(share) {
            let common = old.len().min(new.len());
            old[..common].copy_from_slice(&new[..common]);
        }
    }
    image
}

/// What became of the acknowledged events.
#[derive(Debug, PartialEq, Eq)]
enum After {
    AllThere,
    Lost,
    Refused(String),
}

fn after(moment: &Moment, image: &[u8], with_witness: bool) -> After {
    let data = folder();
    fs::create_dir_all(data.path().join("log")).unwrap();
    for (name, bytes) in &moment.others {
        if with_witness || !name.ends_with("witness.json") {
            fs::write(data.path().join(name), bytes).unwrap();
        }
    }
    fs::write(data.path().join("log/db"), image).unwrap();
    let opened = match open(&options(data.path()), now()) {
        Ok(opened) => opened,
        Err(error) => return After::Refused(error.to_string()),
    };
    let log = opened.log();
    let records = stored(&log);
    for (n, found) in (1..).zip(&records) {
        assert_eq!(*found, body(n), "event {n} is not what was recorded");
    }
    assert!(
        verify(opened.engine.as_ref(), &mut |_| {})
            .unwrap()
            .is_intact()
    );
    if (records.len() as u64) < moment.acked {
        After::Lost
    } else {
        After::AllThere
    }
}

#[test]
fn no_power_cut_loses_an_acknowledged_event() {
    let mut rng = seeded();
    let moments = live(true, &mut rng);
    assert!(moments.len() >= 10, "{}", moments.len());
    for moment in &moments {
        for mix in 0..MIXES {
            let image = crash(moment, &mut rng);
            assert_eq!(after(moment, &image, mix % 2 == 0), After::AllThere);
        }
    }
}

/// The negative control: the same harness notices when the sync is taken out.
#[test]
fn without_the_sync_power_cuts_lose_acknowledged_events() {
    let mut rng = seeded();
    let moments = live(false, &mut rng);
    let moments = &moments[1..];
    let lost = moments.iter().filter(|moment| {
        let image = crash(moment, &mut rng);
        after(moment, &image, false) == After::Lost
    });
    assert!(lost.count() > 0);
}

/// A kill leaves everything that was written to the system; nothing need be synced for that.
#[test]
fn a_kill_loses_nothing_and_its_leftovers_do_not_matter() {
    let (data, copy) = (folder(), folder());
    let world = World::open(&options(data.path())).unwrap();
    for session in 0..4 {
        world.record_all(session * 50 + 1..=session * 50 + 50);
        let target = copy.path().join(session.to_string());
        crate::rig::copy_dir(data.path(), &target);
        // What a kill in the middle of sled's own snapshot leaves behind.
        fs::write(target.join("log/snap.000000000000000F.generating"), b"half").unwrap();
        let opened = open(&options(&target), now()).unwrap();
        assert_eq!(stored(&opened.log()).len() as u64, session * 50 + 50);
    }
    world.stop();
}
