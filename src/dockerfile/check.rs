//! The value of BuildKit's `# check=` directive.

use thiserror::Error;

use super::mount::parse_bool;

/// What `# check=…`, or the build argument `BUILDKIT_DOCKERFILE_CHECK` in its place, asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// Rules that are off; `all` for all that are not experimental.
    pub skip: Vec<String>,
    /// Experimental rules that are on; `all` for each.
    pub experimental: Vec<String>,
    /// Any finding fails the build.
    pub error: bool,
}

/// A part of the value that BuildKit does not know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid check option {0:?}")]
pub struct CheckError(pub String);

impl CheckOptions {
    /// The build argument that takes the directive's place.
    pub const BUILD_ARG: &str = "BUILDKIT_DOCKERFILE_CHECK";

    /// Reads `skip=A,B;error=true;experimental=C`, in three parts at most, as BuildKit's `ParseLintOptions` does.
    ///
    /// # Errors
    /// Where a part has no `=`, a key that is not known, or a value of `error` that is neither true nor false.
    ///
    /// ```
    /// use layerwright::dockerfile::check::CheckOptions;
    /// let read = CheckOptions::parse("skip=StageNameCasing;error=true").unwrap();
    /// assert!(read.error && read.skip == ["StageNameCasing"]);
    /// assert!(CheckOptions::parse("skip").is_err());
    /// ```
    pub fn parse(value: &str) -> Result<Self, CheckError> {
        let value = value.trim();
        let mut out = Self::default();
        for part in value.splitn(3, ';').filter(|_| !value.is_empty()) {
            let unknown = || CheckError(part.to_owned());
            let (key, value) = part.split_once('=').ok_or_else(unknown)?;
            let list = || value.split(',').map(|v| v.trim().to_owned()).collect();
            match key.trim() {
                "skip" => out.skip = list(),
                "experimental" => out.experimental = list(),
                "error" => out.error = parse_bool(value.trim()).ok_or_else(unknown)?,
                _ => return Err(unknown()),
            }
        }
        Ok(out)
    }

    /// Reads the value of a directive or comment, which ends at the first space.
    ///
    /// # Errors
    /// As [`CheckOptions::parse`].
    pub fn of_comment(value: &str) -> Result<Self, CheckError> {
        Self::parse(value.trim_start().split(' ').next().unwrap_or(""))
    }

    /// Whether a rule is off.
    pub fn skips(&self, rule: &str, experimental: bool) -> bool {
        if experimental {
            return !self.experimental.iter().any(|e| e == "all" || e == rule);
        }
        self.skip.iter().any(|s| s == "all" || s == rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_as_buildkit_does() {
        let options = CheckOptions::of_comment("skip=A,B;error=true;experimental=all more").unwrap();
        assert_eq!(options.skip, ["A", "B"]);
        assert!(options.error && options.skips("A", false) && !options.skips("X", true));
        assert_eq!(CheckOptions::parse(""), Ok(CheckOptions::default()));
        assert!(CheckOptions::parse("error=T").unwrap().error);
        for bad in ["skip", "what=1", "error=maybe", "skip=a;experimental=b;error=true;skip=c"] {
            assert!(CheckOptions::parse(bad).is_err(), "{bad}");
        }
    }
}
