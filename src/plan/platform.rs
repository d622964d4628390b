//! Platforms: `os/architecture/variant`, as containerd's `platforms` package reads and writes them.

use std::fmt;

use thiserror::Error;

/// A platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Platform {
    /// Operating system, such as `linux`.
    pub os: String,
    /// Version of the operating system (Windows); mostly empty.
    pub os_version: String,
    /// Architecture, such as `amd64`.
    pub architecture: String,
    /// Variant, such as `v7`; mostly empty.
    pub variant: String,
}

/// Why a text is no platform.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no platform: write os/architecture, such as linux/arm64")]
pub struct PlatformError(pub String);

impl PlatformError {
    /// The error's stable code.
    pub fn code(&self) -> &'static str {
        "PLATFORM_INVALID"
    }
}

/// `os/architecture[/variant]`.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.os)?;
        for part in [&self.architecture, &self.variant] {
            if !part.is_empty() {
                write!(f, "/{part}")?;
            }
        }
        Ok(())
    }
}

impl Platform {
    /// `linux` on this architecture.
    pub fn linux(architecture: &str) -> Self {
        Self { os: "linux".to_owned(), architecture: architecture.to_owned(), ..Self::default() }
    }

    /// Like `Display`, with the operating system's version in parentheses where there is one.
    pub fn full(&self) -> String {
        if self.os_version.is_empty() {
            return self.to_string();
        }
        let rest = Self { os: format!("{}({})", self.os, self.os_version), ..self.clone() };
        rest.to_string()
    }

    /// The form that image configurations use: `arm` is `arm/v7`, `arm64/v8` is `arm64`.
    pub fn normalized(&self) -> Self {
        let (architecture, variant) = normalize(&self.architecture, &self.variant);
        Self { architecture, variant, ..self.clone() }
    }

    /// Reads `os`, `architecture`, `os/architecture` or `os/architecture/variant`. What is missing comes from `default`.
    ///
    /// # Errors
    /// Where a part holds other characters, or a single part is no known name.
    pub fn parse(text: &str, default: &Platform) -> Result<Self, PlatformError> {
        let error = || PlatformError(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let (os, os_version) = match parts.first().and_then(|p| p.strip_suffix(')')).and_then(|p| p.split_once('(')) {
            Some((os, version)) => (os, version.replace("%2b", "+")),
            None => (parts.first().copied().unwrap_or(""), String::new()),
        };
        let plain =
            |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if !plain(os) || !parts.iter().skip(1).all(|p| plain(p)) {
            return Err(error());
        }
        let lower_os = match os.to_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            other => other.to_owned(),
        };
        match parts.as_slice() {
            [_] if KNOWN_OS.contains(&lower_os.as_str()) => Ok(Self {
                os: lower_os,
                os_version,
                architecture: default.architecture.clone(),
                variant: default.variant.clone(),
            }),
            [one] => {
                let (architecture, variant) = normalize(one, "");
                if !KNOWN_ARCHITECTURE.contains(&architecture.as_str()) {
                    return Err(error());
                }
                let variant = if architecture == "arm" && variant == "v7" { String::new() } else { variant };
                Ok(Self { os: default.os.clone(), os_version, architecture, variant })
            }
            [_, architecture] => {
                let (architecture, variant) = normalize(architecture, "");
                let variant = if architecture == "arm" && variant == "v7" { String::new() } else { variant };
                Ok(Self { os: lower_os, os_version, architecture, variant })
            }
            [_, architecture, variant] => {
                let (architecture, mut variant) = normalize(architecture, variant);
                if architecture == "arm64" && variant.is_empty() {
                    variant = "v8".to_owned();
                }
                Ok(Self { os: lower_os, os_version, architecture, variant })
            }
            _ => Err(error()),
        }
    }
}

const KNOWN_OS: [&str; 18] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
    "wasip1",
];

const KNOWN_ARCHITECTURE: [&str; 26] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "ppc64",
    "ppc64le",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
    "wasm32",
    "wasm64",
];

fn normalize(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (architecture.to_lowercase(), variant.to_lowercase());
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64", v) => ("amd64", v),
        ("aarch64" | "arm64", "8" | "v8") => ("arm64", ""),
        ("aarch64", v) => ("arm64", v),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        (a, v) => (a, v),
    };
    (architecture.to_owned(), variant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::Platform;

    #[test]
    fn names_are_normalized() {
        let default = Platform::linux("amd64");
        let read = |t: &str| Platform::parse(t, &default).map(|p| p.to_string());
        assert_eq!(read("linux/x86_64").unwrap(), "linux/amd64");
        assert_eq!(read("linux/arm/v7").unwrap(), "linux/arm/v7");
        assert_eq!(read("linux/arm").unwrap(), "linux/arm");
        assert_eq!(read("arm64").unwrap(), "linux/arm64");
        assert_eq!(read("windows").unwrap(), "windows/amd64");
        assert!(read("foo").is_err());
        assert!(read("linux/").is_err());
    }
}
