//! The sample events, for seeds.

use std::path::Path;
use std::sync::LazyLock;

static ALL: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(read);

/// Provider and body, in the order of the files' names.
pub fn all() -> &'static [(String, Vec<u8>)] {
    &ALL
}

fn read() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The fuzzer's package lies two folders below the one that has the samples.
    let roots = [root.join("sample-events"), root.join("../../sample-events")];
    let folder = roots.iter().find(|folder| folder.is_dir()).unwrap();
    let mut found = Vec::new();
    for provider in sorted(folder).iter().filter(|path| path.is_dir()) {
        let name = provider.file_name().unwrap().to_str().unwrap();
        for file in sorted(provider) {
            found.push((name.to_owned(), std::fs::read(file).unwrap()));
        }
    }
    assert!(found.len() > 20, "the samples are gone");
    found
}

pub fn bodies() -> Vec<Vec<u8>> {
    all().iter().map(|(_, body)| body.clone()).collect()
}

fn sorted(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
