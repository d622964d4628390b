//! The image configuration: OCI's document with Docker's additions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::platform::Platform;

/// An image configuration. Fields this crate does not know are kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Image {
    /// When it was made, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// `MAINTAINER`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// The architecture.
    pub architecture: String,
    /// The architecture's variant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// The operating system.
    pub os: String,
    /// The operating system's version (Windows).
    #[serde(rename = "os.version", skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    /// What a container of it runs.
    pub config: Config,
    /// Its layers.
    pub rootfs: RootFs,
    /// How it was made, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<History>,
    /// Other fields.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Image {
    /// An image with nothing in it.
    pub fn empty(platform: &Platform) -> Self {
        Self {
            architecture: platform.architecture.clone(),
            variant: platform.variant.clone(),
            os: platform.os.clone(),
            os_version: platform.os_version.clone(),
            rootfs: RootFs { kind: "layers".to_owned(), ..RootFs::default() },
            ..Self::default()
        }
    }
}

/// The layers of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RootFs {
    /// `layers`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Digests of the uncompressed layers, lowest first.
    #[serde(default, deserialize_with = "or_default")]
    pub diff_ids: Vec<String>,
}

/// An entry of the history.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    /// When, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// By which instruction.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// By whom.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// A remark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether it made no layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// What a container of the image runs.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Config {
    /// `USER`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// `EXPOSE`: keys such as `80/tcp`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exposed_ports: BTreeMap<String, Value>,
    /// `ENV`: `NAME=value`, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// `ENTRYPOINT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// `CMD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// `VOLUME`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub volumes: BTreeMap<String, Value>,
    /// `WORKDIR`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// `LABEL`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// `STOPSIGNAL`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
    /// Set with `CMD`, for Docker on Windows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub args_escaped: bool,
    /// `HEALTHCHECK`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// `ONBUILD`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on_build: Vec<String>,
    /// `SHELL`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shell: Vec<String>,
    /// Other fields.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// `HEALTHCHECK` in the configuration; durations in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", script]`.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// Between checks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interval: i64,
    /// For one check.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timeout: i64,
    /// At the start, in which failures do not count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_period: i64,
    /// Between checks at the start.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start_interval: i64,
    /// Failures in a row until it is unhealthy.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retries: i64,
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

/// The fields of an object, taken one by one. A `derive` that keeps the other fields costs eight times the code.
struct Fields(Map<String, Value>);

impl Fields {
    /// A field by its name; where it is missing, or `null` as Go writes what is empty, its default.
    #[inline(never)]
    fn take<T: serde::de::DeserializeOwned + Default, E: serde::de::Error>(&mut self, name: &str) -> Result<T, E> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(T::default()),
            Some(value) => T::deserialize(value).map_err(|e| E::custom(format_args!("{name}: {e}"))),
        }
    }
}

impl<'de> Deserialize<'de> for Image {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        fn read<E: serde::de::Error>(mut fields: Fields) -> Result<Image, E> {
            Ok(Image {
                created: fields.take("created")?,
                author: fields.take("author")?,
                architecture: fields.take("architecture")?,
                variant: fields.take("variant")?,
                os: fields.take("os")?,
                os_version: fields.take("os.version")?,
                config: fields.take("config")?,
                rootfs: fields.take("rootfs")?,
                history: fields.take("history")?,
                other: fields.0,
            })
        }
        read(Fields(Map::deserialize(from)?))
    }
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        fn read<E: serde::de::Error>(mut fields: Fields) -> Result<Config, E> {
            Ok(Config {
                user: fields.take("User")?,
                exposed_ports: fields.take("ExposedPorts")?,
                env: fields.take("Env")?,
                entrypoint: fields.take("Entrypoint")?,
                cmd: fields.take("Cmd")?,
                volumes: fields.take("Volumes")?,
                working_dir: fields.take("WorkingDir")?,
                labels: fields.take("Labels")?,
                stop_signal: fields.take("StopSignal")?,
                args_escaped: fields.take("ArgsEscaped")?,
                healthcheck: fields.take("Healthcheck")?,
                on_build: fields.take("OnBuild")?,
                shell: fields.take("Shell")?,
                other: fields.0,
            })
        }
        read(Fields(Map::deserialize(from)?))
    }
}

/// `null` for what is empty, as Go writes it.
fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(d: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(d)?.unwrap_or_default())
}
