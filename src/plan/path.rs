//! Paths inside the image, on Unix and on Windows, as BuildKit's `util/system` treats them.

pub(crate) use crate::dockerfile::dockerignore::clean;

/// Joins and cleans; empty parts are left out.
pub(crate) fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|p| !p.is_empty()).collect();
    if parts.is_empty() { String::new() } else { clean(&parts.join("/")) }
}

fn to_slash(path: &str, windows: bool) -> String {
    if windows { path.replace('\\', "/") } else { path.to_owned() }
}

/// Takes the system drive's letter off a Windows path.
pub(crate) fn without_drive(path: &str, windows: bool) -> Result<String, String> {
    if !windows {
        return Ok(path.to_owned());
    }
    if path.len() == 2 && path.ends_with(':') {
        return Err(format!("no relative path specified in {path:?}"));
    }
    if to_slash(path, true).starts_with("//") {
        return Err("UNC paths are not supported".to_owned());
    }
    match path.split_once(':') {
        None => Ok(clean_windows(path)),
        Some((drive, rest)) if drive.eq_ignore_ascii_case("c") => Ok(clean_windows(rest)),
        Some(_) => Err("the path is not on the system drive (C:)".to_owned()),
    }
}

fn clean_windows(path: &str) -> String {
    clean(&to_slash(path, true))
}

/// Whether a path, its drive letter taken off, is absolute.
pub(crate) fn is_absolute(path: &str, windows: bool) -> bool {
    without_drive(path, windows).is_ok_and(|p| to_slash(&p, windows).starts_with('/'))
}

/// `path` seen from `parent`, with slashes. `keep_slash` keeps a `/` or `/.` at the end.
pub(crate) fn normalize(parent: &str, path: &str, windows: bool, keep_slash: bool) -> Result<String, String> {
    let original = to_slash(path, windows);
    let parent = without_drive(if parent.is_empty() { "/" } else { parent }, windows)?;
    let parent = if is_absolute(&parent, windows) { to_slash(&parent, windows) } else { join(&["/", &parent]) };
    let path = if original.is_empty() { parent.clone() } else { original.clone() };
    let mut path = without_drive(&path, windows)?;
    if !is_absolute(&path, windows) {
        path = join(&[&parent, &path]);
    }
    if keep_slash {
        if original.ends_with('/') && !path.ends_with('/') {
            path.push('/');
        } else if original.ends_with("/.") {
            if path != "/" {
                path.push('/');
            }
            path.push('.');
        }
    }
    Ok(to_slash(&path, windows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_like_go_does() {
        for (path, want) in
            [("", "."), ("/", "/"), ("a//b/../c/", "a/c"), ("/../a", "/a"), ("../a", "../a"), ("./", ".")]
        {
            assert_eq!(clean(path), want, "{path}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_working_directory() {
        assert_eq!(normalize("/a", "b/", false, true).as_deref(), Ok("/a/b/"));
        assert_eq!(normalize("/a", "/b/../c", false, false).as_deref(), Ok("/b/../c"));
        assert_eq!(normalize("", "C:\\x", true, false).as_deref(), Ok("/x"));
        assert!(normalize("", "D:\\x", true, false).is_err());
    }
}
