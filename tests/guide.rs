//! The pages that people read: their links lead somewhere, and no loss is missing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder with an extension, in order; with those of its folders.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let found = paths.into_iter().flat_map(|path| match path.is_dir() {
        true => files(&path, extension),
        false => vec![path],
    });
    found
        .filter(|path| path.extension().is_some_and(|is| is == extension))
        .collect()
}

fn pages() -> Vec<PathBuf> {
    files(&root().join("docs/guide"), "md")
}

/// The text without blocks of code.
fn prose(text: &str) -> String {
    let parts = text.split("```");
    parts.step_by(2).collect()
}

/// What stands between two marks, wherever it does.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let starts = text.split(open).skip(1);
    starts
        .filter_map(|rest| rest.split_once(close))
        .map(|(inside, _)| inside)
        .collect()
}

/// The definitions of links, `[label]: target`.
fn definitions(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter(|line| line.starts_with('['));
    lines
        .filter_map(|line| line[1..].split_once("]: "))
        .collect()
}

/// The labels of links that have to be defined: names in brackets, and pages.
fn labels(text: &str) -> BTreeSet<String> {
    let body: String = text
        .lines()
        .filter(|line| !(line.starts_with('[') && line.contains("]: ")))
        .flat_map(|line| [line, "\n"])
        .collect();
    let body = prose(&body);
    let names = body.split("[`").skip(1).filter_map(|rest| {
        let (name, after) = rest.split_once("`]")?;
        // With a target of its own it needs no definition.
        (!after.starts_with('(')).then(|| format!("`{name}`"))
    });
    let pages = between(&body, "][", "]").into_iter().map(str::to_string);
    names.chain(pages).collect()
}

#[test]
fn links_of_pages_are_defined_for_the_repository_and_for_rustdoc() {
    let links = read(root().join("src/guide/links.md"));
    let items: BTreeSet<&str> = definitions(&links)
        .into_iter()
        .map(|(label, _)| label)
        .collect();
    for page in pages() {
        let text = read(&page);
        let files: BTreeSet<&str> = definitions(&text)
            .into_iter()
            .map(|(label, _)| label)
            .collect();
        for label in labels(&text) {
            let page = page.display();
            assert!(
                files.contains(&label[..]),
                "{page} does not define [{label}] at its end"
            );
            assert!(
                items.contains(&label[..]),
                "src/guide/links.md does not define [{label}]"
            );
        }
    }
}

#[test]
fn links_to_files_lead_to_files() {
    let mut all = pages();
    all.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    for page in all {
        let text = read(&page);
        let prose = prose(&text);
        let inline = between(&prose, "](", ")");
        let defined = definitions(&text).into_iter().map(|(_, target)| target);
        for target in inline.into_iter().chain(defined) {
            let file = target.split('#').next().expect("a part");
            if file.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().expect("a folder").join(file);
            assert!(path.exists(), "{} links to {target}", page.display());
        }
    }
}

#[test]
fn every_loss_has_a_row() {
    let mut losses = BTreeSet::new();
    for path in files(&root().join("src"), "rs") {
        let text = read(path);
        // Structs within `config!`. (A configuration that chooses a loss is an enum.)
        for name in between(&text, "\n    pub struct ", " ") {
            losses.extend(name.strip_suffix("LossConfig").map(str::to_string));
        }
    }
    let table = read(root().join("docs/guide/all_losses.md"));
    for loss in &losses {
        let row = format!("\n| [`{loss}Loss`]");
        assert!(
            table.contains(&row),
            "docs/guide/all_losses.md has no row of {loss}Loss"
        );
    }
    let count = format!("{} losses:", losses.len());
    assert!(
        table.contains(&count),
        "docs/guide/all_losses.md does not begin with \"{count}\""
    );
}
