//! What a service manager is told, and what `/readyz` says of a disk that hangs.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::load::{Book, delivery};
use super::rig::{Launch, Rig, SECRET, eventually};
use super::strace::Strace;
use super::tools;

/// Far beyond what a start takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn hear(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 1024];
    let length = socket
        .recv(&mut bytes)
        .expect("the manager is told something");
    String::from_utf8(bytes[..length].to_vec()).unwrap()
}

/// The next message that is no sign of life.
fn hear_news(socket: &UnixDatagram) -> String {
    loop {
        let heard = hear(socket);
        if heard != "WATCHDOG=1" {
            return heard;
        }
    }
}

#[test]
fn the_service_manager_is_told_what_happens() {
    let rig = Rig::new();
    let path = rig.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let env = [
        ("NOTIFY_SOCKET", path.to_str().unwrap()),
        ("WATCHDOG_USEC", "1000000"),
    ];
    let launch = Launch {
        env: &env,
        ..Launch::default()
    };
    let service = rig.start_as(&launch);
    let first = hear(&socket);
    assert!(first.starts_with("READY=1\n"), "{first}");
    assert_eq!(service.get("/readyz").status, 200);
    assert_eq!(hear(&socket), "WATCHDOG=1");
    service.signal("HUP");
    let heard = hear_news(&socket);
    assert!(heard.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{heard}");
    assert!(hear_news(&socket).starts_with("READY=1\n"));
    // It tells what `/readyz` says.
    rig.configure(&format!(
        "[server]\nbind = \"127.0.0.1:0\"\n[log]\nmin_free_bytes = 9000000000000000000\n\
         [sources.razorpay]\nsecrets = [{{ secret = \"{SECRET}\" }}]\n"
    ));
    service.signal("HUP");
    assert!(hear_news(&socket).starts_with("RELOADING=1\n"));
    assert!(hear_news(&socket).starts_with("READY=1\n"));
    assert_eq!(delivery(1).post(&mut service.client()).unwrap().status, 503);
    assert_eq!(
        hear_news(&socket),
        "STATUS=The disk is full; free some space."
    );
    assert_eq!(service.get("/readyz").status, 503);
    assert_eq!(service.terminate().code, Some(0));
    assert!(hear_news(&socket).starts_with("STOPPING=1\n"));
}

/// A start that is refused never says that it is ready.
#[test]
fn a_refused_start_is_never_ready() {
    let rig = Rig::new();
    rig.configure("[server]\nbnid = \"127.0.0.1:0\"\n");
    let path = rig.path("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let env = [("NOTIFY_SOCKET", path.to_str().unwrap())];
    let launch = Launch {
        env: &env,
        ..Launch::default()
    };
    assert!(rig.spawn(&launch).serving().is_err());
    assert!(socket.recv(&mut [0; 64]).is_err(), "the manager was told");
}

/// Sends one event while its commit's sync takes `delay`, and answers every word of `/readyz`
/// from then until the event is acknowledged.
fn readiness_while_a_sync_takes(delay: &str) -> Vec<(u16, String)> {
    let rig = Rig::new();
    // The writer's first sync is that of the settings.
    let rule = format!("fdatasync:delay_enter={delay}:when=3");
    let strace = Strace::injecting(rig.path("trace"), rule);
    let launch = Launch {
        strace: Some(&strace),
        ..Launch::default()
    };
    let service = rig.start_as(&launch);
    assert_eq!(service.get("/readyz").status, 200);
    let book = Book::default();
    book.send(service.address, 1);
    let sent = delivery(book.next());
    let mut heard = Vec::new();
    let mut client = service.client();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| sent.post(&mut client).unwrap());
        eventually("the event is taken in", || {
            let ready = service.get("/readyz");
            heard.push((ready.status, ready.text));
            service
                .get("/metrics")
                .text
                .contains("\nsubledger_events 3\n")
        });
        // Either in time, or it is to be sent again.
        assert!([200, 503].contains(&first.join().unwrap().status));
    });
    assert!(strace.has_injected(), "the sync never waited");
    let again = sent.post(&mut service.client()).unwrap();
    assert_eq!(again.word("status"), "duplicate", "{}", again.text);
    assert_eq!(service.get("/readyz").status, 200, "it is over");
    assert_eq!(service.terminate().code, Some(0));
    heard
}

/// A commit that hangs for longer than ten seconds is told, as long as it lasts.
#[test]
fn a_hung_commit_is_not_ready() {
    if !tools::can_trace() {
        return;
    }
    let heard = readiness_while_a_sync_takes("13s");
    let told = heard.iter().find(|(status, _)| *status == 503);
    let (_, text) = told.expect("it says that it is not ready");
    assert!(text.contains("waited for the disk"), "{text}");
    assert_eq!(heard[0].0, 200, "not before its time");
}

/// The control: a slow disk is no hung disk.
#[test]
fn a_slow_commit_is_ready() {
    if !tools::can_trace() {
        return;
    }
    let heard = readiness_while_a_sync_takes("2s");
    assert!(heard.iter().all(|(status, _)| *status == 200), "{heard:?}");
}
