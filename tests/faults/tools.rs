//! The tools that some of these tests need beside Rust. Where CI runs, one that is missing is a
//! failure; on a developer's machine it is a notice, so that `cargo test` needs nothing but Rust.

use std::process::{Command, Stdio};

/// Whether `strace` is there and may trace.
pub fn can_trace() -> bool {
    let traced = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .stderr(Stdio::null())
        .status();
    allowed(
        traced.is_ok_and(|status| status.success()),
        "strace, from the Debian package `strace`",
    )
}

/// Whether a file system can be mounted: root may, with `mount`.
pub fn can_mount() -> bool {
    let point = tempfile::tempdir().unwrap();
    let mut mount = Command::new("mount");
    let mount = mount
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(point.path());
    let mounted = mount
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if mounted {
        let _ = Command::new("umount").arg(point.path()).status();
    }
    allowed(mounted, "root, and `mount` from the Debian package `mount`")
}

fn allowed(can: bool, needs: &str) -> bool {
    assert!(
        can || std::env::var_os("CI").is_none(),
        "this test needs {needs}"
    );
    if !can {
        eprintln!("NOT RUN: this test needs {needs}");
    }
    can
}
