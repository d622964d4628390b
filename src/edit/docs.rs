//! What the language's own words mean: one table for completions and hovers.

use crate::dockerfile::syntax::Keyword;
use crate::dockerfile::syntax::Keyword::*;

/// An instruction: its forms, one a line, and what it does.
pub(super) struct InstructionDoc {
    pub(super) keyword: Keyword,
    pub(super) forms: &'static str,
    pub(super) text: &'static str,
    pub(super) flags: &'static [FlagDoc],
}

/// A flag.
pub(super) struct FlagDoc {
    /// Without dashes.
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    pub(super) text: &'static str,
}

/// What follows a flag's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing, or `true` or `false`.
    Bool,
    /// One of these, or anything where there are none.
    One(&'static [&'static str]),
    /// As [`Takes::One`], and the flag may be given again.
    Many,
    /// The name or number of a stage, or an image.
    Stage,
}

const fn flag(name: &'static str, takes: Takes, text: &'static str) -> FlagDoc {
    FlagDoc { name, takes, text }
}

const ANY: Takes = Takes::One(&[]);
const DURATIONS: Takes = Takes::One(&["5s", "10s", "30s", "1m", "5m"]);
const MODES: Takes = Takes::One(&["644", "755", "600", "700", "u=rwX,go=rX"]);

pub(super) const PLATFORMS: &[&str] = &[
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
    "windows/amd64",
];

const CHOWN: FlagDoc = flag(
    "chown",
    ANY,
    "The owner of what is copied: `user`, `user:group` or numbers. Without it everything belongs to 0:0. Names are looked up in the image.",
);
const CHMOD: FlagDoc =
    flag("chmod", MODES, "The permissions of what is copied: octal digits, or symbols such as `u=rwX,go=rX`.");
const LINK: FlagDoc = flag(
    "link",
    Takes::Bool,
    "Makes a layer that does not depend on those before it, so that it stays cached when they change. Symbolic links in the destination's path are not followed.",
);
const EXCLUDE: FlagDoc = flag("exclude", Takes::Many, "Leaves out paths that match the pattern. May be given again.");

/// All instructions.
pub(super) const INSTRUCTIONS: [InstructionDoc; 18] = [
    InstructionDoc {
        keyword: From,
        forms: "FROM [--platform=OS/ARCH] IMAGE [AS NAME]",
        text: "Begins a stage on a base: an image, an earlier stage, or `scratch`, which is empty. Variables come from the `ARG`s before the first `FROM`.",
        flags: &[flag(
            "platform",
            Takes::One(PLATFORMS),
            "The platform of the base image. Without it, the platform that is built for.",
        )],
    },
    InstructionDoc {
        keyword: Run,
        forms: "RUN [FLAGS] COMMAND\nRUN [FLAGS] [\"PROGRAM\", \"ARGUMENT\", …]\nRUN <<EOF",
        text: "Runs a command in the image so far and keeps what it changes as a layer. The plain form is read by the stage's shell; the JSON form runs the program itself.",
        flags: &[
            flag(
                "mount",
                Takes::Many,
                "Gives the command files that do not become part of the image: a directory of the context or of a stage, a cache, a secret, an SSH agent, memory. May be given again.",
            ),
            flag(
                "network",
                Takes::One(&["default", "none", "host"]),
                "The network of the command: `default`, `none`, or `host`, which the builder has to allow.",
            ),
            flag(
                "security",
                Takes::One(&["sandbox", "insecure"]),
                "`insecure` runs the command without a sandbox, if the builder allows it.",
            ),
            flag("device", Takes::Many, "Gives the command a device by its CDI name. May be given again."),
        ],
    },
    InstructionDoc {
        keyword: Cmd,
        forms: "CMD [\"PROGRAM\", \"ARGUMENT\", …]\nCMD [\"ARGUMENT\", …]\nCMD COMMAND",
        text: "What a container runs unless it is told otherwise, or the arguments of the `ENTRYPOINT`. The last one counts. The JSON form needs no shell and passes signals on.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Label,
        forms: "LABEL NAME=VALUE …",
        text: "Adds metadata to the image. Names that begin with `org.opencontainers.image.` have an agreed meaning.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Maintainer,
        forms: "MAINTAINER NAME",
        text: "The author of the image. Deprecated: write `LABEL org.opencontainers.image.authors=NAME`.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Expose,
        forms: "EXPOSE PORT[-PORT][/PROTOCOL] …",
        text: "Says on which ports the container listens. It opens none: that is done when a container is started.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Env,
        forms: "ENV NAME=VALUE …",
        text: "Sets variables for the instructions that follow and for the container. For what only the build needs, use `ARG`.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Add,
        forms: "ADD [FLAGS] SOURCE … DESTINATION\nADD [FLAGS] [\"SOURCE\", …, \"DESTINATION\"]",
        text: "Copies like `COPY`, and also fetches addresses and git repositories and unpacks local tar archives. Where that is not needed, use `COPY`.",
        flags: &[
            flag("keep-git-dir", Takes::Bool, "Keeps `.git` of a repository that is added."),
            flag(
                "checksum",
                ANY,
                "The digest that a fetched file must have: `sha256:…`; or the commit of a repository.",
            ),
            flag(
                "unpack",
                Takes::Bool,
                "Whether archives are unpacked: by default local ones are and fetched ones are not.",
            ),
            CHOWN,
            CHMOD,
            LINK,
            EXCLUDE,
        ],
    },
    InstructionDoc {
        keyword: Copy,
        forms: "COPY [FLAGS] SOURCE … DESTINATION\nCOPY [FLAGS] [\"SOURCE\", …, \"DESTINATION\"]\nCOPY <<EOF DESTINATION",
        text: "Copies files from the build context, or with `--from` from a stage or an image. A destination that ends in `/` is a directory; a relative one starts at `WORKDIR`.",
        flags: &[
            flag(
                "from",
                Takes::Stage,
                "Copies from a stage, by its name or its number, or from an image, instead of from the context.",
            ),
            CHOWN,
            CHMOD,
            LINK,
            flag("parents", Takes::Bool, "Keeps the directories of the sources, from a `/./` in them on."),
            EXCLUDE,
        ],
    },
    InstructionDoc {
        keyword: Entrypoint,
        forms: "ENTRYPOINT [\"PROGRAM\", \"ARGUMENT\", …]\nENTRYPOINT COMMAND",
        text: "The program that a container always runs; `CMD` and what is given at the start are its arguments. The plain form takes none and hides signals.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Volume,
        forms: "VOLUME PATH …\nVOLUME [\"PATH\", …]",
        text: "Says that a path holds data of its own: each container gets a volume there. What later instructions write there may be lost.",
        flags: &[],
    },
    InstructionDoc {
        keyword: User,
        forms: "USER NAME[:GROUP]\nUSER UID[:GID]",
        text: "Who runs the instructions that follow, and the container.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Workdir,
        forms: "WORKDIR PATH",
        text: "The directory of the instructions that follow and of the container. It is made if it is not there; a relative path starts at the one before.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Arg,
        forms: "ARG NAME[=DEFAULT] …",
        text: "A variable of the build, which `--build-arg` can set. One before the first `FROM` is for `FROM` lines; a stage sees it after an `ARG` with its name. It is not in the container, but its value is in the image's history: no place for secrets.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Onbuild,
        forms: "ONBUILD INSTRUCTION",
        text: "An instruction that runs when another build uses this image as its base.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Stopsignal,
        forms: "STOPSIGNAL SIGNAL",
        text: "The signal that asks the container to stop, by name or number. Without it, SIGTERM.",
        flags: &[],
    },
    InstructionDoc {
        keyword: Healthcheck,
        forms: "HEALTHCHECK [FLAGS] CMD COMMAND\nHEALTHCHECK NONE",
        text: "A command that tells whether the container works: status 0 is healthy, 1 is not. `NONE` turns off one of the base image.",
        flags: &[
            flag("interval", DURATIONS, "Time between two checks; 30s."),
            flag("timeout", DURATIONS, "Time after which a check has failed; 30s."),
            flag("start-period", DURATIONS, "Time after the start in which failures do not count; 0s."),
            flag("start-interval", DURATIONS, "Time between two checks during the start period; 5s."),
            flag("retries", Takes::One(&["1", "3", "5"]), "Failures in a row that make the container unhealthy; 3."),
        ],
    },
    InstructionDoc {
        keyword: Shell,
        forms: "SHELL [\"PROGRAM\", \"ARGUMENT\", …]",
        text: "The shell that reads the plain forms of `RUN`, `CMD` and `ENTRYPOINT` that follow.",
        flags: &[],
    },
];

/// The entry of an instruction.
pub(super) fn instruction(keyword: Keyword) -> Option<&'static InstructionDoc> {
    INSTRUCTIONS.iter().find(|d| d.keyword == keyword)
}

/// Images that many files start from.
pub(super) const IMAGES: &[(&str, &str)] = &[
    ("alpine", "Alpine Linux: a small distribution with musl and BusyBox."),
    ("debian", "Debian; tags with `-slim` are smaller."),
    ("ubuntu", "Ubuntu."),
    ("fedora", "Fedora."),
    ("rockylinux", "Rocky Linux."),
    ("amazonlinux", "Amazon Linux."),
    ("busybox", "Many Unix tools in one small program."),
    ("node", "Node.js with npm."),
    ("python", "Python with pip."),
    ("golang", "The Go toolchain."),
    ("rust", "The Rust toolchain."),
    ("gcc", "The GNU compilers."),
    ("openjdk", "OpenJDK; no longer maintained, see `eclipse-temurin`."),
    ("eclipse-temurin", "OpenJDK, built by Eclipse Adoptium."),
    ("maven", "Maven with a JDK."),
    ("gradle", "Gradle with a JDK."),
    ("ruby", "Ruby with Bundler."),
    ("php", "PHP; tags say whether with Apache, FPM or the command line alone."),
    ("composer", "Composer for PHP."),
    ("perl", "Perl."),
    ("elixir", "Elixir."),
    ("erlang", "Erlang."),
    ("haskell", "The Haskell toolchain."),
    ("swift", "The Swift toolchain."),
    ("nginx", "The web server nginx."),
    ("httpd", "The Apache web server."),
    ("caddy", "The web server Caddy."),
    ("traefik", "The reverse proxy Traefik."),
    ("haproxy", "The load balancer HAProxy."),
    ("tomcat", "Apache Tomcat."),
    ("postgres", "PostgreSQL."),
    ("mysql", "MySQL."),
    ("mariadb", "MariaDB."),
    ("mongo", "MongoDB."),
    ("redis", "Redis."),
    ("memcached", "memcached."),
    ("rabbitmq", "RabbitMQ."),
    ("docker", "The Docker command line, and with `-dind` the engine."),
    ("buildpack-deps", "What most sources need to compile."),
];

/// An option of `--mount`, and the types of mount that have it.
pub(super) struct MountDoc {
    pub(super) name: &'static str,
    /// Other names of the same.
    pub(super) aliases: &'static [&'static str],
    pub(super) types: &'static [&'static str],
    pub(super) takes: Takes,
    pub(super) text: &'static str,
}

/// The types of mount.
pub(super) const MOUNT_TYPES: [(&str, &str); 5] = [
    ("bind", "Files of the context, of a stage or of an image; read only unless `rw` is given, and never kept."),
    ("cache", "A directory that stays between builds, for package managers and compilers."),
    ("tmpfs", "Memory that looks like a directory."),
    ("secret", "A secret that `--secret` gives the build, as a file or a variable; it is in no layer."),
    ("ssh", "The SSH agent that `--ssh` gives the build."),
];

const fn mount(
    name: &'static str,
    aliases: &'static [&'static str],
    types: &'static [&'static str],
    takes: Takes,
    text: &'static str,
) -> MountDoc {
    MountDoc { name, aliases, types, takes, text }
}

/// The options of `--mount`.
pub(super) const MOUNT_OPTIONS: [MountDoc; 14] = [
    mount("type", &[], &["bind", "cache", "tmpfs", "secret", "ssh"], ANY, "What is mounted: `bind` where not given."),
    mount("target", &["dst", "destination"], &["bind", "cache", "tmpfs", "secret", "ssh"], ANY, "Where it is mounted."),
    mount(
        "source",
        &["src"],
        &["bind", "cache"],
        ANY,
        "The path in the context, the stage or the image; the root where not given.",
    ),
    mount(
        "from",
        &[],
        &["bind", "cache"],
        Takes::Stage,
        "The stage or image whose files these are. Variables are not expanded here.",
    ),
    mount("rw", &["readwrite"], &["bind"], Takes::Bool, "Lets the command write; what it writes is thrown away."),
    mount("id", &[], &["cache", "secret", "ssh"], ANY, "Its name: of the cache, of the secret, of the agent."),
    mount(
        "sharing",
        &[],
        &["cache"],
        Takes::One(&["shared", "private", "locked"]),
        "What happens when two builds use the cache at once: they share it (the default), get one each, or wait.",
    ),
    mount("ro", &["readonly"], &["cache"], Takes::Bool, "Makes it read only."),
    mount("env", &[], &["secret"], ANY, "The variable that holds the secret, instead of a file or beside it."),
    mount("required", &[], &["secret", "ssh"], Takes::Bool, "Stops the build where it is not given."),
    mount("size", &[], &["tmpfs"], Takes::One(&["64m", "256m", "1g"]), "The most it may hold."),
    mount(
        "mode",
        &[],
        &["cache", "secret", "ssh"],
        Takes::One(&["0400", "0600", "0644", "0755"]),
        "Its permissions, in octal digits.",
    ),
    mount("uid", &[], &["cache", "secret", "ssh"], Takes::One(&["0", "1000"]), "Its owner's number; 0."),
    mount("gid", &[], &["cache", "secret", "ssh"], Takes::One(&["0", "1000"]), "Its group's number; 0."),
];

/// Directories that package managers and compilers use as caches.
pub(super) const CACHES: [(&str, &str); 10] = [
    ("/var/cache/apt", "apt; add `sharing=locked`, and one for `/var/lib/apt`"),
    ("/var/lib/apt", "apt's lists; add `sharing=locked`"),
    ("/var/cache/apk", "apk"),
    ("/root/.npm", "npm"),
    ("/root/.cache/pip", "pip"),
    ("/root/.cache/go-build", "what Go has compiled"),
    ("/go/pkg/mod", "Go modules"),
    ("/usr/local/cargo/registry", "Cargo"),
    ("/root/.m2", "Maven"),
    ("/root/.gradle", "Gradle"),
];

/// The option of this name, in any case.
pub(super) fn mount_option(name: &str) -> Option<&'static MountDoc> {
    let is = |n: &&str| n.eq_ignore_ascii_case(name);
    MOUNT_OPTIONS.iter().find(|o| is(&o.name) || o.aliases.iter().any(is))
}

/// Parser directives with their usual values.
pub(super) const DIRECTIVES: [(&str, &[&str], &str); 3] = [
    (
        "syntax",
        &["docker/dockerfile:1", "docker/dockerfile:1-labs"],
        "The image that reads the file: with `docker/dockerfile:1` always the newest version of the language, whatever builds it. It has to be on the first lines.",
    ),
    (
        "escape",
        &["`", "\\"],
        "The character that lets a line go on in the next and takes the meaning of the next one away: `\\`, or a backquote for paths of Windows.",
    ),
    (
        "check",
        &["skip=", "error=true", "experimental="],
        "Steers BuildKit's checks: `skip=Rule,Rule` turns some off, `error=true` makes the build fail for them, `experimental=Rule` turns some on. Parted by `;`.",
    ),
];

/// Signals that ask a process to stop.
pub(super) const SIGNALS: [(&str, &str); 8] = [
    ("SIGTERM", "the default"),
    ("SIGINT", "as Ctrl-C"),
    ("SIGQUIT", "nginx and php-fpm: finish what has begun"),
    ("SIGHUP", ""),
    ("SIGKILL", "cannot be caught"),
    ("SIGUSR1", ""),
    ("SIGUSR2", ""),
    ("SIGWINCH", "httpd: finish what has begun"),
];

/// Labels with an agreed meaning, without their common beginning.
pub(super) const LABELS: [(&str, &str); 14] = [
    ("title", "The name of the image, for people."),
    ("description", "What is in the image, for people."),
    ("version", "The version of what is in it."),
    ("source", "The address of the source code."),
    ("url", "Where to find out more."),
    ("documentation", "Where the documentation is."),
    ("licenses", "The licences, as an SPDX expression."),
    ("authors", "Who is responsible for it."),
    ("vendor", "Who distributes it."),
    ("revision", "The commit it was built from."),
    ("created", "When it was built, as RFC 3339 writes it."),
    ("ref.name", "The name of the reference that it has."),
    ("base.name", "The image it is based on."),
    ("base.digest", "The digest of the image it is based on."),
];

/// The common beginning of [`LABELS`].
pub(super) const LABEL_PREFIX: &str = "org.opencontainers.image.";

/// Shells as `SHELL` takes them.
pub(super) const SHELLS: [(&str, &str); 6] = [
    (r#"["/bin/sh", "-c"]"#, "the default"),
    (r#"["/bin/bash", "-c"]"#, "bash"),
    (r#"["/bin/bash", "-o", "pipefail", "-c"]"#, "bash; a pipe fails where any part of it does"),
    (r#"["/bin/ash", "-eo", "pipefail", "-c"]"#, "Alpine's shell; a pipe fails where any part of it does"),
    (r#"["powershell", "-Command"]"#, "Windows"),
    (r#"["cmd", "/S", "/C"]"#, "Windows, the default there"),
];

/// Ports that services listen on.
pub(super) const PORTS: [(&str, &str); 9] = [
    ("80", "HTTP"),
    ("443", "HTTPS"),
    ("8080", "HTTP without privileges"),
    ("8443", "HTTPS without privileges"),
    ("3000", "Node.js by habit"),
    ("5432", "PostgreSQL"),
    ("3306", "MySQL"),
    ("6379", "Redis"),
    ("53/udp", "DNS"),
];
