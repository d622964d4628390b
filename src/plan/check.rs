//! What BuildKit checks of values only when it carries an instruction out.

use super::reference::is_digest;
use super::step::Source;

/// A refusal: message and remedy.
pub(crate) type Refusal = (String, Option<String>);

fn refuse<T>(message: String, help: &str) -> Result<T, Refusal> {
    Err((message, Some(help.to_owned())))
}

/// The most ports one `EXPOSE` may name, ranges counted out.
const MAX_PORTS: usize = 1 << 17;

/// Ports of an `EXPOSE` after expansion, as `port/protocol`.
pub(crate) fn ports(specs: &[String]) -> Result<Vec<String>, Refusal> {
    let mut out = Vec::new();
    for spec in specs {
        port(spec, &mut out)?;
        if out.len() > MAX_PORTS {
            return refuse("EXPOSE names too many ports".to_owned(), "expose each port once");
        }
    }
    Ok(out)
}

fn port(spec: &str, out: &mut Vec<String>) -> Result<(), Refusal> {
    let help = "write port, port/protocol or first-last, such as 80/tcp";
    let (before, container) = spec.rsplit_once(':').map_or(("", spec), |(b, c)| (b, c));
    let (ip, host) = before.rsplit_once(':').map_or(("", before), |(i, h)| (i, h));
    let (number, protocol) = container.split_once('/').unwrap_or((container, ""));
    if number.is_empty() {
        return refuse(format!("no port specified: {spec:?}"), help);
    }
    let protocol = match protocol.to_lowercase().as_str() {
        "" => "tcp",
        "tcp" => "tcp",
        "udp" => "udp",
        "sctp" => "sctp",
        other => return refuse(format!("invalid protocol: {other}"), "use tcp, udp or sctp"),
    };
    let bare = ip.strip_prefix('[').map_or(Some(ip), |i| i.strip_suffix(']'));
    if !ip.is_empty() && bare.is_none_or(|i| i.parse::<std::net::IpAddr>().is_err()) {
        return refuse(format!("invalid IP address: {ip}"), help);
    }
    let Some((start, end)) = range(number) else {
        return refuse(format!("invalid port: {number}"), help);
    };
    if !host.is_empty() {
        let Some((host_start, host_end)) = range(host) else {
            return refuse(format!("invalid host port: {host}"), help);
        };
        if end - start != host_end - host_start && end != start {
            return refuse(format!("invalid ranges for container and host ports: {number} and {host}"), help);
        }
    }
    out.extend((start..=end).map(|p| format!("{p}/{protocol}")));
    Ok(())
}

fn range(text: &str) -> Option<(u16, u16)> {
    let number = |t: &str| if t.starts_with('+') { None } else { t.parse::<u16>().ok() };
    match text.split_once('-') {
        None => number(text).map(|n| (n, n)),
        Some((start, end)) => Some((number(start)?, number(end)?)).filter(|(s, e)| s <= e),
    }
}

/// Whether `STOPSIGNAL` knows this signal.
pub(crate) fn signal(text: &str) -> Result<(), Refusal> {
    if let Ok(number) = text.parse::<i64>() {
        return if number == 0 { bad_signal(text) } else { Ok(()) };
    }
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    const NAMES: [&str; 36] = [
        "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL",
        "PROF", "PWR", "QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1",
        "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX",
    ];
    let number = |t: &str| t.parse::<u32>().ok().filter(|n| n.to_string() == t);
    let real_time = name.strip_prefix("RTMIN+").and_then(number).is_some_and(|n| (1..=15).contains(&n))
        || name.strip_prefix("RTMAX-").and_then(number).is_some_and(|n| (1..=14).contains(&n));
    if NAMES.contains(&name) || real_time { Ok(()) } else { bad_signal(text) }
}

fn bad_signal<T>(text: &str) -> Result<T, Refusal> {
    refuse(format!("invalid signal: {text}"), "use a name such as SIGTERM or a number")
}

/// Whether `--chmod` can be carried out: octal digits up to 7777, or symbols such as `u=rwX,go=`.
pub(crate) fn mode(text: &str) -> Result<(), Refusal> {
    let help = "write octal digits between 0 and 7777, or symbols such as u=rwX,go=rX";
    let octal = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if octal {
        let valid = u32::from_str_radix(text, 8).is_ok_and(|m| m <= 0o7777);
        return if valid { Ok(()) } else { refuse(format!("invalid chmod parameter: {text:?}"), help) };
    }
    let symbolic = |clause: &str| {
        let who = clause.len() - clause.trim_start_matches(['u', 'g', 'o', 'a']).len();
        let actions = &clause[who..];
        actions.starts_with(['+', '-', '='])
            && actions.split(['+', '-', '=']).all(|perms| {
                perms.bytes().all(|b| matches!(b, b'r' | b'w' | b'x' | b'X' | b's' | b't'))
                    || matches!(perms, "u" | "g" | "o")
            })
    };
    if text.split(',').all(symbolic) { Ok(()) } else { refuse(format!("invalid chmod parameter: {text:?}"), help) }
}

/// What kind of source a word of `COPY` or `ADD` is.
pub(crate) fn source(text: &str) -> Source {
    if is_git(text) {
        return Source::Git(text.to_owned());
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return Source::Http(text.to_owned());
    }
    Source::Path(text.to_owned())
}

/// A git repository by its address. `github.com/…` without a scheme looks like a path and is taken for one.
fn is_git(text: &str) -> bool {
    if text.starts_with("./") || text.starts_with("../") || text.starts_with("github.com/") {
        return false;
    }
    if let Some((scheme, rest)) = text.split_once("://")
        && !scheme.is_empty()
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return match scheme {
            "ssh" | "git" => true,
            "http" | "https" => {
                let address = rest.split(['#', '?']).next().unwrap_or("");
                address.contains('/') && address.ends_with(".git")
            }
            _ => false,
        };
    }
    // user@host:path
    let Some((user, rest)) = text.split_once('@') else { return false };
    let name =
        |t: &str, more: &[u8]| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
    let Some((host, path)) = rest.split_once(':') else { return false };
    name(user, b"_-") && name(host, b"-.") && !path.is_empty()
}

/// Checks the query of a git address, such as `?branch=main&subdir=docs`.
fn git_query(address: &str, checksum: Option<&str>, keep_git_dir: Option<bool>) -> Result<(), Refusal> {
    let bad = |message: String| {
        refuse(message, "use ref, tag, branch, subdir, checksum, keep-git-dir and submodules, each once, with a value")
    };
    if !address.contains("://") {
        return Ok(());
    }
    let (before, fragment) = address.split_once('#').unwrap_or((address, ""));
    let Some((_, query)) = before.split_once('?') else { return Ok(()) };
    let (commit, directory) = fragment.split_once(':').unwrap_or((fragment, ""));
    let (mut wanted, mut directory) = (commit.to_owned(), directory.to_owned());
    let mut named = Vec::new();
    let mut seen = Vec::new();
    for part in query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if seen.contains(&key) {
            return bad(format!("query {key:?} has multiple values"));
        }
        seen.push(key);
        if value.is_empty() && !matches!(key, "submodules" | "keep-git-dir") {
            return bad(format!("query {key:?} has no value"));
        }
        match key {
            "ref" if !wanted.is_empty() && wanted != value => {
                return bad(format!("ref conflicts: {wanted:?} and {value:?}"));
            }
            "ref" => wanted = value.to_owned(),
            "subdir" if !directory.is_empty() && directory != value => {
                return bad(format!("subdir conflicts: {directory:?} and {value:?}"));
            }
            "subdir" => directory = value.to_owned(),
            "tag" => named.push(("refs/tags/", value)),
            "branch" => named.push(("refs/heads/", value)),
            "checksum" | "commit" if checksum.is_some_and(|c| c != value) => {
                return bad(format!("checksum conflicts: {:?} and {value:?}", checksum.unwrap_or_default()));
            }
            "checksum" | "commit" => {}
            "keep-git-dir" | "submodules" => {
                let on = if value.is_empty() { Some(true) } else { crate::dockerfile::mount::parse_bool(value) };
                let Some(on) = on else { return bad(format!("invalid {key} value: {value:?}")) };
                if key == "keep-git-dir" && keep_git_dir.is_some_and(|k| k != on) {
                    return bad("inconsistent keep-git-dir".to_owned());
                }
            }
            _ => return bad(format!("unexpected query {key:?}")),
        }
    }
    match named.as_slice() {
        [_, _, ..] => bad("branch conflicts with tag".to_owned()),
        [(prefix, name)] => {
            let full = if name.starts_with(prefix) { (*name).to_owned() } else { format!("{prefix}{name}") };
            if wanted.is_empty() || wanted == full {
                Ok(())
            } else {
                bad(format!("ref conflicts: {wanted:?} and {full:?}"))
            }
        }
        [] => Ok(()),
    }
}

/// Whether the sources suit the instruction.
pub(crate) fn sources(
    sources: &[Source],
    add: bool,
    checksum: Option<&str>,
    keep_git_dir: Option<bool>,
) -> Result<(), Refusal> {
    if let Some(checksum) = checksum.filter(|c| !c.is_empty()) {
        let paths = sources.iter().filter(|s| !matches!(s, Source::Inline(..))).count();
        match sources.first() {
            _ if paths != 1 => {
                return refuse(
                    "checksum can't be specified for multiple sources".to_owned(),
                    "use one ADD for each source",
                );
            }
            Some(Source::Http(_)) if !is_digest(checksum) => {
                return refuse(format!("invalid checksum {checksum:?}"), "write sha256: and 64 hexadecimal digits");
            }
            Some(Source::Http(_) | Source::Git(_)) => {}
            _ => {
                return refuse(
                    "checksum requires an HTTP(S) or git source".to_owned(),
                    "remove --checksum, or add the file by its URL",
                );
            }
        }
    }
    for source in sources {
        if let Source::Git(address) = source {
            git_query(address, checksum, keep_git_dir)?;
        }
        match source {
            Source::Git(_) if !add => return refuse("source can't be a git ref for COPY".to_owned(), "use ADD"),
            Source::Http(_) if !add => return refuse("source can't be a URL for COPY".to_owned(), "use ADD"),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_counted_out() {
        let list = |s: &str| ports(&[s.to_owned()]).ok().map(|p| p.join(" "));
        assert_eq!(list("80-82/UDP").as_deref(), Some("80/udp 81/udp 82/udp"));
        assert_eq!(list("127.0.0.1:8080:80").as_deref(), Some("80/tcp"));
        assert_eq!(list("65536"), None);
        assert_eq!(list("80,443"), None);
    }

    #[test]
    fn modes() {
        for good in ["755", "0644", "u=rwX,go=rX", "+x", "a-w"] {
            assert!(mode(good).is_ok(), "{good}");
        }
        for bad in ["64a", "10000", "", "9", "q+x"] {
            assert!(mode(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn git_sources() {
        assert!(is_git("https://github.com/moby/buildkit.git#v1"));
        assert!(is_git("git@github.com:moby/buildkit.git"));
        assert!(!is_git("https://example.org/a.tar.gz"));
        assert!(!is_git("a:b"));
        let query = |q: &str| git_query(&format!("https://h/a.git{q}"), None, None).is_ok();
        assert!(query("?branch=b&subdir=d&keep-git-dir=1") && query("?ref=a#a") && query(""));
        assert!(!query("?branch=b&tag=t") && !query("?x=1") && !query("?ref=") && !query("?ref=a#b"));
    }
}
