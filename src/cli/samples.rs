//! The sample events, carried in the binary so that `demo` needs no checkout.

use include_dir::{Dir, include_dir};

static FOLDER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/sample-events");

/// One body as a provider would send it.
pub(super) struct Sample {
    pub(super) provider: String,
    /// Without the folder: `02.subscription.activated.json`.
    pub(super) name: String,
    pub(super) body: &'static [u8],
}

/// All samples, by provider, in the order of their names: the order in which they happened.
pub(super) fn all() -> Vec<Sample> {
    let mut samples: Vec<Sample> = FOLDER
        .dirs()
        .flat_map(Dir::files)
        .filter(|file| {
            file.path()
                .extension()
                .is_some_and(|extension| extension == "json")
        })
        .filter_map(|file| {
            let provider = file.path().parent()?.to_str()?.to_owned();
            let name = file.path().file_name()?.to_str()?.to_owned();
            Some(Sample {
                provider,
                name,
                body: file.contents(),
            })
        })
        .collect();
    samples.sort_by(|a, b| (&a.provider, &a.name).cmp(&(&b.provider, &b.name)));
    samples
}
