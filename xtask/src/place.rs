//! Where things are: the project, the build output, and the workshop's own scratch space in it.
//!
//! Nothing outside these three is ever written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

/// The folder of the project.
pub(crate) fn root() -> PathBuf {
    // Cargo says it anew at each start; what was compiled in may be that of a moved copy.
    let package = match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")),
    };
    package.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// An empty folder of that name in the workshop's scratch space.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let folder = target().join("xtask").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|e| said("empty", &folder, &e))?;
    }
    fs::create_dir_all(&folder).map_err(|e| said("make", &folder, &e))?;
    Ok(folder)
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| said("read", path, &e))
}

/// Writes a file of the scratch space.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|e| said("write", path, &e))
}

/// The files with that ending directly in a folder, by name; none when there is no such folder.
pub(crate) fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).map_err(|e| said("read", folder, &e))? {
        let path = entry.map_err(|e| said("read", folder, &e))?.path();
        if path.extension().is_some_and(|e| e == ending) && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Every file below `folder` that git would keep, relative to it, by name.
pub(crate) fn project_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inner) = open.pop() {
        let path = folder.join(&inner);
        for entry in fs::read_dir(&path).map_err(|e| said("read", &path, &e))? {
            let entry = entry.map_err(|e| said("read", &path, &e))?;
            let name = entry.file_name();
            if matches!(name.to_str(), Some("target" | ".git" | "build" | ".build")) {
                continue;
            }
            let kind = entry.file_type().map_err(|e| said("read", &path, &e))?;
            if kind.is_dir() {
                open.push(inner.join(name));
            } else if kind.is_file() {
                found.push(inner.join(name));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A path as a person types it: from the project's folder where it lies in it.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn said(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("cannot {what} {}: {error}", path.display())
}
