//! Common base images: which variables and which user they bring. The table is `bases.txt`.

/// What is known about a base image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    variables: &'static str,
    /// The user, where it is not root.
    pub user: Option<&'static str>,
}

impl Base {
    /// The names that are set, besides `PATH`, with their values where these never change.
    pub fn variables(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        self.variables.split_whitespace().map(|v| v.split_once('=').map_or((v, None), |(n, v)| (n, Some(v))))
    }
}

/// The image by the name that the table uses: without the default registry, `library/`, a mirror of the official
/// images or a processor's folder, and without tag and digest.
pub fn short_name(image: &str) -> &str {
    const PREFIXES: [&str; 8] = [
        "docker.io/",
        "library/",
        "public.ecr.aws/docker/",
        "mirror.gcr.io/",
        "amd64/",
        "arm64v8/",
        "arm32v7/",
        "i386/",
    ];
    let mut name = image.split('@').next().unwrap_or(image);
    while let Some(rest) = PREFIXES.iter().find_map(|p| name.strip_prefix(p)) {
        name = rest;
    }
    let tag = name.rfind(':').filter(|at| !name.get(*at..).unwrap_or("").contains('/'));
    tag.and_then(|at| name.get(..at)).unwrap_or(name)
}

/// The tag of a reference; empty where it has none.
pub fn tag(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or(image);
    name.rsplit_once(':').map(|(_, tag)| tag).filter(|t| !t.contains('/')).unwrap_or("")
}

/// What is known about an image by its reference.
pub fn known(image: &str) -> Option<Base> {
    let name = short_name(image);
    include_str!("bases.txt").lines().filter(|l| !l.starts_with('#')).find_map(|line| {
        // A name holds no `: `, a variable's value may.
        let (names, rest) = line.split_once(": ").or_else(|| line.strip_suffix(':').map(|n| (n, "")))?;
        names.split(", ").any(|n| n == name).then(|| {
            let (variables, user) = rest.split_once("; ").map_or((rest, None), |(v, u)| (v, Some(u)));
            Base { variables, user }
        })
    })
}

/// `/bin/sh` is bash here: what it has beyond POSIX works.
pub fn sh_is_bash(image: &str) -> bool {
    const NAMES: [&str; 9] = [
        "amazonlinux",
        "centos",
        "fedora",
        "rockylinux",
        "rockylinux/rockylinux",
        "almalinux",
        "oraclelinux",
        "archlinux",
        "quay.io/centos/centos",
    ];
    let name = short_name(image);
    NAMES.contains(&name) || name.starts_with("registry.access.redhat.com/ubi") || name.starts_with("opensuse/")
}

/// Alpine's shell is BusyBox's, and there is no bash.
pub fn is_alpine(image: &str) -> bool {
    short_name(image) == "alpine" || tag(image).contains("alpine") || short_name(image) == "busybox"
}

/// Images whose default shell is `cmd`.
pub fn is_windows(image: &str) -> bool {
    let image = image.to_ascii_lowercase();
    let name = short_name(&image);
    name.starts_with("mcr.microsoft.com/windows")
        || ["nanoserver", "servercore", "windowsservercore"].iter().any(|w| image.contains(w))
        || name.contains("dotnet/framework/")
        || matches!(name, "microsoft/iis" | "microsoft/aspnet" | "microsoft/dotnet-framework")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_any_of_their_references() {
        let path = |image: &str| known(image).and_then(|b| b.variables().find(|(n, _)| *n == "GOPATH"));
        for image in ["golang", "golang:1.23", "docker.io/library/golang@sha256:00", "amd64/golang:1-alpine"] {
            assert_eq!(path(image), Some(("GOPATH", Some("/go"))), "{image}");
        }
        assert_eq!(known("example/golang"), None);
        assert_eq!(known("debian:12").map(|b| b.variables().count()), Some(0));
        assert_eq!(known("haproxy:3").and_then(|b| b.user), Some("haproxy"));
        assert_eq!(short_name("localhost:5000/a/b"), "localhost:5000/a/b");
        assert_eq!((tag("a:1@sha256:0"), tag("localhost:5000/a"), tag("a")), ("1", "", ""));
    }

    #[test]
    fn shells_of_base_images() {
        assert!(is_alpine("node:20-alpine3.19") && is_alpine("alpine") && !is_alpine("debian:12"));
        assert!(is_windows("golang:1-nanoserver") && is_windows("mcr.microsoft.com/windows/servercore:ltsc2022"));
        assert!(!is_windows("mcr.microsoft.com/dotnet/sdk:8.0"));
    }
}
